"""Brokers that are told to stop: one hands over what it leads; who is left without a quorum doesn't wait for one."""

import time

import pytest

from harness import records
from harness.cluster import admin
from harness.process import until
from test_cluster import create, partitions
from test_cluster_replication import all_in_sync

PARTITIONS = 6
PATIENCE_S = 12  # of a broker with a quorum: 20
NOT_HANDED_OVER = "broker leaves without having handed over"


def fill(cluster):
    create(cluster.node(1), "kept", PARTITIONS, 3)
    rows = ((number % PARTITIONS, b"key", b"%d" % number, None, 1000 + number) for number in range(600))
    records.produce(cluster.bootstrap, "kept", rows, enable_idempotence=True)
    all_in_sync(cluster, "kept")
    return records.read_all(cluster.bootstrap, "kept", PARTITIONS)


def leaders(node):
    return {part.leader for part in partitions(admin(node), "kept")}


def is_all_there(cluster, before):
    until(lambda: -1 not in leaders(cluster.node(1)), "all partitions are led again", 30)
    assert records.read_all(cluster.bootstrap, "kept", PARTITIONS) == before
    all_in_sync(cluster, "kept")


def test_all_of_them_at_once_and_nothing_is_lost(cluster):
    before = fill(cluster)
    begin = time.monotonic()
    for node in cluster.nodes:
        node.process.popen.terminate()
    assert [node.stop()[0] for node in cluster.nodes] == [0, 0, 0]
    seconds = time.monotonic() - begin
    print(f"all stopped within {seconds:.2f} s")
    assert seconds < PATIENCE_S
    cluster.start()
    is_all_there(cluster, before)


@pytest.mark.parametrize("is_controller", [True, False])
def test_the_last_one_whether_it_was_the_controller_or_not(cluster, is_controller):
    before = fill(cluster)
    controller = cluster.controller()
    last = controller if is_controller else cluster.others(controller)[0]
    for node in cluster.others(last):
        node.kill()
    status, seconds = last.stop()
    print(f"stopped within {seconds:.2f} s")
    assert status == 0 and seconds < PATIENCE_S
    assert NOT_HANDED_OVER in last.log.read_text()
    cluster.start()
    is_all_there(cluster, before)


@pytest.mark.parametrize("is_controller", [True, False])
def test_one_of_three_hands_over_first(cluster, is_controller):
    fill(cluster)
    controller = cluster.controller()
    one = controller if is_controller else cluster.others(controller)[0]
    other = cluster.others(one)[0]
    assert one.node_id in leaders(other)
    assert one.stop()[0] == 0
    assert not leaders(other) & {one.node_id, -1}, "nobody had to notice first that it has gone"
    assert NOT_HANDED_OVER not in one.log.read_text()
