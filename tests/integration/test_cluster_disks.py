"""What brokers store becomes even, also where they have equally many partitions."""

import re

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

from harness.cluster import Cluster, admin, serving
from harness.milena_admin import YES, Admin
from harness.process import until

MEGABYTE = 1_000_000
BALANCED = "the brokers are balanced: nothing moves\n"
SETTINGS = {
    "milena.balancer.mode": "off",
    "milena.balancer.report.interval.ms": 500,
    "milena.balancer.disk.tolerance.bytes": MEGABYTE,
}


@pytest.fixture
def cluster(run_directory, request):
    settings = getattr(request, "param", SETTINGS)
    with serving(Cluster(run_directory / request.node.originalname, settings=settings)) as made:
        yield made


def create_on(node, name, brokers):
    """A topic with one replica of each partition, on these brokers."""
    topic = NewTopic(name, len(brokers), replica_assignment=[[broker] for broker in brokers])
    client = admin(node)
    client.create_topics([topic])[name].result(20)


def fill(node, name, partitions, bytes_each):
    producer = Producer({"bootstrap.servers": node.bootstrap, "acks": "all"})
    value = bytes(10_000)
    for partition in range(partitions):
        for _ in range(bytes_each // len(value)):
            producer.produce(name, value, partition=partition)
    assert producer.flush(60) == 0


def stored(node):
    """Bytes of the logs that are there and won't be removed."""
    logs = [path for path in node.data.glob("*/*.log") if not path.parent.name.endswith(("-delete", "-stray"))]
    return sum(path.stat().st_size for path in logs if not path.parent.name.startswith("__cluster_metadata"))


def test_large_partitions_change_places_with_small_ones_and_the_plan_says_why(cluster):
    ask = Admin(cluster)
    create_on(cluster.node(1), "large", [1, 2] * 6)
    create_on(cluster.node(1), "small", [3] * 6)
    fill(cluster.node(1), "large", 12, 2 * MEGABYTE)
    plans = []

    def is_planned():
        plans.append(ask("rebalance", "--dry-run").stdout)
        return re.search(r"^large-\d+ +[12] -> 3 +broker [12] stores 12.\d MB, broker 3 0 B$", plans[-1], re.M)

    until(is_planned, "large ones are to go to broker 3", 30)
    assert re.search(r"^small-\d +3 -> [12] +in exchange for large-\d+: broker [12] stores ", plans[-1], re.M)
    assert stored(cluster.node(3)) == 0, "it was only asked"
    assert ask("rebalance").returncode == YES
    until(
        lambda: all(7 * MEGABYTE < stored(node) < 9 * MEGABYTE for node in cluster.nodes)
        and ask("rebalance", "--dry-run").stdout == BALANCED,
        "all three store as much",
        60,
    )
    places = [
        one.replicas[0]
        for topic in ("large", "small")
        for one in admin(cluster.node(1)).list_topics(topic, timeout=5).topics[topic].partitions.values()
    ]
    assert [places.count(broker) for broker in (1, 2, 3)] == [6, 6, 6]


def knows_what_is_stored(ask):
    """Of every broker, by the active controller."""
    rows = [row for row in ask("health").stdout.splitlines()[1:] if " active " in row]
    return len(rows) > 1 and all(re.search(r" \d+ +[\d.]+ k?M?B +\d+ +[\d.]+ k?M?B/s ", row) for row in rows)


@pytest.mark.parametrize("cluster", [{"milena.balancer.report.interval.ms": 3_600_000}], indirect=True, ids=["hourly"])
def test_next_controller_is_told_at_once_what_brokers_store(cluster):
    ask = Admin(cluster)
    create_on(cluster.node(1), "some", [1, 2, 3])
    fill(cluster.node(1), "some", 3, MEGABYTE)
    until(lambda: knows_what_is_stored(ask), "the controller was told, a few seconds after the start", 20)
    cluster.controller().kill()
    until(lambda: ask("health").stdout.count(" fenced ") == 1, "the next controller sees that one is gone", 20)
    until(lambda: knows_what_is_stored(ask), "the next controller was told", 10)
