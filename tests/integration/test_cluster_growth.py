"""A cluster grows from three to five brokers under load, and shrinks again: nothing is lost, no client has an error."""

import pytest

from harness.cluster import Cluster, Node, all_see, serving
from harness.load import PacedLoad
from harness.milena_admin import NO, YES, Admin
from harness.process import until
from test_cluster import create
from test_cluster_replication import PARTITIONS, UnderLoad, partitions


class Newcomer(Node):
    """A broker that has no vote in the metadata quorum."""

    def properties(self):
        return {
            **super().properties(),
            "process.roles": "broker",
            "listeners": f"PLAINTEXT://{self.bootstrap},REPLICATION://{self.host}:{self.replication_port}",
            **self.settings,
        }


class Growing(Cluster):
    def add(self):
        node = Newcomer(self.directory / f"node-{len(self.nodes) + 1}", len(self.nodes) + 1)
        node.voters = self.nodes[0].voters
        self.nodes.append(node)
        node.start()
        return node


@pytest.fixture
def cluster(run_directory, request):
    with serving(Growing(run_directory / request.node.name)) as made:
        yield made


def replicas_by_broker(cluster, topic):
    counts = {}
    for one in partitions(cluster.node(1), topic).values():
        for replica in one.replicas:
            counts[replica] = counts.get(replica, 0) + 1
    return counts


def leaders_by_broker(cluster, topic):
    counts = {}
    for one in partitions(cluster.node(1), topic).values():
        counts[one.leader] = counts.get(one.leader, 0) + 1
    return counts


def is_settled(cluster, topic):
    return all(len(one.replicas) == len(one.isrs) == 3 for one in partitions(cluster.node(1), topic).values())


def drain(ask, *node_ids):
    for node_id in node_ids:
        assert ask("drain", node_id).returncode == YES
    for node_id in node_ids:
        ask.wait_until("drain-status", node_id)


def test_cluster_that_grows_balances_itself_and_drained_brokers_leave_nothing_behind(cluster):
    ask = Admin(cluster)
    create(cluster.node(1), "many", 20, 3)
    with UnderLoad(cluster, "growing", PacedLoad) as load:
        for _ in range(2):
            cluster.add()
        all_see(cluster.nodes, 5)
        until(lambda: len(replicas_by_broker(cluster, "many")) == 5, "all five have replicas", 30)
        until(
            lambda: ask("rebalance", "--dry-run").stdout == "the brokers are balanced: nothing moves\n"
            and is_settled(cluster, "many"),
            "they are balanced",
            30,
            poll_s=0.1,
        )
        assert len(leaders_by_broker(cluster, "many")) == 5
        load.makes_progress(100)
        drain(ask, 4, 5)
        assert "has no replica: it may go" in ask("drain-status", 4).stdout
        for node_id in (4, 5):
            status, _ = cluster.node(node_id).stop()
            assert status == 0
        load.makes_progress(100)
    assert set(replicas_by_broker(cluster, "many")) == {1, 2, 3} and is_settled(cluster, "many")


def test_cordoned_broker_gets_no_new_replicas_until_it_is_uncordoned(cluster):
    ask = Admin(cluster)
    cluster.add()
    all_see(cluster.nodes, 4)
    answer = ask("cordon", 4)
    assert answer.returncode == YES and answer.stdout == "broker 4 is cordoned: it gets no new replicas\n"
    create(cluster.node(1), "elsewhere", 12, 2)
    assert 4 not in replicas_by_broker(cluster, "elsewhere")
    assert ask("uncordon", 4).returncode == YES
    create(cluster.node(1), "anywhere", 12, 2)
    assert 4 in replicas_by_broker(cluster, "anywhere")


def test_drain_outlives_the_controller_says_what_is_stuck_and_can_be_called_off(cluster):
    ask = Admin(cluster)
    create(cluster.node(1), "orders", PARTITIONS, 3)
    assert ask("drain", 3).returncode == YES
    answer = ask("drain-status", 3)
    assert answer.returncode == NO and answer.stdout.startswith("broker 3 is draining: 6 replicas left")
    assert answer.stdout.count("no other broker can take it: 3 replicas need as many brokers") == 6
    until(lambda: 3 not in leaders_by_broker(cluster, "orders"), "it leads nothing any more", 15)
    refused = ask("uncordon", 3)
    assert refused.returncode == 2 and "broker 3 is being drained; undrain it instead" in refused.stderr
    killed = cluster.controller()
    killed.kill()
    until(lambda: "broker 3 is draining" in ask("drain-status", 3).stdout, "the next controller knows of it", 20)
    killed.start()
    cluster.add()
    ask.wait_until("drain-status", 3)
    assert set(replicas_by_broker(cluster, "orders")) == {1, 2, 4}
    answer = ask("undrain", 3)
    assert answer.returncode == YES and answer.stdout.startswith("broker 3 is open: ")
    create(cluster.node(1), "again", PARTITIONS, 3)
    assert 3 in replicas_by_broker(cluster, "again")
