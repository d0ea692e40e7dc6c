"""How soon it serves, and how small it is: empty, with many partitions, under full load, after kill -9."""

import re
import time

from duel import GB, MIB, SUBJECT, Admin, Background, Duel, KafkaAsShipped, PeakMemory, generate, touch_memory
from harness import wire
from offsets import commit, find_coordinator
from statistic import Row

WIDE = 10_000  # partitions


def start(bench):
    """On an empty directory."""
    seconds, idle, theirs, their_idle = [], [], [], []
    for _ in range(5 if bench.quick else 20):
        broker = bench.broker(SUBJECT)
        seconds.append(broker.start() * 1000)
        idle.append(broker.process.rss_bytes() / MIB)
        broker.close()
    for _ in range(1 if bench.quick else 5):
        broker = bench.broker(KafkaAsShipped)
        theirs.append(broker.start() * 1000)
        their_idle.append(broker.process.rss_bytes() / MIB)
        broker.close()
    return [
        Row("ready on an empty directory", "ms", seconds, theirs=theirs, at_most=100),
        Row("memory idle", "MiB", idle, theirs=their_idle, at_most=32),
    ]


def thousand_partitions(bench):
    """1 GB in 1,000 partitions: how soon it serves after kill -9."""
    answers = {}
    for kind in (KafkaAsShipped, SUBJECT):
        broker = bench.broker(kind)
        try:
            broker.start()
            Admin(broker).create("thousand", 1000)
            generate("produce", broker, "thousand", 1_000_000, size=1024, producers=2)
            seconds = answers[kind] = []
            for _ in range(3 if bench.quick else 5):
                generate("produce", broker, "thousand", 20_000, size=1024)
                broker.kill()
                seconds.append(broker.start(120))
        finally:
            broker.close()
    ours, theirs = answers[SUBJECT], answers[KafkaAsShipped]
    return [Row("ready after kill -9, 1 GB in 1,000", "s", ours, theirs=theirs, at_most=2)]


def full_load(bench):
    """Two producers on 1,000 partitions, and two groups that read along at the end of the logs: in each round they go
    on where they have stopped in the last one."""
    with Duel(bench) as duel:
        records = int(bench.scaled(0.3 * GB) / 1024)
        for broker in duel.brokers:
            broker.admin.create("full", 1000)

        def measure(broker, samples):
            touch_memory(bench.directory, records * 1024 * 1.3)
            with PeakMemory(broker.process) as memory:
                groups = Background("groups", broker, "full", records, groups=2)
                generate("produce", broker, "full", records, size=1024, producers=2)
                groups.result()
            samples.add("memory", memory.peak / MIB)

        duel.rounds(measure)
    ours, theirs = duel.milena["memory"], duel.kafka["memory"]
    return [
        Row("memory at full load, 1,000 partitions", "MiB", ours, theirs=theirs, at_most=128),
        Row("  against Kafka's", "MiB", ours, "kafka", theirs, at_most=0.1),
    ]


def ten_thousand_partitions(bench):
    """One topic of 10,000 partitions; Kafka refuses so many in one request and gets ten topics of 1,000."""
    seconds, memory, descriptors, scrapes, theirs = [], [], [], [], []
    for _ in range(1 if bench.quick else 3):
        broker = bench.broker(SUBJECT)
        try:
            broker.start()
            admin = Admin(broker)
            admin.create("first", 1)
            rss, files = broker.process.rss_bytes(), broker.process.descriptors()
            seconds.append(admin.create("wide", WIDE))
            memory.append((broker.process.rss_bytes() - rss) / WIDE / 1024)
            descriptors.append((broker.process.descriptors() - files) / WIDE)
            if SUBJECT is not KafkaAsShipped:
                scrapes += scrapes_of_wide(broker)
        finally:
            broker.close()
    if not bench.quick:
        broker = bench.broker(KafkaAsShipped)
        try:
            broker.start()
            admin = Admin(broker)
            theirs.append(sum(admin.create(f"wide-{index}", 1000) for index in range(10)))
        finally:
            broker.close()
    return [
        Row("create a topic of 10,000 partitions", "s", seconds, theirs=theirs or None, at_most=2),
        Row("memory of an idle partition", "KiB", memory, at_most=4),
        Row("descriptors of an idle partition", "files", descriptors, at_most=0.001),
        *([Row("scrape with the lag of 10,000 partitions", "ms", scrapes, at_most=50)] if scrapes else []),
    ]


def scrapes_of_wide(broker):
    """Milliseconds of each, the first one included, with a group that is behind in every partition."""
    with wire.connect(broker.port, 60) as link:
        find_coordinator(link, "behind")
        for begin in range(0, WIDE, 1000):
            commit(link, "behind", "wide", range(begin, begin + 1000))
    generate("produce", broker, "wide", 10 * WIDE, size=100, keys=100 * WIDE)
    for _ in range(7):
        begin = time.monotonic()
        text = broker.http("/metrics")[1]
        yield (time.monotonic() - begin) * 1000
        assert len(re.findall(r"^milena_consumer_lag_records\{", text, re.M)) == WIDE
