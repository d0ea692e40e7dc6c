"""How soon it serves, and how small it is: empty, with many partitions, under full load, after kill -9."""

from duel import MIB, SUBJECT, Admin, KafkaAsShipped, PeakMemory, generate
from statistic import Row


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
    """1 GB in 1,000 partitions: memory at full load, and how soon it serves after kill -9."""
    answers = {}
    for kind in (KafkaAsShipped, SUBJECT):
        broker = bench.broker(kind)
        try:
            broker.start()
            Admin(broker).create("thousand", 1000)
            with PeakMemory(broker.process) as memory:
                generate("produce", broker, "thousand", 1_000_000, size=1024, producers=2)
            seconds = []
            for _ in range(3 if bench.quick else 5):
                generate("produce", broker, "thousand", 20_000, size=1024)
                broker.kill()
                seconds.append(broker.start(120))
            answers[kind] = [memory.peak / MIB], seconds
        finally:
            broker.close()
    milena, kafka = answers[SUBJECT], answers[KafkaAsShipped]
    return [
        Row("memory at full load, 1,000 partitions", "MiB", milena[0], theirs=kafka[0], at_most=128),
        Row("  against Kafka's", "MiB", milena[0], "kafka", kafka[0], at_most=0.1),
        Row("ready after kill -9, 1 GB in 1,000", "s", milena[1], theirs=kafka[1], at_most=2),
    ]


def ten_thousand_partitions(bench):
    """One topic of 10,000 partitions; Kafka refuses so many in one request and gets ten topics of 1,000."""
    seconds, memory, descriptors, theirs = [], [], [], []
    for _ in range(1 if bench.quick else 3):
        broker = bench.broker(SUBJECT)
        try:
            broker.start()
            admin = Admin(broker)
            admin.create("first", 1)
            rss, files = broker.process.rss_bytes(), broker.process.descriptors()
            seconds.append(admin.create("wide", 10_000))
            memory.append((broker.process.rss_bytes() - rss) / 10_000 / 1024)
            descriptors.append((broker.process.descriptors() - files) / 10_000)
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
    ]
