"""What three brokers promise together: what was acknowledged with acks=all outlives any of them."""

import random
import signal
import time

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from harness.cluster import admin
from harness.load import Load, count_faults
from harness.process import until
from test_cluster import create

PARTITIONS = 6


def partitions(node, topic):
    return admin(node).list_topics(topic, timeout=5).topics[topic].partitions


def all_in_sync(cluster, topic, count=3):
    living = next(node for node in cluster.nodes if node.process.is_alive())
    until(
        lambda: all(len(one.isrs) == count for one in partitions(living, topic).values()),
        f"{count} replicas of {topic} in sync",
        30,
    )


def is_led(node, topic):
    return all(one.leader >= 0 for one in partitions(node, topic).values())


class UnderLoad:
    """Two idempotent producers, and in the end the comparison of what they know with what is there."""

    def __init__(self, cluster, topic, kind=Load):
        self.cluster, self.topic = cluster, topic
        create(cluster.node(1), topic, PARTITIONS, 3)
        all_in_sync(cluster, topic)
        self.loads = [kind(cluster.bootstrap, topic, PARTITIONS, number) for number in range(2)]

    def __enter__(self):
        for load in self.loads:
            load.start()
        self.makes_progress(500)
        return self

    def makes_progress(self, records=2000, deadline_s=40):
        before = [load.acknowledged for load in self.loads]
        until(
            lambda: any(load.failures for load in self.loads)
            or all(load.acknowledged > count + records for load, count in zip(self.loads, before)),
            "both producers make progress",
            deadline_s,
        )
        assert not any(load.failures for load in self.loads), [load.failures[:3] for load in self.loads]

    def __exit__(self, kind, *_):
        for load in self.loads:
            load.stopping.set()
        if kind is not None:
            return
        for load in self.loads:
            load.stop()
        all_in_sync(self.cluster, self.topic)
        acknowledged = sum(load.acknowledged for load in self.loads)
        counts, examples = count_faults(self.cluster.bootstrap, self.loads)
        assert counts.pop("records") == acknowledged and not any(counts.values()), (counts, examples)


def test_records_are_on_all_replicas_and_outlive_their_leader(cluster):
    with UnderLoad(cluster, "copied") as load:
        pass
    leader = cluster.node(partitions(cluster.node(1), "copied")[0].leader)
    leader.kill()
    rest = next(node for node in cluster.nodes if node is not leader)
    until(lambda: is_led(rest, "copied") and leader.node_id not in
          {one.leader for one in partitions(rest, "copied").values()}, "the others lead", 15)
    counts, examples = count_faults(rest.bootstrap, load.loads)
    assert counts.pop("records") and not any(counts.values()), (counts, examples)


@pytest.mark.parametrize("victim", ["leader", "controller", "any"])
def test_nothing_acknowledged_is_lost_when_brokers_are_killed_one_after_the_other(cluster, victim):
    with UnderLoad(cluster, "killed") as load:
        for _ in range(3):
            chosen = {
                "leader": lambda: partitions(cluster.node(1), "killed")[0].leader,
                "controller": lambda: cluster.controller().node_id,
                "any": lambda: random.randint(1, 3),
            }[victim]()
            cluster.node(chosen).kill()
            load.makes_progress()
            cluster.node(chosen).start()
            all_in_sync(cluster, "killed")
            load.makes_progress()


def test_nothing_acknowledged_is_lost_when_all_are_killed_at_once(cluster):
    with UnderLoad(cluster, "all") as load:
        for _ in range(2):
            for node in cluster.nodes:
                node.kill()
            cluster.start()
            load.makes_progress()
            all_in_sync(cluster, "all")


def test_leader_that_stood_still_finds_another_one_in_its_place(cluster):
    with UnderLoad(cluster, "still") as load:
        leader = cluster.node(partitions(cluster.node(1), "still")[0].leader)
        leader.process.popen.send_signal(signal.SIGSTOP)
        time.sleep(12)  # beyond broker.session.timeout.ms
        leader.process.popen.send_signal(signal.SIGCONT)
        load.makes_progress()


def test_deletion_of_records_is_over_when_all_copies_have_followed(cluster):
    create(cluster.node(1), "cut", 1, 3)
    all_in_sync(cluster, "cut")
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all", "log_level": 2})
    for _ in range(10):
        producer.produce("cut", b"x", partition=0)
    assert producer.flush(20) == 0
    leader = partitions(cluster.node(1), "cut")[0].leader
    client = admin(cluster.node(leader))
    asleep = next(node for node in cluster.nodes if node.node_id != leader and not node.is_controller())

    def delete(before, seconds):
        asked = TopicPartition("cut", 0, before)
        return client.delete_records([asked], operation_timeout=seconds)[asked].result(20).low_watermark

    asleep.process.popen.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(KafkaException) as refused:
            delete(5, 1)
        assert refused.value.args[0].code() == KafkaError.REQUEST_TIMED_OUT
    finally:
        asleep.process.popen.send_signal(signal.SIGCONT)
    assert delete(5, 10) == 5
    assert delete(7, 10) == 7
