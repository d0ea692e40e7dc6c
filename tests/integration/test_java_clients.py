"""Kafka's own Java clients: each scenario of java/ prints its steps, and both brokers must give the same ones."""

import pytest

from harness.compare import Pair

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
    "group-eager",
    "group-cooperative",
    "group-static",
    "group-commits",
    "group-admin",
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


def test_a_group_waits_for_more_members_first(make_broker, sides):
    """As Kafka begins a group unless it is told otherwise; the other tests tell it, or they would wait for it."""
    pair = Pair.started(make_broker, sides, {"group.initial.rebalance.delay.ms": 500})
    assert pair.same(lambda side: side.clients("group-eager"))


# Milena starts without a configuration file, so these have defaults of their own; see docs/decisions.md.
OWN_DEFAULTS = {
    "controller.listener.names",
    "log.dir",
    "node.id",
    "process.roles",
    "socket.receive.buffer.bytes",
    "socket.listen.backlog.size",
    "socket.send.buffer.bytes",
}
# Kafka can't change it without a restart any more.
OWN_MODES = {"advertised.listeners"}


def test_every_broker_setting_has_the_value_and_the_description_that_kafka_gives(both):
    milena, kafka = both.answers(
        lambda side: {step["step"]: step["value"] for step in side.clients("admin-broker-configs")}
    )
    unknown = set(milena) - set(kafka)
    assert all(name.startswith("milena.") for name in unknown), unknown
    different = {name: (milena[name], kafka[name]) for name in kafka if milena.get(name) != kafka[name]}
    assert set(different) <= OWN_DEFAULTS | OWN_MODES, different
