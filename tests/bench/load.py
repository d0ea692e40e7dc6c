#!/usr/bin/env python3
"""The bench: Milena against real Apache Kafka in the same run, in turn, each warmed, in interleaved rounds.

  load.py [--quick] [--only REGEX] [--rounds N] [--data DIRECTORY] [--out FILE]

Every row has a target from the foundation issue or none; a row that misses its target fails the run. The results go to
docs/measurements/<date>-<commit>.json, except with --quick or --only, which write only to --out. CPU time is the broker
process's own (user and system), which says more than rates on a machine that the load shares with the broker. Data lies
on tmpfs where there is one with enough room: a device's noise is not the broker's."""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from confluent_kafka.admin import AdminClient, NewTopic  # noqa: E402

from harness import measurement, paths  # noqa: E402
from harness.broker import Milena, RealKafka  # noqa: E402
from harness.process import until  # noqa: E402
from statistic import HEADER, Row  # noqa: E402

RDK_LOAD = paths.BUILD / "bin/rdk_load"
BARE_LOOP = paths.BUILD / "bin/bare_loop"
MIB = 1 << 20


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


SUBJECT = KafkaAsShipped if os.environ.get("SUBJECT") == "kafka" else Milena


def generate(mode, broker, topic, records, **options):
    """One run of the load generator; what it prints."""
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    done = subprocess.run(
        ["nice", "-n", "5", RDK_LOAD, mode, broker.bootstrap, topic, str(records), *words],
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{mode} {topic} on {broker.name}: {done.stdout} {done.stderr[-500:]}")
    return json.loads(done.stdout)


def touch_memory(directory, size):
    """In a virtual machine the first use of a page after it was free for a while is paid to the hypervisor, by whoever
    comes first: up to twice the cost of everything else. A file of the size of the load takes that out of the figures
    of both brokers."""
    block = bytes(MIB)
    path = directory / "touched"
    with open(path, "wb", buffering=0) as file:
        for _ in range(size // MIB + 1):
            file.write(block)
    path.unlink()


def data_directory(bytes_needed):
    """On tmpfs if it has room, else where everything else lies."""
    memory = pathlib.Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > bytes_needed
    paths.TEMPORARY.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(tempfile.mkdtemp(prefix="milena-bench-", dir=memory if has_room else paths.TEMPORARY))


class Admin:
    """Topics through one admin client for each broker."""

    def __init__(self, broker):
        self.client = AdminClient({"bootstrap.servers": broker.bootstrap, "socket.timeout.ms": 120_000, "log_level": 2})

    def create(self, name, partitions):
        """Returns the seconds until every partition has a leader that metadata names."""
        begin = time.monotonic()
        self.client.create_topics([NewTopic(name, partitions, 1)], request_timeout=120)[name].result(120)
        until(lambda: self.has_leaders(name, partitions), f"{name} has leaders", 120)
        return time.monotonic() - begin

    def has_leaders(self, name, partitions):
        found = self.client.list_topics(name, timeout=60).topics[name].partitions
        return len(found) == partitions and all(one.leader >= 0 for one in found.values())

    def delete(self, name):
        self.client.delete_topics([name])[name].result(60)


class PeakMemory(threading.Thread):
    """Samples the resident memory of a process while the block runs."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.peak, self.over = process, 0, threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            self.peak = max(self.peak, self.process.rss_bytes())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class Bench:
    """Holds what all measurements share; each measurement returns rows."""

    def __init__(self, arguments, directory):
        self.quick, self.directory = arguments.quick, directory
        self.rounds = arguments.rounds or (3 if arguments.quick else 5)
        self.made = 0

    def broker(self, kind, **settings):
        self.made += 1
        return kind(
            self.directory / f"{kind.name}-{self.made}",
            {key.replace("_", "."): value for key, value in settings.items()},
        )

    def throughput(self):
        """CPU of the broker for every GB that librdkafka produces and fetches."""
        brokers = [self.broker(KafkaAsShipped), self.broker(SUBJECT)]
        results = {}
        try:
            admins = []
            for broker in brokers:
                broker.start()
                admins.append(Admin(broker))
            self.warm(brokers, admins)
            for number in range(self.rounds):
                for broker, admin in zip(brokers, admins) if number % 2 else reversed(list(zip(brokers, admins))):
                    for size, gigabytes in ((1024, 0.25 if self.quick else 1), (100, 0.1 if self.quick else 0.4)):
                        self.one_round(broker, admin, size, int(gigabytes * 1e9 / size), results)
                self.bare_round(results)
        finally:
            for broker in brokers:
                broker.close()
        milena, kafka, bare = results[brokers[1]], results[brokers[0]], results[BARE_LOOP]
        rows = [Row(name, "CPU-s per GB", values) for name, values in bare.items()]
        for name in milena:
            target = None if "CPU" not in name else 0.5 if "produce" in name else 1.0
            unit = "CPU-s per GB" if "CPU" in name else "MB/s" if "rate" in name else "MiB"
            rows.append(Row(name, unit, milena[name], kafka[name], target, target is not None))
        return rows

    def warm(self, brokers, admins):
        """A cold JVM spends several times more than a warm one."""
        for broker, admin in zip(brokers, admins):
            for size in (1024, 100):
                records = int((0.2 if self.quick else 0.8) * 1e9 / 1024)
                admin.create(f"warm-{size}", 6)
                generate("produce", broker, f"warm-{size}", records, size=size, producers=2)
                generate("consume", broker, f"warm-{size}", records, partitions=6)
                admin.delete(f"warm-{size}")

    def one_round(self, broker, admin, size, records, results):
        mine = results.setdefault(broker, {})
        topic = f"load-{size}"
        admin.create(topic, 6)
        touch_memory(self.directory, int(records * size * 1.3))
        for mode, options in (
            ("produce", {"size": size, "producers": 2, "acks": "all"}),
            ("consume", {"partitions": 6}),
        ):
            before = broker.process.cpu_s()
            run = generate(mode, broker, topic, records, **options)
            gigabytes = run["bytes"] / 1e9
            label = f"{'fetch' if mode == 'consume' else mode} {size} B"
            mine.setdefault(f"{label}: broker CPU", []).append((broker.process.cpu_s() - before) / gigabytes)
            mine.setdefault(f"{label}: rate", []).append(run["bytes"] / 1e6 / run["seconds"])
        mine.setdefault(f"memory after {size} B", []).append(broker.process.rss_bytes() / MIB)
        admin.delete(topic)

    def bare_round(self, results):
        """What the kernel and one checksum cost: the floor that every broker stands on."""
        mine = results.setdefault(BARE_LOOP, {})
        gigabytes = 0.25 if self.quick else 1
        for mode in ("produce", "fetch"):
            touch_memory(self.directory, int(gigabytes * 1.3e9))
            command = [BARE_LOOP, mode, self.directory, str(gigabytes)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
            mine.setdefault(f"bare loop, {mode}", []).append(json.loads(done.stdout)["cpu_s_per_gb"])

    def start(self):
        """How soon it serves on an empty directory, and how small it is then."""
        seconds, idle, theirs, their_idle = [], [], [], []
        for _ in range(5 if self.quick else 20):
            broker = self.broker(SUBJECT)
            seconds.append(broker.start() * 1000)
            idle.append(broker.process.rss_bytes() / MIB)
            broker.close()
        for _ in range(1 if self.quick else 5):
            broker = self.broker(KafkaAsShipped)
            theirs.append(broker.start() * 1000)
            their_idle.append(broker.process.rss_bytes() / MIB)
            broker.close()
        return [
            Row("ready on an empty directory", "ms", seconds, theirs, 100),
            Row("memory idle", "MiB", idle, their_idle, 32),
        ]

    def thousand_partitions(self):
        """1 GB in 1,000 partitions: memory at full load, and how soon it serves after kill -9."""
        answers = {}
        for kind in (SUBJECT,) if self.quick else (KafkaAsShipped, SUBJECT):
            broker = self.broker(kind)
            try:
                broker.start()
                Admin(broker).create("thousand", 1000)
                with PeakMemory(broker.process) as memory:
                    generate("produce", broker, "thousand", 1_000_000, size=1024, producers=2)
                seconds = []
                for _ in range(3 if self.quick else 5):
                    generate("produce", broker, "thousand", 20_000, size=1024)
                    broker.kill()
                    seconds.append(broker.start(120))
                answers[kind] = [memory.peak / MIB], seconds
            finally:
                broker.close()
        milena, kafka = answers[SUBJECT], answers.get(KafkaAsShipped, (None, None))
        return [
            Row("memory at full load, 1,000 partitions", "MiB", milena[0], kafka[0], 128),
            Row("ready after kill -9, 1 GB in 1,000", "s", milena[1], kafka[1], 2),
        ]

    def ten_thousand_partitions(self):
        """One topic of 10,000 partitions; Kafka refuses so many in one request and gets ten topics of 1,000."""
        seconds, memory, descriptors, theirs = [], [], [], []
        for _ in range(1 if self.quick else 3):
            broker = self.broker(SUBJECT)
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
        if not self.quick:
            broker = self.broker(KafkaAsShipped)
            try:
                broker.start()
                admin = Admin(broker)
                theirs.append(sum(admin.create(f"wide-{index}", 1000) for index in range(10)))
            finally:
                broker.close()
        return [
            Row("create a topic of 10,000 partitions", "s", seconds, theirs or None, 2),
            Row("memory of an idle partition", "KiB", memory, None, 4),
            Row("descriptors of an idle partition", "files", descriptors, None, 0.001),
        ]


def file_system(directory):
    words = subprocess.run(["stat", "--file-system", "--format=%T", directory], capture_output=True, text=True)
    return words.stdout.strip()


def report(rows, arguments, seconds, data):
    print(f"\n{HEADER}")
    for row in rows:
        print(row.as_text())
    document = {
        **measurement.head(),
        "subject": SUBJECT.name,
        "oracle": "Apache Kafka 4.3.1",
        "quick": arguments.quick,
        "seconds": round(seconds),
        "data": data,
        "rows": [row.as_json() for row in rows],
    }
    out = arguments.out
    if out is None and not arguments.quick and not arguments.only:
        out = measurement.path_of()
    if out:
        pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(out).write_text(json.dumps(document, indent=1) + "\n")
        print(f"\nwritten: {out}")
    failed = [row.name for row in rows if not row.passes()]
    print(f"\n{len(rows) - len(failed)} passed, {len(failed)} failed" + (f": {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three small rounds, under three minutes")
    parser.add_argument("--only", help="only the measurements whose name matches: throughput, start, thousand, ten")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--data", help="an empty directory for the brokers' data, instead of tmpfs")
    parser.add_argument("--out", help="where the JSON goes")
    arguments = parser.parse_args()
    directory = data_directory(bytes_needed=8e9) if arguments.data is None else pathlib.Path(arguments.data)
    begin, rows = time.monotonic(), []
    try:
        bench = Bench(arguments, directory)
        data = file_system(directory)
        for measure in (bench.start, bench.ten_thousand_partitions, bench.thousand_partitions, bench.throughput):
            if not arguments.only or re.search(arguments.only, measure.__name__):
                print(f"{time.monotonic() - begin:6.1f} s: {measure.__name__}", flush=True)
                rows += measure()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(report(rows, arguments, time.monotonic() - begin, data))


if __name__ == "__main__":
    main()
