"""The shapes of load that break fast brokers: none may be slower than Kafka or cost its processor more."""

from duel import GB, MIB, Background, Duel, Usage, generate, log_bytes, touch_memory
from harness.process import until
from statistic import Row

TOPIC = "shape"
RETAINED, SEGMENT = 8 * MIB, 4 * MIB  # of each partition


def producers(count, megabytes):
    def run(bench, broker):
        records = int(bench.scaled(megabytes * 1e6) / 1024)
        return generate("produce", broker, TOPIC, records, size=1024, producers=count)

    return run


def tiny_keyed(bench, broker):
    records = int(bench.scaled(0.04 * GB) / 100)
    return generate("produce", broker, TOPIC, records, size=100, keys=10_000, batch_bytes=1_000, linger_ms=0)


def drain(bench, broker):
    """A consumer catches up with what lies there while a producer goes on, and isn't held up by it."""
    records = int(bench.scaled(0.3 * GB) / 1024)
    generate("produce", broker, TOPIC, records, size=1024)
    with Usage(broker) as usage:
        consumer = Background("consume", broker, TOPIC, 2 * records, partitions=6)
        produced = generate("produce", broker, TOPIC, records, size=1024)
        return consumer.result() | {"usage": usage, "produced": produced}


def retention(bench, broker):
    """The count ends when all is gone that has to go, so that each pays for its removals."""

    def is_over():
        has_removals = any(broker.data.glob(f"{TOPIC}-*/*.deleted"))
        return not has_removals and log_bytes(broker, TOPIC) <= 6 * (RETAINED + SEGMENT)

    with Usage(broker) as usage:
        run = producers(2, 300)(bench, broker)
        until(is_over, "retention has done its work", 60)
    return run | {"usage": usage}


def groups(bench, broker):
    records = int(bench.scaled(0.01 * GB) / 1024)
    generate("produce", broker, TOPIC, records, size=1024)
    with Usage(broker) as usage:
        return generate("groups", broker, TOPIC, records, groups=100) | {"usage": usage}


# name: (partitions, settings of the topic, load)
SHAPES = {
    "1 producer": (6, {}, producers(1, 300)),
    "50 producers": (6, {}, producers(50, 300)),
    "500 producers": (6, {}, producers(500, 100)),
    "keyed records in tiny batches": (6, {}, tiny_keyed),
    "1 partition": (1, {}, producers(2, 300)),
    "100 partitions": (100, {}, producers(2, 300)),
    "5,000 partitions": (5000, {}, producers(2, 300)),
    "draining while producing": (6, {}, drain),
    "retention at work": (6, {"retention_bytes": RETAINED, "segment_bytes": SEGMENT}, retention),
    "100 groups on one topic": (6, {}, groups),
}


def shapes(bench):
    with Duel(bench, log_retention_check_interval_ms=500, group_initial_rebalance_delay_ms=0) as duel:

        def measure(broker, samples):
            for name, (partitions, config, load) in SHAPES.items():
                broker.admin.create(TOPIC, partitions, **config)
                touch_memory(bench.directory, 0.4 * GB)
                with Usage(broker) as usage:
                    run = load(bench, broker)
                usage = run.get("usage", usage)
                samples.add(f"{name}: rate", run["bytes"] / 1e6 / run["seconds"])
                if produced := run.get("produced"):
                    samples.add(f"{name}: producer's rate", produced["bytes"] / 1e6 / produced["seconds"])
                samples.add(f"{name}: broker CPU", usage.cpu_s / (run["bytes"] / GB))
                broker.admin.delete(TOPIC)

        duel.rounds(measure)
    rows = []
    for name, ours in duel.milena.items():
        is_rate = name.endswith("rate")
        unit, target = ("MB/s", {"at_least": 1}) if is_rate else ("CPU-s per GB", {"at_most": 1})
        rows.append(Row(name, unit, ours, "kafka", duel.kafka[name], is_clear=True, **target))
    return rows
