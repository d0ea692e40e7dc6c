"""What a gigabyte costs the broker's processor, in and out, held against Kafka's and against a bare broker's."""

import functools

from duel import GB, SIZES, Duel, Usage, batch_bytes, generate, log_bytes, touch_memory
from statistic import Row

# Of a round: more of it would outlive what touch_memory does for it.
VOLUME = 0.4 * GB


def produce_and_fetch(bench):
    """Batches of 64 KiB through librdkafka; what was produced is then fetched from the page cache."""
    with Duel(bench) as duel:
        bare = duel.rounds_by_size(functools.partial(one_size, bench))
    rows = []
    for size in SIZES:
        for what, of_kafka, of_floor in (("produce", 1 / 3, 1.5), ("fetch", 1, 1.3)):
            name = f"{what} {size} B: broker CPU"
            has_target = size in (100, 1024) or what == "fetch"
            ours, theirs = duel.milena[name], duel.kafka[name]
            rows += [
                Row(name, "CPU-s per GB", ours, "kafka", theirs, at_most=of_kafka if has_target else None),
                Row("  against the bare broker", "CPU-s per GB", ours, "bare broker", bare[name],
                    at_most=of_floor if has_target else None),
            ]  # fmt: skip
            name = f"{what} {size} B: rate"
            rows.append(Row(name, "MB/s", duel.milena[name], theirs=duel.kafka[name]))
    return rows


def one_size(bench, broker, samples, topic, size):
    records = int(bench.scaled(VOLUME) / size)
    for what, mode, options in (
        ("produce", "produce", {"size": size, "producers": 2, "batch_bytes": batch_bytes(size)}),
        ("fetch", "consume", {"partitions": 6}),
    ):
        touch_memory(bench.directory, records * size * 1.3)
        with Usage(broker) as usage:
            run = generate(mode, broker, topic, records, **options)
        samples.add(f"{what} {size} B: broker CPU", usage.cpu_s / (log_bytes(broker, topic) / GB))
        samples.add(f"{what} {size} B: rate", run["bytes"] / 1e6 / run["seconds"])


def million_records(bench):
    """Small records from four producers at once, as many as they can."""
    with Duel(bench) as duel:

        def measure(broker, samples):
            records = int(bench.scaled(4_000_000))
            broker.admin.create("small", 6)
            touch_memory(bench.directory, records * 130)
            run = generate("produce", broker, "small", records, size=100, producers=4)
            samples.add("rate", run["records"] / run["seconds"] / 1e6)
            broker.admin.delete("small")

        duel.rounds(measure)
    return [
        Row("produce 100 B from 4 producers: rate", "M records/s", duel.milena["rate"], theirs=duel.kafka["rate"],
            at_least=1)
    ]  # fmt: skip
