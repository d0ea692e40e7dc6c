"""What a gigabyte costs the broker's processor, in and out, held against Kafka's and against a bare loop."""

import json
import os
import subprocess

from duel import BARE_LOOP, GB, Background, Duel, Samples, Usage, generate, log_bytes, touch_memory
from statistic import Row

SIZES = (100, 1024, 65536)  # bytes of a value
# Of a round: more of it would outlive what touch_memory does for it.
VOLUME = 0.4 * GB


def produce_and_fetch(bench):
    """Batches of 64 KiB through librdkafka; what was produced is then fetched from the page cache."""
    bare = Samples()
    with Duel(bench) as duel:

        def measure(broker, samples):
            for size in SIZES:
                one_size(bench, broker, samples, size, bench.scaled(VOLUME))
            if samples is duel.milena:
                bare_round(bench, bare)

        duel.rounds(measure)
    rows = [Row(name, "CPU-s per GB", values) for name, values in bare.items()]
    for size in SIZES:
        for what, of_kafka, of_loop in (("produce", 1 / 3, 1.5), ("fetch", 1, 1.3)):
            name = f"{what} {size} B: broker CPU"
            has_target = size in (100, 1024) or what == "fetch"
            ours, theirs = duel.milena[name], duel.kafka[name]
            rows += [
                Row(name, "CPU-s per GB", ours, "kafka", theirs, at_most=of_kafka if has_target else None),
                Row("  against the bare loop", "CPU-s per GB", ours, "bare loop", bare[f"bare loop: {what}"],
                    at_most=of_loop if has_target else None),
            ]  # fmt: skip
            name = f"{what} {size} B: rate"
            rows.append(Row(name, "MB/s", duel.milena[name], theirs=duel.kafka[name]))
    return rows


def one_size(bench, broker, samples, size, volume):
    records, topic = int(volume / size), f"load-{size}"
    broker.admin.create(topic, 6)
    for what, mode, options in (
        ("produce", "produce", {"size": size, "producers": 2, "batch_bytes": max(65536, size + 1024)}),
        ("fetch", "consume", {"partitions": 6}),
    ):
        touch_memory(bench.directory, records * size * 1.3)
        with Usage(broker) as usage:
            run = generate(mode, broker, topic, records, **options)
        samples.add(f"{what} {size} B: broker CPU", usage.cpu_s / (log_bytes(broker, topic) / GB))
        samples.add(f"{what} {size} B: rate", run["bytes"] / 1e6 / run["seconds"])
    broker.admin.delete(topic)


def bare_round(bench, samples):
    """What the kernel and one checksum cost: the floor that every broker stands on."""
    for mode in ("produce", "fetch"):
        volume = bench.scaled(VOLUME)
        touch_memory(bench.directory, volume * 1.3)
        command = [BARE_LOOP, mode, bench.directory, str(volume / GB)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        samples.add(f"bare loop: {mode}", json.loads(done.stdout)["cpu_s_per_gb"])


def hot_tail(bench):
    """A consumer reads at the end of the log what a producer has just sent."""
    with Duel(bench) as duel:

        def measure(broker, samples):
            records = int(bench.scaled(0.5 * GB) / 1024)
            broker.admin.create("tail", 6)
            touch_memory(bench.directory, records * 1024 * 1.3)
            with Usage(broker) as usage:
                consumer = Background("consume", broker, "tail", records, partitions=6)
                generate("produce", broker, "tail", records, size=1024)
                consumer.result()
            samples.add("cpu", usage.cpu_s / (log_bytes(broker, "tail") / GB))
            broker.admin.delete("tail")

        duel.rounds(measure)
    return [
        Row("produce and fetch at the tail: broker CPU", "CPU-s per GB", duel.milena["cpu"], "kafka",
            duel.kafka["cpu"], at_most=1, is_clear=True)
    ]  # fmt: skip


def cold_fetch(bench):
    """From the disk: what the page cache held of the log is dropped first."""
    with Duel(bench, bench.disk_directory()) as duel:
        records = int(bench.scaled(0.5 * GB) / 1024)
        for broker in duel.brokers:
            broker.admin.create("cold", 6)
            generate("produce", broker, "cold", records, size=1024)

        def measure(broker, samples):
            for path in broker.data.glob("cold-*/*.log"):
                drop_from_page_cache(path)
            touch_memory(bench.directory, records * 1024 * 1.3)
            with Usage(broker) as usage:
                run = generate("consume", broker, "cold", records, partitions=6)
            samples.add("cpu", usage.cpu_s / (log_bytes(broker, "cold") / GB))
            samples.add("rate", run["bytes"] / 1e6 / run["seconds"])

        duel.rounds(measure)
    return [
        Row("fetch cold from disk: broker CPU", "CPU-s per GB", duel.milena["cpu"], "kafka", duel.kafka["cpu"],
            at_most=1),
        Row("fetch cold from disk: rate", "MB/s", duel.milena["rate"], theirs=duel.kafka["rate"]),
    ]  # fmt: skip


def drop_from_page_cache(path):
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)  # a dirty page stays
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


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
