"""Disks that are full, fail, are empty, or are somebody else's. The metadata log lies on another one."""

import confluent_kafka
import network
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from harness.broker import Milena
from harness.process import until
from lab import TOPIC, scenario

SMALL = 256 << 20
STRANGERS = "AAAAAAAAAAAAAAAAAAAAAQ"


def make_disks_that_can_fail(cluster):
    for node in cluster.nodes:
        node.can_fail_io()


@scenario(bound_s=10, disk_bytes=SMALL)
def disk_of_one_is_full(lab):
    """For 15 seconds. The others go on with what it led, and it comes back by itself."""
    victim = lab.leader()
    with lab.lasting(15):
        victim.fill_disk()
        lab.resumes()
    lab.expect(victim.is_up(), f"node {victim.node_id} has ended")
    victim.empty_disk()
    lab.is_whole()


def refusal(lab):
    """What a producer that doesn't try again is told; None if its record is taken."""
    told = []
    settings = {"bootstrap.servers": lab.cluster.bootstrap, "retries": 0, "message.timeout.ms": 5000, "log_level": 2}
    producer = confluent_kafka.Producer(settings)
    producer.produce("probe", bytes(1 << 16), on_delivery=lambda error, _: told.append(error))
    producer.flush(10)
    return told[0].name() if told and told[0] else None


def keep_longer(lab, topic):
    """Any change of metadata."""
    entry = ConfigEntry("retention.ms", "987654321", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    client = lab.admin()
    client.incremental_alter_configs([resource])[resource].result(10)


@scenario(bound_s=25, disk_bytes=SMALL, has_java=True)
def disks_of_all_are_full(lab):
    """For ten seconds. Producers are told so, metadata can still be changed, nobody ends, and all goes on by itself."""
    lab.create("probe")
    with lab.lasting(10):
        for node in lab.cluster.nodes:
            node.fill_disk()
        until(lambda: refusal(lab) == "KAFKA_STORAGE_ERROR", "a producer is told that the disks are full", 10)
        keep_longer(lab, "probe")
    lab.expect(all(node.is_up() for node in lab.cluster.nodes), "a broker with a full disk has ended")
    for node in lab.cluster.nodes:
        node.empty_disk()
    lab.resumes()


def disk_fails(lab, what):
    """The broker may end, as nothing is left to it; the others go on with what it led."""
    victim = lab.leader()
    victim.failing_disk.fail(what)
    lab.resumes()
    lab.outcome["victim_ended"] = not victim.is_up()
    victim.kill()
    victim.failing_disk.heal()
    lab.restart(victim)


@scenario(bound_s=10, prepare=make_disks_that_can_fail)
def writes_fail(lab):
    disk_fails(lab, "write")


@scenario(bound_s=10, prepare=make_disks_that_can_fail, settings={"log.flush.interval.messages": 1})
def syncs_fail(lab):
    """Where each acknowledgement waits for one."""
    disk_fails(lab, "fsync")


def make_two_disks(cluster):
    """Of which the first one can fail."""
    for node in cluster.nodes:
        node.settings["log.dirs"] = f"{node.data}/first,{node.data}/second"
        node.can_fail_io("first")


@scenario(bound_s=10, prepare=make_two_disks)
def one_of_two_disks_fails(lab):
    """The broker goes on with what lies on the other one."""
    victim = lab.leader()
    victim.failing_disk.fail("write")
    lab.resumes()
    lab.runs_for(3)
    lab.expect(victim.is_up(), "a broker with another disk has ended")
    lab.expect(victim.offline_directories() == {1}, f"offline directories: {victim.offline_directories()}")
    lab.resumes()
    victim.failing_disk.heal()
    victim.stop()
    lab.restart(victim)


@scenario(bound_s=10, prepare=make_disks_that_can_fail, settings={"log.flush.interval.messages": 1})
def disk_of_one_is_slow(lab):
    """Each sync takes 200 ms for 15 seconds, and each acknowledgement waits for one. The disk makes one after the other
    for its 18 partitions, so that a round of them takes 3.6 s and a record waits for two at most."""
    victim = lab.leader()
    with lab.lasting(15):
        victim.failing_disk.fail("slow")
        lab.resumes()
    victim.failing_disk.heal()
    lab.resumes()


@scenario(bound_s=5)
def disk_goes_back_in_time(lab):
    """To a copy that was made while the broker ran. It is believed nothing: what it lacks is copied, what it has too
    much is cut."""
    victim = lab.leader()
    copy = victim.directory / "copy"
    copy.mkdir()
    victim.copy_disk(copy)
    lab.runs_for(3)
    victim.kill()
    lab.resumes()
    victim.restore_disk(copy)
    lab.restart(victim)
    lab.resumes()


@scenario(bound_s=5)
def disk_is_replaced_by_an_empty_one(lab):
    """Under the same id. The broker counts as in sync only when it has everything again."""
    victim = lab.leader()
    victim.kill()
    lab.resumes()
    victim.replace_disk()
    lab.restart(victim)
    copied = {path.name for path in victim.data.glob(f"{TOPIC}-*")}
    lab.expect(len(copied) == 6, f"only {sorted(copied)} were copied")


@scenario(bound_s=5)
def disk_of_another_cluster_is_refused(lab):
    """With a message that names both; and with its own disk back, the broker goes on."""
    victim = lab.cluster.others(lab.cluster.controller())[0]
    victim.kill()
    lab.resumes()
    network.run("mount", "-t", "tmpfs", "-o", f"size={SMALL}", "foreign", victim.data)
    stranger = Milena(victim.directory / "stranger", {"log.dirs": victim.data, "milena.cluster.id": STRANGERS})
    stranger.settings |= {"node.id": victim.node_id}
    stranger.settings |= {"controller.quorum.voters": f"{victim.node_id}@127.0.0.1:{stranger.controller_port}"}
    stranger.start()
    stranger.stop()
    victim.launch()
    status = victim.process.popen.wait(20)
    lab.expect(status == 1, f"it has ended with {status}")
    lab.expect("belongs to cluster" in victim.log_tail(), f"it gives no reason: {victim.log_tail(500)}")
    network.run("umount", victim.data)
    lab.restart(victim)
    lab.resumes()
