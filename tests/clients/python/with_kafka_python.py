"""The script of tests/clients/README.md with kafka-python: with_kafka_python.py BOOTSTRAP NAME"""

import sys
import threading

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from script import ALL, CODECS, CONFIGS, MIDDLE_MS, PARTITIONS, records, row, show, until

bootstrap, topic = sys.argv[1:]
admin = KafkaAdminClient(bootstrap_servers=bootstrap)
partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]


def outcome(what):
    try:
        what()
        return "ok"
    except KafkaError as failure:
        return type(failure).__name__


def create():
    wanted = {topic: {"num_partitions": PARTITIONS, "replication_factor": 1, "configs": CONFIGS}}
    show("create", [outcome(lambda: admin.create_topics(wanted)) for _ in range(2)])


def produce(codec, rows):
    producer = KafkaProducer(
        bootstrap_servers=bootstrap,
        compression_type=None if codec == "none" else codec,
        enable_idempotence=True,
        linger_ms=20,
    )
    sent = [
        producer.send(topic, value, key, headers, partition, time_ms)
        for partition, key, value, headers, time_ms in rows
    ]
    places = [[one.partition, one.offset] for one in (future.get(30) for future in sent)]
    producer.close()
    return places


def offsets():
    def listed(spec):
        found = admin.list_partition_offsets({partition: spec for partition in partitions})
        return [found[partition].offset for partition in partitions]

    specs = {"earliest": OffsetSpec.EARLIEST, "latest": OffsetSpec.LATEST, "time": MIDDLE_MS}
    show("offsets", {name: listed(spec) for name, spec in specs.items()})


def consumer(group=None):
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        heartbeat_interval_ms=200,
        fetch_max_wait_ms=50,
    )


def poll(reader):
    return [record for batch in reader.poll(timeout_ms=100).values() for record in batch]


def step(member, seen):
    """Commits at once what came, so that a hand-over leaves nothing to be read twice."""
    polled = poll(member)
    if polled:
        seen.extend(polled)
        member.commit()


def places(messages):
    return sorted([message.partition, message.offset] for message in messages)


def drain(reader):
    ends = reader.end_offsets(partitions)
    seen = []

    def is_done():
        seen.extend(poll(reader))
        return all(reader.position(partition) == ends[partition] for partition in partitions)

    until("everything is read", is_done)
    return sorted(seen, key=lambda one: (one.partition, one.offset))


def read():
    reader = consumer()
    reader.assign(partitions)
    reader.seek_to_beginning()
    show(
        "read",
        [row(one.partition, one.offset, one.timestamp, one.key, one.value, one.headers) for one in drain(reader)],
    )
    for partition, found in reader.offsets_for_times({partition: MIDDLE_MS for partition in partitions}).items():
        reader.seek(partition, found.offset)
    show("read from a time", places(drain(reader)))
    reader.close()


def member():
    joins = consumer(topic)
    # A leader that doesn't know the topic yet joins twice, and this client may miss the second assignment.
    joins.partitions_for_topic(topic)
    joins.subscribe([topic])
    return joins


def group():
    seen, theirs, stays = [], [], member()
    is_shared = threading.Event()

    def has(count):
        step(stays, seen)
        return len(stays.assignment()) in count

    until("the first member has everything", lambda: has({PARTITIONS}))

    def leave_when_shared():
        leaves = member()
        while not (is_shared.is_set() and leaves.assignment()):
            step(leaves, theirs)
        leaves.close()

    other = threading.Thread(target=leave_when_shared, daemon=True)
    other.start()
    until("two members share", lambda: has({1, 2}))
    is_shared.set()
    show("group of two", "shares")
    until("one is left", lambda: has({PARTITIONS}) and not other.is_alive() and len(seen) + len(theirs) >= ALL)
    show("group read", places(seen + theirs))
    found = admin.list_group_offsets({topic: None})[topic]
    show("committed", [found[partition].offset for partition in partitions])
    show("group at work", state())
    stays.close()
    resume()
    show("group left", state())


def resume():
    produce("none", ((partition, b"more", b"more", [], None) for partition in range(PARTITIONS)))
    seen, joins = [], member()

    def is_done():
        step(joins, seen)
        return len(seen) >= PARTITIONS

    until("the rest is read", is_done)
    joins.close()
    show("resumed", places(seen))


def state():
    found = admin.describe_groups([topic])[topic]
    return [found["group_state"], len(found["members"])]


def delete():
    show("groups", topic in [one["group_id"] for one in admin.list_groups()])
    show("delete group", [str(admin.delete_groups([topic])[topic]) for _ in range(2)])
    show("delete topic", outcome(lambda: admin.delete_topics([topic])))
    until("the topic is gone", lambda: topic not in admin.list_topics())


show("client", ["kafka-python", kafka.__version__])
create()
show("produce", {codec: produce(codec, records(codec)) for codec in CODECS})
offsets()
read()
group()
delete()
