"""How fast and how small, as docs promise it; each prints what it has measured. `make e2e ARGS='-m figures'`."""

import collections
import datetime
import json
import re
import time

import kube
import pytest
from clusters import live_setting, wait_for_topic
from conftest import SYSTEM

pytestmark = pytest.mark.figures
MIB = 1 << 20


def seconds_since_epoch(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def operator_pod():
    (pod,) = kube.listed("pods", SYSTEM, "app.kubernetes.io/name=milena-operator")
    return pod


def operator_memory():
    """What the kubelet has counted for its container."""
    pod = operator_pod()
    node, name = pod["spec"]["nodeName"], pod["metadata"]["name"]
    summary = json.loads(kube.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
    (found,) = [one for one in summary["pods"] if one["podRef"]["name"] == name]
    return found["containers"][0]["memory"]["rssBytes"]


def operator_requests():
    """{(verb, kind): how many it has sent to the API server}"""
    name = operator_pod()["metadata"]["name"]
    text = kube.kubectl("get", "--raw", f"/api/v1/namespaces/{SYSTEM}/pods/{name}:8080/proxy/metrics")
    counts = collections.Counter()
    for verb, kind, count in re.findall(
        r'^milena_operator_requests_total{verb="(\w+)",kind="(\w+)",status="\d+"} (\d+)$', text, re.MULTILINE
    ):
        counts[verb, kind] += int(count)
    assert counts["watch", "KafkaCluster"] > 0, text
    return counts


def test_an_idle_operator_is_small_and_asks_for_nothing(cluster):
    """But for watches, each of which ends after five minutes, and its lease."""

    def half_a_minute():
        before = operator_requests()
        time.sleep(30)
        sent = operator_requests() - before
        return sent if all(verb == "watch" or kind == "Lease" for verb, kind in sent) else None

    # The tests before may have left something to do.
    sent = kube.wait_until("half a minute in which it asks for nothing", half_a_minute, 180)
    memory = operator_memory()
    print(f"operator: {memory / MIB:.1f} MiB; in half a minute it has sent {dict(sent)}")
    assert memory < 32 * MIB
    assert any(kind == "Lease" for _, kind in sent)


def test_a_change_is_seen_within_a_second(cluster):
    begin = time.monotonic()
    cluster.apply(config=live_setting())
    sent = time.monotonic()
    kube.wait_until("the new generation", lambda: cluster.is_processed(cluster.resource()), 10)
    seconds = time.monotonic() - begin
    print(f"seen {seconds:.2f} s after the command began, {time.monotonic() - sent:.2f} s after it ended")
    assert time.monotonic() - sent < 1


def apply_topics(cluster, count):
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
        ),
        seconds=600,
    )


def created_at(topic):
    return seconds_since_epoch(topic["metadata"]["creationTimestamp"])


def ready_at(topic):
    """By what the operator has written down: whole seconds, as when it was created."""
    (ready,) = [one for one in topic["status"]["conditions"] if one["type"] == "Ready"]
    return seconds_since_epoch(ready["lastTransitionTime"])


@pytest.mark.parametrize("count", [1000, 10_000])
def test_many_topics_are_ready_soon_with_few_writes(own_cluster, count):
    before = operator_requests()
    apply_topics(own_cluster, count)
    for number in (0, count - 1):
        wait_for_topic(own_cluster, f"many-{number}")

    def ready():
        topics = kube.listed("kafkatopics", own_cluster.namespace)
        return len(topics) == count and all(kube.condition(one, "Ready")[0] == "True" for one in topics) and topics

    topics = kube.wait_until("all of them ready", ready, 300)
    last_created, last_ready = max(map(created_at, topics)), max(map(ready_at, topics))
    took = sorted(ready_at(one) - created_at(one) for one in topics)
    sent = operator_requests() - before
    written = {kind: 0 for _, kind in sent}
    for (verb, kind), number in sent.items():
        written[kind] += 0 if verb in ("get", "list", "watch") else number
    memory = operator_memory()
    print(
        f"{count} topics: ready {last_ready - last_created:.0f} s after the last was made, of each "
        f"{took[len(took) // 2]:.0f} s (p50) {took[len(took) * 95 // 100]:.0f} s (p95) after it was; "
        f"{written['KafkaTopic'] / count:.3f} writes each (of all kinds: {written}); operator: {memory / MIB:.1f} MiB"
    )
    assert last_ready - last_created <= 15
    assert written["KafkaTopic"] <= 3 * count
    assert memory < 64 * MIB
