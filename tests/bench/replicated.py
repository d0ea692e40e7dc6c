"""What three brokers cost and how long they take, held against three of Kafka: three replicas, two of them must be in
sync, acks=all."""

from duel import GB, MIB, Admin, Duel, PeakMemory, Usage, generate, log_bytes, paced, touch_memory
from statistic import Row
from trio import KafkaTrio, MilenaTrio, running

TRIOS = (KafkaTrio, MilenaTrio)
SIZES = (1024, 100)
VOLUME = 0.3 * GB
WIDE = 10_000  # partitions


def replicated_produce(bench):
    with Duel(bench, kinds=TRIOS) as duel:

        def measure(trio, samples):
            for size in SIZES:
                records, topic = int(bench.scaled(VOLUME) / size), f"load-{size}"
                trio.admin.create(topic, 6)
                touch_memory(bench.directory, 3 * records * size * 1.3)
                with Usage(trio) as usage:
                    run = generate("produce", trio, topic, records, size=size, producers=2)
                samples.add(f"{size}: cpu", usage.cpu_s / (log_bytes(trio, topic) / GB))
                samples.add(f"{size}: rate", run["bytes"] / 1e6 / run["seconds"])
                trio.admin.delete(topic)

        duel.rounds(measure)
    rows = []
    for size in SIZES:
        cpu, rate = f"{size}: cpu", f"{size}: rate"
        rows += [
            Row(f"3 brokers, produce {size} B: CPU of all", "CPU-s per GB", duel.milena[cpu], "kafka",
                duel.kafka[cpu], at_most=1 / 4, is_clear=True),
            Row(f"3 brokers, produce {size} B: rate", "MB/s", duel.milena[rate], "kafka", duel.kafka[rate],
                at_least=3, is_clear=True),
        ]  # fmt: skip
    return rows


def replicated_latency(bench):
    seconds, rate = bench.scaled(8), 10_000
    with Duel(bench, kinds=TRIOS) as duel:
        for trio in duel.brokers:
            trio.admin.create("paced", 6)
            generate("pace", trio, "paced", int(rate * seconds), rate=rate)

        def measure(trio, samples):
            run = paced(trio, "paced", seconds, rate)
            for share in ("p50", "p99"):
                samples.add(share, run[f"{share}_ms"])

        duel.rounds(measure)
    return [
        Row(f"3 brokers, p50 at {rate:,} records/s", "ms", duel.milena["p50"], theirs=duel.kafka["p50"]),
        Row(f"3 brokers, p99 at {rate:,} records/s", "ms", duel.milena["p99"], "kafka", duel.kafka["p99"],
            at_most=1 / 3, is_clear=True),
    ]  # fmt: skip


def replicated_wide(bench):
    """10,000 partitions of three replicas: made, filled with 1 GB, and back after one broker was killed. Once for
    Kafka, which takes minutes."""
    figures = {MilenaTrio: [], KafkaTrio: []}
    for kind in (MilenaTrio,) * (1 if bench.quick else 3) + (() if bench.quick else (KafkaTrio,)):
        with running(bench, kind, auto_create_topics_enable="false") as trio:
            admin = Admin(trio)
            created = sum(admin.create(f"wide-{index}", WIDE // 10) for index in range(10))
            records = int(bench.scaled(GB) / 1024 / 10)
            touch_memory(bench.directory, 3 * 10 * records * 1024 * 1.3)
            with PeakMemory(*[node.process for node in trio.nodes]) as memory:
                for index in range(10):
                    generate("produce", trio, f"wide-{index}", records, size=1024)
            victim = trio.node(2)
            victim.kill()
            figures[kind].append((created, trio.start_again(victim), memory.peak / MIB))
    created, back, memory = zip(*figures[MilenaTrio], strict=True)
    theirs = [list(one) for one in zip(*figures[KafkaTrio], strict=True)] or [None] * 3
    rows = [
        Row("3 brokers, create 10,000 partitions", "s", list(created), theirs=theirs[0], at_most=5),
        Row("3 brokers, one of 10,000 partitions back", "s", list(back), theirs=theirs[1], at_most=2),
        Row("3 brokers, memory of the largest", "MiB", list(memory), theirs=theirs[2]),
    ]
    if theirs[2]:
        once = [memory[0]]
        rows.append(Row("  against Kafka's", "MiB", once, "kafka", theirs[2], at_most=0.1))
    return rows
