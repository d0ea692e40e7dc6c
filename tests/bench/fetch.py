"""What a gigabyte costs on its way out: just written, and long forgotten by the page cache."""

import os

from duel import GB, SIZES, Background, Duel, Samples, Usage, bare_loop, batch_bytes, generate, log_bytes, touch_memory
from statistic import Row

VOLUME = 0.2 * GB
READERS = 3


def hot_tail(bench):
    """Consumers read at the end of the log what a producer has just sent; then the same again without them: what one
    of them costs is their share of the difference. Either may be near nothing in one round, so that it is held against
    others by difference as well, not by ratio."""
    bare = []
    with Duel(bench) as duel:

        def measure(broker, samples):
            for size in SIZES:
                tail_of_one_size(bench, broker, samples, size)
            if samples is duel.milena:
                bare.append(bare_loop("fetch", bench.directory, bench.scaled(VOLUME)))

        duel.rounds(measure)
    rows = [Row("bare loop: fetch, in the rounds of the tail", "CPU-s per GB", bare)]
    for size in SIZES:
        both, alone, fetch = (f"{size}: {what}" for what in ("both", "produce alone", "fetch"))
        ours, theirs = duel.milena, duel.kafka
        less_kafkas = [one - other for one, other in zip(ours[fetch], theirs[fetch], strict=True)]
        less_loops = [one - 1.3 * other for one, other in zip(ours[fetch], bare, strict=True)]
        rows += [
            Row(f"{size} B in and {READERS} times out at the tail: CPU", "CPU-s per GB", ours[both], "kafka",
                theirs[both], at_most=1, is_clear=True),
            Row("  the same without consumers", "CPU-s per GB", ours[alone], theirs=theirs[alone]),
            Row(f"fetch {size} B at the tail: broker CPU", "CPU-s per GB", ours[fetch], theirs=theirs[fetch]),
            Row("  less Kafka's", "CPU-s per GB", less_kafkas, at_most=0),
            Row("  less 1.3 times the bare loop's", "CPU-s per GB", less_loops, at_most=0),
        ]  # fmt: skip
    return rows


def tail_of_one_size(bench, broker, samples, size):
    records, topic = int(bench.scaled(VOLUME) / size), f"tail-{size}"
    options = {"size": size, "batch_bytes": batch_bytes(size)}
    broker.admin.create(topic, 6)
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
    broker.admin.delete(topic)


def cold_fetch(bench):
    """From the disk: what the page cache held of the log is dropped first."""
    disk, bare = bench.disk_directory(), Samples()
    with Duel(bench, disk) as duel:
        for broker in duel.brokers:
            for size in SIZES:
                broker.admin.create(f"cold-{size}", 6)
                generate("produce", broker, f"cold-{size}", int(bench.scaled(VOLUME) / size), size=size,
                         batch_bytes=batch_bytes(size))  # fmt: skip

        def measure(broker, samples):
            for size in SIZES:
                cold_of_one_size(bench, broker, samples, size)
            if samples is duel.milena:
                bare.add("cold", bare_loop("cold", disk, bench.scaled(VOLUME)))

        duel.rounds(measure)
    rows = [Row("bare loop: fetch cold from disk", "CPU-s per GB", bare["cold"])]
    for size in SIZES:
        cpu, rate = f"{size}: cpu", f"{size}: rate"
        rows += [
            Row(f"fetch {size} B cold from disk: broker CPU", "CPU-s per GB", duel.milena[cpu], "kafka",
                duel.kafka[cpu], at_most=1),
            Row("  against the bare loop", "CPU-s per GB", duel.milena[cpu], "bare loop", bare["cold"], at_most=1.3),
            Row(f"fetch {size} B cold from disk: rate", "MB/s", duel.milena[rate], theirs=duel.kafka[rate]),
        ]  # fmt: skip
    return rows


def cold_of_one_size(bench, broker, samples, size):
    topic, records = f"cold-{size}", int(bench.scaled(VOLUME) / size)
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
