"""The script of tests/clients/README.md with aiokafka: with_aiokafka.py BOOTSTRAP NAME"""

import asyncio
import sys
import time

import aiokafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from script import ALL, CODECS, CONFIGS, MIDDLE_MS, PARTITIONS, records, row, show

bootstrap, topic = sys.argv[1:]
partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
ERRORS = {0: "ok", 36: "TopicAlreadyExists"}


async def until(what, condition, deadline_s=30.0):
    end = time.monotonic() + deadline_s
    while not await condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline_s} s")


async def create(admin):
    outcomes = []
    for _ in range(2):
        answer = await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs=CONFIGS)])
        outcomes.append(ERRORS[answer.topic_errors[0][1]])
    show("create", outcomes)


async def produce(codec, rows):
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        compression_type=None if codec == "none" else codec,
        enable_idempotence=True,
        linger_ms=20,
    ) as producer:
        sent = [
            await producer.send(topic, value, key, partition, time_ms, headers)
            for partition, key, value, headers, time_ms in rows
        ]
        return [[one.partition, one.offset] for one in await asyncio.gather(*sent)]


def consumer(*topics, group=None):
    return AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        heartbeat_interval_ms=200,
        fetch_max_wait_ms=50,
    )


async def poll(reader):
    return [record for batch in (await reader.getmany(timeout_ms=100)).values() for record in batch]


async def step(member, seen):
    """Commits at once what came, so that a hand-over leaves nothing to be read twice."""
    polled = await poll(member)
    if polled:
        seen.extend(polled)
        await member.commit()


def places(messages):
    return sorted([message.partition, message.offset] for message in messages)


async def drain(reader):
    ends = await reader.end_offsets(partitions)
    seen = []

    async def is_done():
        seen.extend(await poll(reader))
        return all([await reader.position(partition) == ends[partition] for partition in partitions])

    await until("everything is read", is_done)
    return sorted(seen, key=lambda one: (one.partition, one.offset))


async def read():
    async with consumer() as reader:
        reader.assign(partitions)
        first, last = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
        found = await reader.offsets_for_times({partition: MIDDLE_MS for partition in partitions})
        show(
            "offsets",
            {
                "earliest": [first[partition] for partition in partitions],
                "latest": [last[partition] for partition in partitions],
                "time": [found[partition].offset for partition in partitions],
            },
        )
        await reader.seek_to_beginning()
        show(
            "read",
            [
                row(one.partition, one.offset, one.timestamp, one.key, one.value, one.headers)
                for one in await drain(reader)
            ],
        )
        for partition in partitions:
            reader.seek(partition, found[partition].offset)
        show("read from a time", places(await drain(reader)))


async def group(admin):
    seen, stays, leaves = [], consumer(topic, group=topic), consumer(topic, group=topic)
    await stays.start()

    # It joins again behind our back, and a commit that comes too late for that would fail.
    async def first():
        await step(stays, seen)
        return len(stays.assignment()) == PARTITIONS and len(seen) >= ALL

    await until("the first member has everything", first)
    joining = asyncio.create_task(leaves.start())

    async def shared():
        await step(stays, seen)
        if joining.done():
            await step(leaves, seen)
        mine, theirs = len(stays.assignment()), len(leaves.assignment())
        return mine and theirs and mine + theirs == PARTITIONS

    await until("two members share", shared)
    show("group of two", "shares")
    await joining
    await leaves.stop()

    async def alone():
        await step(stays, seen)
        return len(stays.assignment()) == PARTITIONS and len(seen) >= ALL

    await until("one is left", alone)
    show("group read", places(seen))
    found = await admin.list_consumer_group_offsets(topic)
    show("committed", [found[partition].offset for partition in partitions])
    show("group at work", await state(admin))
    await stays.stop()
    await resume()
    show("group left", await state(admin))


async def resume():
    await produce("none", ((partition, b"more", b"more", [], None) for partition in range(PARTITIONS)))
    seen = []
    async with consumer(topic, group=topic) as member:

        async def is_done():
            await step(member, seen)
            return len(seen) >= PARTITIONS

        await until("the rest is read", is_done)
    show("resumed", places(seen))


async def state(admin):
    (answer,) = await admin.describe_consumer_groups([topic])
    _, _, name, _, _, members, *_ = answer.groups[0]
    return [name, len(members)]


async def delete(admin):
    show("groups", topic in [name for name, _ in await admin.list_consumer_groups()])
    answer = await admin.delete_topics([topic])
    show("delete topic", ERRORS[answer.topic_error_codes[0][1]])

    async def is_gone():
        return topic not in await admin.list_topics()

    await until("the topic is gone", is_gone)


async def main():
    show("client", ["aiokafka", aiokafka.__version__])
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await create(admin)
    show("produce", {codec: await produce(codec, records(codec)) for codec in CODECS})
    await read()
    await group(admin)
    await delete(admin)
    await admin.close()


asyncio.run(main())
