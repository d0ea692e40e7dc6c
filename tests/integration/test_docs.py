"""What the documents say of the broker is so."""

import re

from harness import paths


def test_compatibility_lists_the_apis_and_versions_that_are_advertised(sides):
    table = (paths.REPOSITORY / "docs/compatibility.md").read_text()
    rows = re.findall(r"^\| (\w+) \| (\d+)(?:-(\d+))? \|", table, re.M)
    documented = {name: (low, high or low) for name, low, high in rows}
    answer = sides[0].tool("kafka-broker-api-versions")["out"]
    found = re.findall(r"^\t(\w+)\(\d+\): (\d+)(?: to (\d+))? \[", answer, re.M)
    advertised = {name: (low, high or low) for name, low, high in found}
    assert len(documented) == len(rows)
    assert documented == advertised


def test_every_promise_of_reliability_names_tests_that_exist():
    promises = (paths.REPOSITORY / "docs/reliability.md").read_text()
    named = re.findall(r"`(tests/[\w/.]+)::(\w+)`", promises)
    assert len(named) >= 10
    missing = [f"{path}::{test}" for path, test in named if test not in (paths.REPOSITORY / path).read_text()]
    assert not missing
