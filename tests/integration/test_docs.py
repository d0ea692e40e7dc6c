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
