"""What a gigabyte costs on its way out: just written, and long forgotten by the page cache."""

import functools
import os

from duel import (
    GB,
    SIZES,
    Background,
    BareBroker,
    Duel,
    Samples,
    Usage,
    batch_bytes,
    generate,
    log_bytes,
    touch_memory,
)
from statistic import Row

VOLUME = 0.2 * GB
COLD_VOLUME = 0.8 * GB  # until the connections and the first reads no longer show
READERS = 3


def hot_tail(bench):
    """Consumers read at the end of the log what a producer has just sent; then the same again without them: what one
    of them costs is their share of the difference. Either may be near nothing in one round, so that it is held against
    others by difference as well, not by ratio."""
    with Duel(bench) as duel:
        bare = duel.rounds_by_size(functools.partial(tail_of_one_size, bench))
    rows = []
    for size in SIZES:
        both, alone, fetch = (f"{size}: {what}" for what in ("both", "produce alone", "fetch"))
        ours, theirs = duel.milena, duel.kafka
        less_kafkas = [one - other for one, other in zip(ours[fetch], theirs[fetch], strict=True)]
        less_floors = [one - 1.3 * other for one, other in zip(ours[fetch], bare[fetch], strict=True)]
        rows += [
            Row(f"{size} B in and {READERS} times out at the tail: CPU", "CPU-s per GB", ours[both], "kafka",
                theirs[both], at_most=1, is_clear=True),
            Row("  the same without consumers", "CPU-s per GB", ours[alone], theirs=theirs[alone]),
            Row(f"fetch {size} B at the tail: broker CPU", "CPU-s per GB", ours[fetch], theirs=theirs[fetch]),
            Row("  less Kafka's", "CPU-s per GB", less_kafkas, at_most=0),
            Row("  less 1.3 times the bare broker's", "CPU-s per GB", less_floors, at_most=0),
        ]  # fmt: skip
    return rows


def tail_of_one_size(bench, broker, samples, topic, size):
    records = int(bench.scaled(VOLUME) / size)
    options = {"size": size, "batch_bytes": batch_bytes(size)}
    touch_memory(bench.directory, 2 * records * size * 1.3)
    with Usage(broker) as both:
        consumers = [Background("consume", broker, topic, records, partitions=6) for _ in range(READERS)]
        generate("produce", broker, topic, records, **options)
        for consumer in consumers:
            consumer.result()
    written = log_bytes(broker, topic)
    with Usage(broker) as alone:
        generate("produce", broker, topic, records, **options)
    both, alone = both.cpu_s / (written / GB), alone.cpu_s / ((log_bytes(broker, topic) - written) / GB)
    samples.add(f"{size}: both", both)
    samples.add(f"{size}: produce alone", alone)
    samples.add(f"{size}: fetch", (both - alone) / READERS)


def cold_fetch(bench):
    """From the disk: what the page cache held of the log is dropped first."""
    disk, bare = bench.disk_directory(), Samples()
    with BareBroker(disk) as floor, Duel(bench, disk) as duel:
        for broker in (*duel.brokers, floor):
            for size in SIZES:
                if broker is not floor:
                    broker.admin.create(f"cold-{size}", 6)
                generate("produce", broker, f"cold-{size}", int(bench.scaled(COLD_VOLUME) / size), size=size,
                         batch_bytes=batch_bytes(size))  # fmt: skip

        def measure(broker, samples):
            for size in SIZES:
                cold_of_one_size(bench, broker, samples, size)
                if samples is duel.milena:
                    cold_of_one_size(bench, floor, bare, size)

        duel.rounds(measure)
    rows = []
    for size in SIZES:
        cpu, rate = f"{size}: cpu", f"{size}: rate"
        rows += [
            Row(f"fetch {size} B cold from disk: broker CPU", "CPU-s per GB", duel.milena[cpu], "kafka",
                duel.kafka[cpu], at_most=1),
            Row("  against the bare broker", "CPU-s per GB", duel.milena[cpu], "bare broker", bare[cpu], at_most=1.3),
            Row(f"fetch {size} B cold from disk: rate", "MB/s", duel.milena[rate], theirs=duel.kafka[rate]),
        ]  # fmt: skip
    return rows


def cold_of_one_size(bench, broker, samples, size):
    topic, records = f"cold-{size}", int(bench.scaled(COLD_VOLUME) / size)
    for path in broker.data.glob(f"{topic}-*/*.log"):
        drop_from_page_cache(path)
    touch_memory(bench.directory, records * size * 1.3)
    with Usage(broker) as usage:
        run = generate("consume", broker, topic, records, partitions=6)
    samples.add(f"{size}: cpu", usage.cpu_s / (log_bytes(broker, topic) / GB))
    samples.add(f"{size}: rate", run["bytes"] / 1e6 / run["seconds"])


def drop_from_page_cache(path):
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)  # a dirty page stays
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)
