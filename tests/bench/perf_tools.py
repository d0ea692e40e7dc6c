"""Kafka's own perf tools: what everybody measures a broker by. At 100 bytes the tool itself takes the time that there
is, so that no broker can be faster by much, and chance decides which one is; none may be slower."""

from duel import GB, Duel, Usage, log_bytes, touch_memory
from harness import tools
from statistic import Row

VOLUME = 0.2 * GB
SIZES = (100, 1024)  # bytes of a value


class PerfTools:
    """Both tools in one warm JVM."""

    def __init__(self, directory):
        self.jvm = tools.ToolServer(directory)

    def run(self, tool, broker, *arguments):
        done = self.jvm.run(tool, "--bootstrap-server", broker.bootstrap, *arguments)
        if done["exit"] != 0:
            raise RuntimeError(f"{tool}: {done}")
        return done["out"].splitlines()

    def produce(self, broker, topic, records, size):
        """MB/s as the tool says: "... records sent, ... records/sec (12.3 MB/sec), ..."."""
        lines = self.run("kafka-producer-perf-test", broker, "--topic", topic, "--num-records", records,
                         "--record-size", size, "--throughput", -1)  # fmt: skip
        return float(lines[-1].split("(")[1].split()[0])

    def consume(self, broker, topic, records, _):
        lines = self.run("kafka-consumer-perf-test", broker, "--topic", topic, "--num-records", records,
                         "--group", topic, "--timeout", 60_000)  # fmt: skip
        row = dict(zip(lines[-2].split(", "), lines[-1].split(", "), strict=True))
        if int(row["data.consumed.in.nMsg"]) < records:
            raise RuntimeError(f"consumed too little: {row}")
        return float(row["fetch.MB.sec"])


def perf_tools(bench):
    """Produce, then fetch what was produced, each as the tool does by default."""
    with Duel(bench) as duel:
        perf = PerfTools(bench.directory)
        try:

            def measure(broker, samples):
                for size in SIZES:
                    one_size(bench, broker, samples, size, perf)

            duel.rounds(measure)
        finally:
            perf.jvm.close()
    rows = []
    for size in SIZES:
        for what in ("produce", "fetch"):
            cpu, rate = (f"perf tool, {what} {size} B: {figure}" for figure in ("broker CPU", "rate"))
            rows += [
                Row(cpu, "CPU-s per GB", duel.milena[cpu], "kafka", duel.kafka[cpu], at_most=1, is_clear=True),
                Row(rate, "MB/s", duel.milena[rate], "kafka", duel.kafka[rate], at_least=1, may_tie=True),
            ]
    return rows


def one_size(bench, broker, samples, size, perf):
    records, topic = int(bench.scaled(VOLUME) / size), f"perf-{size}"
    broker.admin.create(topic, 6)
    touch_memory(bench.directory, records * size * 1.3)
    for what, run in (("produce", perf.produce), ("fetch", perf.consume)):
        with Usage(broker) as usage:
            rate = run(broker, topic, records, size)
        samples.add(f"perf tool, {what} {size} B: broker CPU", usage.cpu_s / (log_bytes(broker, topic) / GB))
        samples.add(f"perf tool, {what} {size} B: rate", rate)
    broker.admin.delete(topic)
