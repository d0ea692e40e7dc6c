"""All brokers are restarted one after the other, as an operator does it: guided by what the cluster says itself."""

import contextlib

from harness import paths
from harness.clients import STEADY_COMMANDS, SteadyClient
from harness.cluster import admin
from harness.leader_watch import LeaderWatch
from harness.load import PacedLoad
from harness.milena_admin import Admin
from test_cluster import create
from test_cluster_replication import PARTITIONS, UnderLoad, all_in_sync


def roll(nodes, ask, program=paths.MILENA):
    """Each in its turn goes on as that program."""
    for node in nodes:
        ask.wait_until("can-restart", node.node_id)
        status, _ = node.stop()
        assert status == 0
        node.program = program
        node.start()
        ask.wait_until("caught-up", node.node_id)


@contextlib.contextmanager
def clients_that_notice_nothing(cluster):
    """Producers and consumers of several kinds write and read meanwhile, and every partition has a leader."""
    steady = {}
    for name in STEADY_COMMANDS:
        create(cluster.node(1), f"steady-{name}", PARTITIONS, 3)
        all_in_sync(cluster, f"steady-{name}")
    everybody = ",".join(node.bootstrap for node in cluster.nodes)
    with UnderLoad(cluster, "librdkafka", PacedLoad) as load:
        for name, command in STEADY_COMMANDS.items():
            log = cluster.directory / f"{name}.log"
            steady[name] = SteadyClient(command, log, everybody, f"steady-{name}", PARTITIONS)
        for client in steady.values():
            client.wait_until_begun()
        watch = LeaderWatch(admin(cluster), ["librdkafka", *(f"steady-{name}" for name in steady)])
        watch.start()
        yield
        load.makes_progress(500)
        watch.stop()
    for name, client in steady.items():
        outcome = client.end()
        assert outcome["errors"] == [] and outcome["repeated"] == 0, (name, outcome)
        assert outcome["read"] == outcome["acknowledged"] > 100, (name, outcome)


def test_rolling_restart_shows_no_error_to_any_client_and_leaves_no_partition_without_a_leader(cluster):
    with clients_that_notice_nothing(cluster):
        roll(cluster.nodes, Admin(cluster))
