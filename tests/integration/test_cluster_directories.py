"""What the controller knows of disks: a failed directory takes away what lies in it and nothing else, an empty disk has
nothing to say, and only a process that ended cleanly is believed to have everything (KIP-858, KIP-966)."""

import re
import shutil

import confluent_kafka
import pytest

from harness.cluster import Cluster, admin, all_see
from harness.failing_disk import SOURCE, FailingDisk, build_preloaded
from harness.load import count_faults
from harness.process import until
from test_cluster import create
from test_cluster_replication import UnderLoad, all_in_sync, partitions

VICTIM = 2


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return build_preloaded(SOURCE, tmp_path_factory.mktemp("failing_disk"))


@pytest.fixture
def cluster(run_directory, request):
    made = Cluster(run_directory / request.node.name)
    try:
        yield made
    finally:
        made.close()


def offline_directories(node):
    """What its shards say; they agree."""
    return set(re.findall(r"^milena_offline_log_directories\{.*\} (\d+)$", node.http("/metrics")[1], re.M))


def write_to_each(cluster, topic, count):
    """Of a partition that has no record there is nothing on disk."""
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap, "log_level": 2})
    for partition in range(count):
        producer.produce(topic, b"x", partition=partition)
    assert producer.flush(30) == 0


class Victim:
    """A broker of the cluster with two directories, of which one can be made to fail."""

    def __init__(self, cluster, library, failing):
        self.node = cluster.node(VICTIM)
        self.directories = [self.node.data, self.node.directory / "data2"]
        self.node.settings["log.dirs"] = ",".join(map(str, self.directories))
        self.disk = FailingDisk(library, self.directories[failing], self.node.directory / "failing")
        usual = self.node.environment
        self.node.environment = lambda: {**usual(), **self.disk.environment}

    def partitions_in(self, number, topic):
        names = [path.name for path in self.directories[number].iterdir()]
        return {int(name.rsplit("-", 1)[1]) for name in names if name.rsplit("-", 1)[0] == topic}


def test_failed_directory_takes_its_replicas_away_within_two_seconds_and_nothing_else(cluster, library):
    victim = Victim(cluster, library, failing=1)
    cluster.start()
    all_see(cluster.nodes, 3)
    create(cluster.node(1), "idle", 48, 3)
    write_to_each(cluster, "idle", 48)
    all_in_sync(cluster, "idle")
    with UnderLoad(cluster, "copied") as load:

        def state():
            return {
                (topic, index): (one.leader, set(one.isrs))
                for topic in ("copied", "idle")
                for index, one in partitions(cluster.node(1), topic).items()
            }

        lost, kept = (
            {(topic, index) for topic in ("copied", "idle") for index in victim.partitions_in(number, topic)}
            for number in (1, 0)
        )
        before = state()
        assert lost | kept == set(before) and not lost & kept
        assert any(before[key][0] == VICTIM for key in lost) and any(before[key][0] == VICTIM for key in kept)
        victim.disk.fail()

        def is_gone():
            now = state()
            return all(now[key][0] not in (-1, VICTIM) and VICTIM not in now[key][1] for key in lost)

        until(is_gone, "the replicas of the failed directory are out of sync and lead nothing", 2)
        load.makes_progress()
        now = state()
        assert is_gone()
        assert {key: now[key] for key in kept} == {key: before[key] for key in kept}
        assert victim.node.process.is_alive()
        assert offline_directories(victim.node) == {"1"}
        victim.node.kill()
        victim.disk.heal()
        victim.node.start()
        all_in_sync(cluster, "copied")
    all_in_sync(cluster, "idle")


def test_broker_whose_metadata_log_lies_in_a_failed_directory_stops(cluster, library):
    victim = Victim(cluster, library, failing=0)
    cluster.start()
    all_see(cluster.nodes, 3)
    with UnderLoad(cluster, "copied") as load:
        victim.disk.fail()
        assert victim.node.process.popen.wait(10) == 1
        load.makes_progress()
        victim.disk.heal()
        victim.node.start()
        all_in_sync(cluster, "copied")


def test_broker_starts_without_a_directory_that_can_not_be_opened(cluster):
    node = cluster.node(VICTIM)
    broken = node.directory / "data2"
    node.settings["log.dirs"] = f"{node.data},{broken}"
    cluster.start()
    all_see(cluster.nodes, 3)
    with UnderLoad(cluster, "copied") as load:
        lost = {int(path.name.rsplit("-", 1)[1]) for path in broken.glob("copied-*")}
        assert lost and len(lost) < len(partitions(node, "copied"))
        node.kill()
        away = broken.rename(node.directory / "away")
        broken.touch()
        node.start()

        def is_half_there():
            now = partitions(cluster.node(1), "copied")
            return all((VICTIM in one.isrs) == (index not in lost) for index, one in now.items())

        until(is_half_there, "what lies in the other directory is in sync", 30)
        load.makes_progress()
        assert is_half_there()
        assert offline_directories(node) == {"1"}
        node.kill()
        broken.unlink()
        away.rename(broken)
        node.start()
        all_in_sync(cluster, "copied")


def test_broker_with_an_empty_disk_under_its_id_catches_up(cluster):
    cluster.start()
    all_see(cluster.nodes, 3)
    with UnderLoad(cluster, "copied") as load:
        emptied = cluster.node(VICTIM)
        emptied.kill()
        load.makes_progress()
        shutil.rmtree(emptied.data)
        emptied.start()
        all_in_sync(cluster, "copied")
        for node in cluster.nodes:
            if node is not emptied:
                until(lambda node=node: VICTIM in {broker.id for broker in
                      admin(node).list_topics(timeout=5).brokers.values()}, "it is back")
    for node in cluster.nodes:
        counts, examples = count_faults(node.bootstrap, load.loads)
        assert counts.pop("records") and not any(counts.values()), (counts, examples)


@pytest.mark.parametrize("ending", ["clean", "unclean"])
def test_only_who_has_ended_cleanly_may_lead_when_nobody_is_in_sync(cluster, ending):
    cluster.start()
    all_see(cluster.nodes, 3)
    with UnderLoad(cluster, "copied") as load:
        pass
    create(cluster.node(1), "watched", 1, 3)
    all_in_sync(cluster, "watched")
    leader = cluster.node(partitions(cluster.node(1), "watched")[0].leader)
    first, last = (node for node in cluster.nodes if node is not leader)
    first.stop()
    until(lambda: len(partitions(leader, "watched")[0].isrs) == 2, "one has left")
    last.stop()
    leader.kill()
    marker = last.data / ".kafka_cleanshutdown"
    assert '"brokerEpoch":' in marker.read_text()
    if ending == "unclean":
        marker.unlink()
    first.launch()
    last.launch()
    for node in (first, last):
        until(node.serves, "it serves", 30)

    def is_known_to_be_gone():
        cluster_now = admin(first).list_topics(timeout=5)
        return leader.node_id not in cluster_now.brokers

    until(is_known_to_be_gone, "the one in sync is known to be gone", 30)
    if ending == "clean":
        until(lambda: partitions(first, "watched")[0].leader == last.node_id, "the eligible one leads")
    else:
        until(lambda: partitions(first, "watched")[0].leader == -1, "nobody leads")
        leader.start()
        until(lambda: partitions(first, "watched")[0].leader == leader.node_id, "the one in sync leads again")
        leader.kill()
    leader.start()
    all_in_sync(cluster, "copied")
    all_in_sync(cluster, "watched")
    counts, examples = count_faults(cluster.bootstrap, load.loads)
    assert counts.pop("records") and not any(counts.values()), (counts, examples)
