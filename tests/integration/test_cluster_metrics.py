"""What the active controller and the disks tell Prometheus of a cluster."""

import re

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from harness.cluster import admin
from harness.process import until

VICTIM = 2


def samples(node, name):
    """Labels → value."""
    found = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", node.http("/metrics")[1], re.M)
    return {labels: float(value) for labels, value in found}


def told(cluster, name):
    """By the active controller, and by nobody else."""
    every = [samples(node, name) for node in cluster.nodes if node.is_up()]
    every = [each for each in every if each]
    return every[0] if len(every) == 1 else None


def test_offline_partitions_and_what_blocks_a_restart(cluster):
    topics = [
        NewTopic("orders", 4, 3, config={"min.insync.replicas": "2"}),
        NewTopic("solo", 3, replica_assignment=[[VICTIM]] * 3),
    ]
    client = admin(cluster.node(1))
    for future in client.create_topics(topics).values():
        future.result(20)
    nothing = {f'broker="{node.node_id}"': 0 for node in cluster.nodes}
    until(lambda: told(cluster, "milena_restart_blocking_partitions") == nothing, "nothing blocks a restart")
    assert told(cluster, "milena_offline_partitions") == {"": 0}
    cluster.node(VICTIM).kill()
    until(lambda: told(cluster, "milena_offline_partitions") == {"": 3}, "three partitions are offline")
    blocked = {f'broker="{node.node_id}"': 4 for node in cluster.nodes if node.node_id != VICTIM}
    until(
        lambda: blocked.items() <= (told(cluster, "milena_restart_blocking_partitions") or {}).items(),
        "the others are needed",
    )
    cluster.node(VICTIM).start()
    until(lambda: told(cluster, "milena_restart_blocking_partitions") == nothing, "nothing blocks a restart again", 30)
    assert told(cluster, "milena_offline_partitions") == {"": 0}


def test_each_log_directory_has_a_size_and_room(cluster):
    for node in cluster.nodes:
        total = samples(node, "milena_log_directory_total_bytes")
        usable = samples(node, "milena_log_directory_usable_bytes")
        assert total.keys() == usable.keys() == {f'directory="{node.data}"'}
        assert all(0 < usable[each] <= total[each] for each in total)


def test_every_node_tells_of_its_part_in_the_quorum(cluster):
    def raft(node, name):
        return samples(node, f"milena_raft_{name}")

    leader = cluster.controller()
    for node in cluster.nodes:
        role = "leader" if node == leader else "follower"
        until(lambda: raft(node, "leader") == {"": leader.node_id}, f"node {node.node_id} knows the leader")
        assert {name for name, value in raft(node, "role").items() if value == 1} == {f'role="{role}"'}
        assert raft(node, "epoch") == raft(leader, "epoch")
        assert raft(node, "awaits_log") == {"": 0}
        assert 0 < raft(node, "high_watermark")[""] <= raft(node, "log_end")[""]
    nothing = {f'voter="{node.node_id}"': 0 for node in cluster.nodes}
    until(lambda: raft(leader, "voter_lag_records") == nothing, "all voters have everything")
    behind = cluster.others(leader)[0]
    assert raft(behind, "voter_lag_records") == {}

    behind.kill()
    client = admin(leader)
    client.create_topics([NewTopic("later", 1, 1)])["later"].result(20)
    until(
        lambda: raft(leader, "voter_lag_records")[f'voter="{behind.node_id}"'] > 0,
        "who is down falls behind",
    )


def test_elections_are_counted_by_kind(cluster):
    def counted():
        every = [samples(node, "milena_leader_elections_total") for node in cluster.nodes if node.is_up()]
        return {kind: sum(each[f'kind="{kind}"'] for each in every) for kind in ("preferred", "clean", "unclean")}

    leader = cluster.controller()
    fallen, other = cluster.others(leader)
    topics = [
        NewTopic("led", 3, replica_assignment=[[fallen.node_id, other.node_id]] * 3),
        NewTopic("alone", 1, replica_assignment=[[fallen.node_id]]),
    ]
    client = admin(leader)
    for future in client.create_topics(topics).values():
        future.result(20)
    assert counted() == {"preferred": 0, "clean": 0, "unclean": 0}
    fallen.kill()
    until(lambda: counted() == {"preferred": 0, "clean": 3, "unclean": 0}, "the others lead")


def test_streams_of_replicas_tell_how_far_they_are(cluster):
    leader, *followers = cluster.nodes
    client = admin(leader)
    copied = NewTopic("copied", 1, replica_assignment=[[node.node_id for node in cluster.nodes]])
    client.create_topics([copied])["copied"].result(20)
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})
    for _ in range(100):
        producer.produce("copied", b"x" * 1000)
    assert producer.flush(30) == 0

    def by(node, name, peer):
        """Of all shards."""
        found = {}
        for labels, value in samples(node, f"milena_replication_{name}").items():
            other = int(re.search(rf'{peer}="(\d+)"', labels)[1])
            found[other] = found.get(other, 0) + value
        return found

    sent = by(leader, "sent_bytes_total", "follower")
    assert all(sent[node.node_id] >= 100_000 for node in followers)
    assert all(window > 0 for window in by(leader, "window_bytes", "follower").values())
    for node in followers:
        assert by(node, "received_bytes_total", "leader")[leader.node_id] >= 100_000
        until(lambda: by(node, "waiting_bytes", "leader")[leader.node_id] == 0, "everything is taken in")
    until(lambda: sum(samples(leader, "milena_replica_lag_bytes").values()) == 0, "nobody is behind")

    followers[0].kill()
    for _ in range(100):
        producer.produce("copied", b"x" * 1000)
    assert producer.flush(30) == 0
    behind = max(samples(leader, "milena_replica_max_lag_bytes").values())
    assert 100_000 <= behind < 150_000, behind


EVERYWHERE = [[1, 2, 3], [2, 3, 1], [3, 1, 2]]


@pytest.mark.parametrize("replicas", [EVERYWHERE, [[1], [2], [3]]], ids=["everywhere", "on_one_broker_each"])
def test_lag_of_a_group_is_told_wherever_its_partitions_are(cluster, replicas):
    client = admin(cluster.node(1))
    spread = NewTopic("read", 3, replica_assignment=replicas)
    client.create_topics([spread])["read"].result(20)
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})
    for index in range(300):
        producer.produce("read", b"x", partition=index % 3)
    assert producer.flush(30) == 0
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "readers"})
    consumer.commit(offsets=[TopicPartition("read", index, 60) for index in range(3)], asynchronous=False)
    consumer.close()

    def lags(kind="records"):
        found = {}
        for node in cluster.nodes:
            for labels, value in samples(node, f"milena_consumer_lag_{kind}").items():
                partition = int(re.search(r'partition="(\d+)"', labels)[1])
                assert partition not in found, "two nodes tell of it"
                found[partition] = value
        return found

    until(lambda: lags() == {0: 40, 1: 40, 2: 40}, "the lag of all partitions is told")
    until(lambda: all(0 < lags("seconds").get(index, 0) < 60 for index in range(3)), "and how old it is")
