"""What the documents say of the broker is so."""

import re

import pytest

from harness import compatibility, paths, tools


def test_compatibility_lists_the_apis_and_versions_that_are_advertised(sides):
    table = (paths.REPOSITORY / "docs/compatibility.md").read_text()
    rows = re.findall(r"^\| (\w+(?:, \w+)*) \| (\d+)(?:-(\d+))? \|", table, re.M)
    listed = [(name, (low, high or low)) for names, low, high in rows for name in names.split(", ")]
    documented = dict(listed)
    answer = sides[0].tool("kafka-broker-api-versions")["out"]
    found = re.findall(r"^\t(\w+)\(\d+\): (\d+)(?: to (\d+))? \[", answer, re.M)
    advertised = {name: (low, high or low) for name, low, high in found}
    assert len(documented) == len(listed)
    assert documented == advertised


def test_every_promise_of_reliability_names_tests_that_exist():
    promises = (paths.REPOSITORY / "docs/reliability.md").read_text()
    named = re.findall(r"`(tests/[\w/.]+)::(\w+)`", promises)
    assert len(named) >= 10
    missing = [f"{path}::{test}" for path, test in named if test not in (paths.REPOSITORY / path).read_text()]
    assert not missing


ROWS_OF_FAULTS = {*range(1, 13), *range(14, 19), *range(20, 31), 33, *range(36, 41), 45, 46}

NOT_YET = set()  # what they are about can't be done with Milena so far; the rows say so


def names_of(cell):
    """What a cell of the table of faults names: kinds of fault of the simulator; files, each perhaps with a test."""
    return re.findall(r"`sim: ([\w -]+)`", cell), re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?`", cell)


def test_every_fault_is_shown_by_the_simulator_or_by_real_processes():
    promises = (paths.REPOSITORY / "docs/reliability.md").read_text()
    rows = re.findall(r"^\| (\d+) \|[^|]*\|[^|]*\|([^|]*)\|([^|]*)\|$", promises, re.M)
    assert {int(number) for number, *_ in rows} == ROWS_OF_FAULTS and len(rows) == len(ROWS_OF_FAULTS)
    kinds = set(re.findall(r'\{"([^"]+)", &Faults::', (paths.REPOSITORY / "tests/sim/cluster/faults.cc").read_text()))
    for number, simulated, real in rows:
        faults, tests = names_of(simulated + real)
        assert set(faults) <= kinds, f"row {number}: the simulator knows no {sorted(set(faults) - kinds)}"
        for path, test in tests:
            named = re.compile(rf"\b{test}\(|\b{test}\)")
            file = paths.REPOSITORY / path
            found = file.exists() and (not test or named.search(file.read_text()))
            assert found, f"row {number}: there is no {path}::{test}"
        shown = [path for path, _ in tests if path.startswith(("tests/sim/", "tests/integration/", "tests/faults/"))]
        if int(number) in NOT_YET:
            assert not faults and not shown and simulated.strip() == real.strip() == "not yet", f"row {number}"
        else:
            assert faults or shown, f"row {number} is shown by nothing"


def test_compatibility_lists_the_tools_that_the_tests_run():
    """`tests/integration/compatibility.py` writes it. More tests than it names may run a tool, but all of those do."""
    rows = [re.findall(r"[\w.-]+", line) for line in compatibility.documented("tools")]
    run_by = compatibility.tools_in_tests(tools.MAINS)
    assert [tool for tool, *_ in rows] == sorted(run_by)
    assert all(tests and set(tests) <= run_by[tool] for tool, *tests in rows)


@pytest.mark.last
def test_compatibility_lists_the_clients_whose_script_has_passed():
    assert compatibility.client_rows(compatibility.shown()[0]) == compatibility.documented("clients")


@pytest.mark.last
def test_every_tool_that_compatibility_lists_has_been_run():
    assert set(compatibility.tools_in_tests(tools.MAINS)) <= compatibility.shown()[1]
