"""The script of tests/clients/README.md with confluent-kafka: with_confluent_kafka.py BOOTSTRAP NAME"""

import sys

import confluent_kafka
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from script import ALL, CODECS, CONFIGS, MIDDLE_MS, PARTITIONS, records, row, show, until

bootstrap, topic = sys.argv[1:]
admin = AdminClient({"bootstrap.servers": bootstrap})


def outcome(future):
    try:
        future.result(30)
        return "ok"
    except KafkaException as failure:
        return failure.args[0].name()


def create():
    wanted = NewTopic(topic, PARTITIONS, 1, config=CONFIGS)
    show("create", [outcome(admin.create_topics([wanted])[topic]) for _ in range(2)])


def produce(codec, rows):
    producer = Producer(
        {"bootstrap.servers": bootstrap, "compression.type": codec, "enable.idempotence": True, "linger.ms": 20}
    )
    places = []

    def delivered(error, message):
        if error:
            raise KafkaException(error)
        places.append([message.key().decode(), message.partition(), message.offset()])

    for partition, key, value, headers, time_ms in rows:
        producer.produce(
            topic, value, key, partition, timestamp=time_ms, headers=headers, on_delivery=delivered
        )
    assert producer.flush(30) == 0
    return [place[1:] for place in sorted(places)]


def offsets():
    def listed(spec):
        asked = admin.list_offsets({TopicPartition(topic, partition): spec for partition in range(PARTITIONS)})
        return [future.result(30).offset for _, future in sorted(asked.items(), key=lambda one: one[0].partition)]

    specs = {
        "earliest": OffsetSpec.earliest(),
        "latest": OffsetSpec.latest(),
        "time": OffsetSpec.for_timestamp(MIDDLE_MS),
    }
    show("offsets", {name: listed(spec) for name, spec in specs.items()})


def consumer(name):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": name,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "heartbeat.interval.ms": 200,
            "fetch.wait.max.ms": 50,
        }
    )


class Member:
    def __init__(self):
        self.consumer = consumer(topic)
        self.consumer.subscribe([topic])

    def step(self, seen):
        """Commits at once what came, so that a hand-over leaves nothing to be read twice."""
        message = self.consumer.poll(0.05)
        if message is None:
            return
        if message.error():
            raise KafkaException(message.error())
        seen.append(message)
        self.consumer.commit(message, asynchronous=False)

    def share(self):
        return len(self.consumer.assignment())


def places(messages):
    return sorted([message.partition(), message.offset()] for message in messages)


def drain(reader, starts):
    reader.assign(starts)
    ends = {one.partition: reader.get_watermark_offsets(one)[1] for one in starts}
    count = sum(ends.values()) - sum(one.offset for one in starts)
    seen = []

    def step():
        message = reader.poll(0.1)
        if message is not None and not message.error():
            seen.append(message)
        return len(seen) >= count

    until("everything is read", step)
    return sorted(seen, key=lambda one: (one.partition(), one.offset()))


def read():
    reader = consumer(f"{topic}-reads-alone")
    everything = drain(reader, [TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    show(
        "read",
        [
            row(one.partition(), one.offset(), one.timestamp()[1], one.key(), one.value(), one.headers())
            for one in everything
        ],
    )
    times = [TopicPartition(topic, partition, MIDDLE_MS) for partition in range(PARTITIONS)]
    show("read from a time", places(drain(reader, reader.offsets_for_times(times, 30))))
    reader.close()


def group():
    seen, stays, leaves = [], Member(), None

    def first():
        stays.step(seen)
        return stays.share() == PARTITIONS

    until("the first member has everything", first)
    leaves = Member()

    def shared():
        stays.step(seen)
        leaves.step(seen)
        return stays.share() and leaves.share() and stays.share() + leaves.share() == PARTITIONS

    until("two members share", shared)
    show("group of two", "shares")
    leaves.consumer.close()

    def alone():
        stays.step(seen)
        return stays.share() == PARTITIONS and len(seen) >= ALL

    until("one is left", alone)
    show("group read", places(seen))
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(topic)])[topic].result(30)
    show("committed", [one.offset for one in sorted(asked.topic_partitions, key=lambda one: one.partition)])
    show("group at work", state())
    stays.consumer.close()
    resume()
    show("group left", state())


def resume():
    produce("none", ((partition, b"more", b"more", [], 0) for partition in range(PARTITIONS)))
    seen, member = [], Member()

    def step():
        member.step(seen)
        return len(seen) >= PARTITIONS

    until("the rest is read", step)
    member.consumer.close()
    show("resumed", places(seen))


def state():
    found = admin.describe_consumer_groups([topic])[topic].result(30)
    return [found.state.name, len(found.members)]


def delete():
    show("groups", topic in [one.group_id for one in admin.list_consumer_groups().result(30).valid])
    show("delete group", [outcome(admin.delete_consumer_groups([topic])[topic]) for _ in range(2)])
    show("delete topic", outcome(admin.delete_topics([topic])[topic]))
    until("the topic is gone", lambda: topic not in admin.list_topics(timeout=10).topics)


show("client", ["confluent-kafka", f"{confluent_kafka.__version__}, librdkafka {confluent_kafka.libversion()[0]}"])
create()
show("produce", {codec: produce(codec, records(codec)) for codec in CODECS})
offsets()
read()
group()
delete()
