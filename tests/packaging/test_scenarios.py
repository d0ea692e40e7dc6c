"""Every scenario that the operator must pass has a test with its id in its name: of the planner, of the whole operator
against the fake API server, or end to end."""

import re

import monitoring
import pytest

TESTS = monitoring.ROOT / "tests"
SCENARIOS = [
    *(f"A{i}" for i in range(1, 23)),
    "B",
    *(f"C{i}" for i in (*range(1, 11), 12)),
    *(f"D{i}" for i in (*range(1, 7), 8, 9)),
    *(f"E{i}" for i in (*range(1, 7), 10)),
    "F",
    "G",
    "H",
]


def names():
    """Of all tests of the operator: those of GoogleTest by suite and name, those of pytest."""
    for directory in ("unit/operator", "operator"):
        for path in sorted((TESTS / directory).rglob("*.cc")):
            for suite, name in re.findall(r"\bTEST(?:_F|_P)?\((\w+), (\w+)\)", path.read_text()):
                yield suite
                yield name
    for path in sorted((TESTS / "e2e").glob("test_*.py")):
        yield from re.findall(r"\bdef test_(\w+)\(", path.read_text())
        yield from re.findall(r'^    "([a-h]\d+_\w+)": ', path.read_text(), re.M)


def shown():
    """The ids that names begin with; several may stand one after another: d1_d2_…"""
    ids = set()
    for name in names():
        for word in name.split("_"):
            if not re.fullmatch(r"[A-Ha-h]\d{0,2}", word):
                break
            ids.add(word.upper())
    return ids


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_has_a_test(scenario):
    assert scenario in shown()
