"""Two brokers in turn, under the same load, on the same machine: what every measurement here shares."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time

from confluent_kafka.admin import AdminClient, NewTopic

from harness import paths
from harness.broker import Milena, RealKafka, free_port
from harness.process import Process, until

RDK_LOAD = paths.BUILD / "bin/rdk_load"
BARE_BROKER = paths.BUILD / "bin/bare_broker"
MIB = 1 << 20
GB = 1e9
SIZES = (100, 1024, 65536)  # bytes of a value


class KafkaAsShipped(RealKafka):
    """With the heap and the collector that Kafka's own start script gives it."""

    jvm = [
        "-Xms1G",
        "-Xmx1G",
        "-server",
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=20",
        "-XX:InitiatingHeapOccupancyPercent=35",
        "-XX:+ExplicitGCInvokesConcurrent",
    ]


class MilenaAsShipped(Milena):
    def properties(self):
        return {**super().properties(), "milena.shards": 0}


SUBJECT = KafkaAsShipped if os.environ.get("SUBJECT") == "kafka" else MilenaAsShipped


def load_command(mode, broker, topic, records, **options):
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return ["nice", "-n", "5", RDK_LOAD, mode, broker.bootstrap, topic, str(records), *words]


def load_result(command, process, out, err):
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {out} {err[-500:]}")
    return json.loads(out)


def generate(mode, broker, topic, records, **options):
    """One run of the load generator; what it prints."""
    command = load_command(mode, broker, topic, records, **options)
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    return load_result(command, done, done.stdout, done.stderr)


def paced(broker, topic, seconds, rate, **options):
    """Records at a steady rate for so many seconds, after one in which the client connects."""
    return generate("pace", broker, topic, int(rate * (seconds + 1)), rate=rate, settle_s=1, **options)


class Background:
    """A run of the load generator beside others; result() waits for its end."""

    def __init__(self, mode, broker, topic, records, **options):
        self.command = load_command(mode, broker, topic, records, **options)
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self):
        out, err = self.process.communicate(timeout=600)
        return load_result(self.command, self.process, out, err)


def touch_memory(directory, size):
    """In a virtual machine the first use of a page after it was free for a while is paid to the hypervisor, by whoever
    comes first: up to twice the cost of everything else. A file of the size of the load takes that out of the figures
    of both brokers."""
    block = bytes(MIB)
    path = directory / "touched"
    with open(path, "wb", buffering=0) as file:
        for _ in range(int(size) // MIB + 1):
            file.write(block)
    path.unlink()


class BareBroker:
    """What the kernel and one checksum cost under the same clients: the floor that every broker stands on. Its
    connections are controlled as Milena's are from the same host (decision 42). A context: one round."""

    name = "bare broker"

    def __init__(self, directory):
        self.directory = directory / "bare"
        self.data, self.log = self.directory, directory / "bare.log"

    def __enter__(self):
        self.directory.mkdir()
        port = free_port()
        self.bootstrap = f"127.0.0.1:{port}"
        self.process = Process([BARE_BROKER, port, self.directory, "--congestion", "reno"], self.log)
        until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None, "the bare broker listens")
        return self

    def __exit__(self, *_):
        self.process.stop()
        shutil.rmtree(self.directory)


def batch_bytes(size):
    """Of batches of 64 KiB, or of one record that is larger."""
    return max(65536, size + 1024)


def nodes_of(broker):
    """A broker, or those of a cluster; topics are on all of them."""
    return getattr(broker, "nodes", [broker])


def log_bytes(broker, topic):
    """As batches, which is what a broker moves: of records of 100 bytes a tenth more than their values. Of the copies
    in a cluster one is counted."""
    logs = [log for node in nodes_of(broker) for log in node.data.glob(f"{topic}-*/*.log")]
    return sum(log.stat().st_size for log in logs) / len(nodes_of(broker))


class Admin:
    """Topics through one admin client for each broker."""

    def __init__(self, broker):
        self.broker = broker
        self.client = AdminClient({"bootstrap.servers": broker.bootstrap, "socket.timeout.ms": 120_000, "log_level": 2})

    def create(self, name, partitions, **config):
        """Returns the seconds until every partition has a leader that metadata names."""
        config = {key.replace("_", "."): str(value) for key, value in config.items()}
        begin = time.monotonic()
        topic = NewTopic(name, partitions, len(nodes_of(self.broker)), config=config)
        self.client.create_topics([topic], request_timeout=120)[name].result(120)
        until(lambda: self.has_leaders(name, partitions), f"{name} has leaders", 120)
        return time.monotonic() - begin

    def has_leaders(self, name, partitions):
        found = self.client.list_topics(name, timeout=60).topics[name].partitions
        return len(found) == partitions and all(one.leader >= 0 for one in found.values())

    def delete(self, name):
        """Waits until the data is gone as well: its removal is work that the next figure would bear."""
        self.client.delete_topics([name])[name].result(60)
        directories = [node.data for node in nodes_of(self.broker)]
        until(lambda: not any(any(one.glob(f"{name}-*")) for one in directories), f"the data of {name} are gone", 60)


class PeakMemory(threading.Thread):
    """Samples the resident memory of processes while the block runs; the largest of them counts."""

    def __init__(self, *processes):
        super().__init__(daemon=True)
        self.processes, self.peak, self.over = processes, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            self.peak = max(self.peak, *(process.rss_bytes() for process in self.processes))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class Usage:
    """What a broker used while the block ran."""

    def __init__(self, broker):
        self.processes = [node.process for node in nodes_of(broker)]

    def total_s(self):
        return sum(process.cpu_s() for process in self.processes)

    def __enter__(self):
        self.before, self.begin = self.total_s(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.cpu_s, self.seconds = self.total_s() - self.before, time.monotonic() - self.begin


class Samples(dict):
    """The samples of one broker by the figure's name."""

    def add(self, name, value):
        self.setdefault(name, []).append(value)


class Duel:
    """Real Kafka and Milena, both running; each round loads one after the other, the first in turn."""

    def __init__(self, bench, directory=None, kinds=(KafkaAsShipped, SUBJECT), **settings):
        self.bench, self.directory = bench, directory or bench.directory
        settings = {
            "log_segment_delete_delay_ms": 250,  # memory for the next round
            "auto_create_topics_enable": "false",  # a client that asks for a deleted topic would bring it back
            **settings,
        }
        self.brokers = [bench.broker(kind, self.directory, **settings) for kind in kinds]
        self.kafka, self.milena = Samples(), Samples()

    def __enter__(self):
        try:
            for broker in self.brokers:
                broker.start()
                broker.admin = Admin(broker)
                self.warm(broker)
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, error=None, *_):
        for broker in self.brokers:
            if error is not None:
                print(f"{broker.name} said last:\n{broker.log_tail(3000)}")
            broker.close()

    def warm(self, broker):
        """A cold JVM spends several times more than a warm one."""
        for size in (1024, 100):
            records = int(self.bench.scaled(0.8 * GB) / 1024)
            broker.admin.create(f"warm-{size}", 6)
            generate("produce", broker, f"warm-{size}", records, size=size, producers=2)
            generate("consume", broker, f"warm-{size}", records, partitions=6)
            broker.admin.delete(f"warm-{size}")

    def rounds(self, measure):
        """measure(broker, samples) for each of both, in every round; one more comes first and doesn't count, so that
        both know this load as well."""
        for broker in self.brokers:
            measure(broker, Samples())
        contenders = list(zip(self.brokers, (self.kafka, self.milena)))
        for number in range(self.bench.rounds):
            for broker, samples in contenders if number % 2 else reversed(contenders):
                measure(broker, samples)

    def rounds_by_size(self, one_size):
        """one_size(broker, samples, topic, size) on a new topic of six partitions for each size, in rounds; after
        Milena on a bare broker, whose samples are returned."""
        floor_samples = Samples()

        def measure(broker, samples):
            for size in SIZES:
                topic = f"load-{size}"
                broker.admin.create(topic, 6)
                one_size(broker, samples, topic, size)
                broker.admin.delete(topic)
                if samples is self.milena:
                    with BareBroker(self.bench.directory) as floor:
                        one_size(floor, floor_samples, topic, size)

        self.rounds(measure)
        return floor_samples
