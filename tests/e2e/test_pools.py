"""Controllers of their own, brokers of two pools, several volumes, a maintenance window, a listener that comes later,
and topics of other namespaces."""

import datetime
import json

import kube
from clusters import LISTENERS, Cluster, consume, produce, topic_condition, wait_for_topic
from conftest import forget_namespace, make_test_namespace
from harness.tools import alone

CONTROLLERS = {
    "name": "controllers",
    "roles": ["Controller"],
    "firstNodeId": 1000,
    "replicas": 3,
    "storage": {"size": "1Gi", "deletionPolicy": "Delete"},
}
ARCHIVE = {**CONTROLLERS, "name": "archive", "roles": ["Broker"], "firstNodeId": 2000, "replicas": 1}
VOLUMES = {"size": None, "volumes": [{"name": "first", "size": "1Gi"}, {"name": "second", "size": "1Gi"}]}


def window(begins_in):
    """An hour that begins so many minutes from now, by the API server's clock, which is this machine's."""
    begin = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=begins_in)
    return [{"start": f"{begin:%H:%M}", "durationMinutes": 60}]


def directories(cluster):
    """broker → how many log directories it has, by Kafka's own tool"""
    said = alone("kafka-log-dirs", "--bootstrap-server", cluster.bootstrap(), "--describe")
    found = json.loads(said["out"].splitlines()[-1])
    return {one["broker"]: len(one["logDirs"]) for one in found["brokers"]}


def test_pools_volumes_and_a_listener_that_waits_for_its_window(namespace):
    cluster = Cluster(
        namespace,
        replicas=2,
        brokers={"storage": VOLUMES},
        nodePools=[CONTROLLERS, ARCHIVE],
        listeners=LISTENERS[:1],
        maintenanceWindows=window(360),
    )
    cluster.apply().settle()
    pods = cluster.pods()
    nodes = [*(f"brokers-{i}" for i in range(2)), *(f"controllers-{i}" for i in range(1000, 1003)), "archive-2000"]
    assert sorted(pods) == sorted(f"demo-{node}" for node in nodes)
    assert len(cluster.claims()) == 2 * 2 + 3 + 1
    assert cluster.resource()["status"]["controllers"] == "1000,1001,1002"

    cluster.apply(listeners=LISTENERS)
    cluster.wait("Reconciling", said="maintenance window")
    assert cluster.pods() == pods
    watch = cluster.watched()
    cluster.apply(maintenanceWindows=window(-5)).settle(300)
    watch.stop()
    assert watch.unready_max == 1 and set(watch.order) == set(pods)
    cluster.topic("spread", partitions=6)
    wait_for_topic(cluster, "spread")
    records = [str(number) for number in range(100)]
    produce(cluster.bootstrap(), "spread", records)
    assert sorted(consume(cluster.bootstrap(), "spread"), key=int) == records
    assert directories(cluster) == {0: 2, 1: 2, 2000: 1}

    another = make_test_namespace("topics of another namespace")
    try:
        guest = Cluster(another, "demo")  # only a name and a namespace
        guest.topic("guest", partitions=1, clusterRef={"namespace": namespace})
        wait_for_topic(guest, "guest", "False", "NamespaceNotAllowed")
        cluster.apply(topicNamespaces=[another])
        wait_for_topic(guest, "guest")
        guest.forget_topic("guest")
        assert topic_condition(guest, "guest", "Ready")[0] == "Unknown", "it is gone"
    finally:
        forget_namespace(another)
