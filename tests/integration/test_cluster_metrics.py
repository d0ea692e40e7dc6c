"""What the active controller and the disks tell Prometheus of a cluster."""

import re

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
