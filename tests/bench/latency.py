"""How long an acknowledgement takes at a steady rate, and what an fsync before each costs."""

from duel import GB, Duel, generate, paced
from statistic import Row


def latency(bench):
    """acks=all, records of 1 KiB, nothing waits for a fuller batch; counted from when a record was due."""
    seconds = bench.scaled(8)
    with Duel(bench) as duel:
        for broker in duel.brokers:
            broker.admin.create("paced", 6)
            generate("pace", broker, "paced", int(10_000 * seconds), rate=10_000)

        def measure(broker, samples):
            for rate in (1_000, 10_000):
                run = paced(broker, "paced", seconds, rate)
                for share in ("p50", "p99", "p999"):
                    samples.add(f"{rate}: {share}", run[f"{share}_ms"])

        duel.rounds(measure)
    rows = []
    for rate in (1_000, 10_000):
        for share, title, target in (("p50", "p50", 1), ("p99", "p99", 0.5), ("p999", "p99.9", None)):
            key = f"{rate}: {share}"
            name = f"{title} latency at {rate:,} records/s"
            rows.append(Row(name, "ms", duel.milena[key], "kafka", duel.kafka[key], at_most=target))
    return rows


def fsync(bench):
    """On disk, with flush.messages=1 for both: nothing is acknowledged before it is durable."""
    shapes = {
        "64 KiB batches on 6 partitions": (6, 0.1 * GB, {"size": 1024}),
        "tiny batches on 100 partitions": (100, 0.004 * GB, {"size": 100, "batch_bytes": 1000, "linger_ms": 0}),
    }
    with Duel(bench, bench.disk_directory()) as duel:

        def measure(broker, samples):
            for name, (partitions, volume, options) in shapes.items():
                broker.admin.create("durable", partitions, flush_messages=1)
                records = int(bench.scaled(volume) / options["size"])
                run = generate("produce", broker, "durable", records, keys=100_000, producers=2, **options)
                samples.add(name, run["records"] / run["seconds"])
                broker.admin.delete("durable")

        duel.rounds(measure)
    return [
        Row(f"fsync, {name}", "records/s", duel.milena[name], "kafka", duel.kafka[name], at_least=2)
        for name in shapes
    ]
