"""A log directory that runs full: appends are refused with KAFKA_STORAGE_ERROR, reads go on, and it comes back by
itself when there is space again, with nothing lost and nothing doubled. The metadata log lies elsewhere, or there."""

import contextlib
import os
import pathlib
import subprocess
import time

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from harness import records
from harness.load import Load, count_faults, stream
from harness.process import until

DISK_BYTES = 96 << 20
BALLAST_BYTES = 48 << 20
PARTITIONS = 3


@pytest.fixture
def small_disk():
    """A file system of its own in memory. It lies in a mount namespace, seen through the process that keeps it: who
    isn't root may mount in one where the kernel lets everyone have user namespaces."""
    allowed = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mount = f"mount -t tmpfs -o size={DISK_BYTES} milena-test /mnt && echo mounted && exec cat"
    with subprocess.Popen(
        ["unshare", "--mount", *allowed, "sh", "-c", mount],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as keeper:
        told = keeper.stdout.readline().decode().strip()
        if told != "mounted":
            pytest.skip(f"neither root nor user namespaces: {told}")
        yield pathlib.Path("/proc", str(keeper.pid), "root", "mnt")
        keeper.stdin.close()


@pytest.fixture
def full(make_broker, small_disk):
    """A broker whose disk a producer has filled, that producer, and the file that can be removed to make room."""
    yield from filled(make_broker, small_disk, is_metadata_there=False)


@pytest.fixture
def full_with_metadata(make_broker, small_disk):
    """The same, and the metadata log lies there too, as it does by default."""
    yield from filled(make_broker, small_disk, is_metadata_there=True)


def filled(make_broker, small_disk, is_metadata_there):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(BALLAST_BYTES))
    broker = make_broker({"log.segment.bytes": str(1 << 20), "log.segment.delete.delay.ms": "0"})
    if broker.name == "kafka":
        pytest.skip("real Kafka stops when its disk is full")
    broker.settings |= {"log.dirs": str(small_disk / "data")}
    if not is_metadata_there:
        broker.settings |= {"metadata.log.dir": str(broker.data)}
    broker.settings |= {"log.retention.check.interval.ms": "100", "log.flush.offset.checkpoint.interval.ms": "1000"}
    broker.start()
    records.create_topic(broker.bootstrap, "full", PARTITIONS)
    records.create_topic(broker.bootstrap, "probe")
    records.create_topic(broker.bootstrap, "spare")
    records.produce(broker.bootstrap, "spare", [(0, None, bytes(64 << 10), None, 0)] * 256)
    load = Load(broker.bootstrap, "full", PARTITIONS, 0)
    load.start()
    until(lambda: refusal(broker) == "KAFKA_STORAGE_ERROR", "the disk is full", 60)
    load.pausing.set()
    yield broker, load, ballast
    load.stopping.set()


def refusal(broker):
    """What a producer that doesn't try again is told; None if its record is taken."""
    told = []
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": broker.bootstrap, "retries": 0, "acks": "all", "message.timeout.ms": 10_000}
    )
    producer.produce("probe", bytes(16 << 10), on_delivery=lambda error, _: told.append(error))
    producer.flush(15)
    return told[0].name() if told and told[0] else None


def read_back(broker, load):
    """What was acknowledged so far can be read while nothing can be written."""
    acknowledged = sum(len(offsets) for offsets in load.offsets)
    assert sum(1 for _ in stream(broker.bootstrap, "full")) >= acknowledged > 10_000


def start_again_full(broker):
    broker.kill()
    broker.start()
    until(lambda: refusal(broker) == "KAFKA_STORAGE_ERROR", "the disk is full again", 30)


def write_beyond(load, before):
    """There is room again: the producer goes on, a while, and ends."""
    load.pausing.clear()
    until(lambda: load.acknowledged > before + 5000 or load.failures, "the producer goes on", 60)
    load.pausing.set()
    load.stop()


def remove_ballast(_broker, _load, ballast):
    ballast.unlink()


def delete_records(broker, load, _ballast):
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    before = [
        confluent_kafka.TopicPartition("full", partition, load.offsets[partition][-1] - 100)
        for partition in range(PARTITIONS)
    ]
    for future in admin.delete_records(before).values():
        future.result(30)


def shorten_retention(broker, _load, _ballast):
    retain(broker, 2 << 20)


def retain(broker, bytes_max):
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    entry = ConfigEntry("retention.bytes", str(bytes_max), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, "full", incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(30)


def log_starts(broker):
    reader = confluent_kafka.Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "nobody"})
    with contextlib.closing(reader):
        return [
            reader.get_watermark_offsets(confluent_kafka.TopicPartition("full", partition), timeout=30)[0]
            for partition in range(PARTITIONS)
        ]


@pytest.mark.parametrize("is_killed", [False, True], ids=["running", "killed"])
@pytest.mark.parametrize("make_room", [remove_ballast, delete_records, shorten_retention])
def test_a_full_disk_refuses_appends_serves_reads_and_comes_back_when_there_is_space(full, make_room, is_killed):
    broker, load, ballast = full
    read_back(broker, load)
    if is_killed:
        start_again_full(broker)
        read_back(broker, load)
    before = load.acknowledged
    make_room(broker, load, ballast)
    write_beyond(load, before)
    retain(broker, -1)  # the log stands still while it is read
    counts, examples = count_faults(broker.bootstrap, [load], log_starts(broker))
    assert counts.pop("records") > 5000 and not any(counts.values()), (counts, examples)


def fill_up(directory):
    """Somebody else takes what the broker leaves."""
    with open(directory / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))


@pytest.mark.parametrize("is_killed", [False, True], ids=["running", "killed"])
def test_a_disk_full_to_the_last_byte_keeps_the_metadata_too_and_deleted_topics_make_room(
    full_with_metadata, is_killed
):
    broker, load, ballast = full_with_metadata
    fill_up(ballast.parent)
    if is_killed:
        start_again_full(broker)
    read_back(broker, load)
    before = load.acknowledged
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.delete_topics(["spare"])["spare"].result(30)
    write_beyond(load, before)
    counts, examples = count_faults(broker.bootstrap, [load], log_starts(broker))
    assert counts.pop("records") > 5000 and not any(counts.values()), (counts, examples)


def test_a_broker_whose_vote_finds_no_room_waits_for_it(full_with_metadata):
    broker, load, ballast = full_with_metadata
    broker.kill()
    (ballast.parent / "data" / "__cluster_metadata-0" / "reserve").unlink()
    fill_up(ballast.parent)
    broker.launch()
    time.sleep(3)
    assert broker.process.is_alive(), broker.log_tail()
    ballast.unlink()
    until(broker.serves, "the broker serves when there is room", 30)
    read_back(broker, load)
