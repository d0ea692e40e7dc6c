"""How fast and how small, as docs promise it; each prints what it has measured."""

import datetime
import json
import time

import kube
from clusters import live_setting, wait_for_topic
from conftest import SYSTEM

MIB = 1 << 20


def seconds_since_epoch(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def operator_memory():
    """What the kubelet has counted for its container."""
    (pod,) = kube.listed("pods", SYSTEM, "app.kubernetes.io/name=milena-operator")
    node, name = pod["spec"]["nodeName"], pod["metadata"]["name"]
    summary = json.loads(kube.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
    (found,) = [one for one in summary["pods"] if one["podRef"]["name"] == name]
    return found["containers"][0]["memory"]["rssBytes"]


def test_an_idle_operator_is_small(cluster):
    memory = operator_memory()
    print(f"operator: {memory / MIB:.1f} MiB")
    assert memory < 32 * MIB


def test_a_change_is_seen_within_a_second(cluster):
    begin = time.monotonic()
    cluster.apply(config=live_setting())
    sent = time.monotonic()
    kube.wait_until("the new generation", lambda: cluster.is_processed(cluster.resource()), 10)
    seconds = time.monotonic() - begin
    print(f"seen {seconds:.2f} s after the command began, {time.monotonic() - sent:.2f} s after it ended")
    assert time.monotonic() - sent < 1


def test_a_thousand_topics_are_ready_within_15_seconds(cluster):
    count = 1000
    spec = {"clusterRef": {"name": cluster.name}, "partitions": 1, "replicationFactor": 1, "deletionPolicy": "Delete"}
    kube.apply(
        *(
            {
                "apiVersion": "milena.dev/v1alpha1",
                "kind": "KafkaTopic",
                "metadata": {"name": f"many-{number}", "namespace": cluster.namespace},
                "spec": spec,
            }
            for number in range(count)
        )
    )
    for number in (0, count - 1):
        wait_for_topic(cluster, f"many-{number}")

    def ready():
        topics = kube.listed("kafkatopics", cluster.namespace)
        return len(topics) == count and all(kube.condition(one, "Ready")[0] == "True" for one in topics) and topics

    topics = kube.wait_until("all of them ready", ready, 120)
    last_created = max(seconds_since_epoch(one["metadata"]["creationTimestamp"]) for one in topics)
    last_ready = max(
        seconds_since_epoch(condition["lastTransitionTime"])
        for one in topics
        for condition in one["status"]["conditions"]
        if condition["type"] == "Ready"
    )
    memory = operator_memory()
    print(f"ready {last_ready - last_created:.0f} s after the last was made; operator: {memory / MIB:.1f} MiB")
    assert last_ready - last_created <= 15
