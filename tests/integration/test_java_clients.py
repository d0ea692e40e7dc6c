"""Kafka's own Java clients: each scenario of java/ prints its steps, and both brokers must give the same ones."""

import pytest

SCENARIOS = [
    "produce-settings",
    "produce-records",
    "produce-refusals",
    "produce-timestamps",
    "consume-seek",
    "consume-times",
    "consume-sizes",
    "consume-metadata",
    "consume-many-partitions",
    "admin-create",
    "admin-delete",
    "admin-partitions",
    "admin-cluster",
    "admin-offsets",
    "admin-records",
    "admin-alter-configs",
    "admin-describe-configs",
    "admin-list-config-resources",
]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario_has_the_same_steps(both, scenario):
    steps = both.same(lambda side: side.clients(scenario))
    assert steps


def test_every_broker_setting_has_the_value_and_the_description_that_kafka_gives(both):
    """Milena may leave out what it doesn't have; docs/decisions.md gives the reason for a default that differs."""
    milena, kafka = both.answers(
        lambda side: {step["step"]: step["value"] for step in side.clients("admin-broker-configs")}
    )
    unknown = set(milena) - set(kafka)
    assert all(name.startswith("milena.") for name in unknown), unknown
    different = {name: (milena[name], kafka[name]) for name in milena if name in kafka and milena[name] != kafka[name]}
    assert not different
