"""The two brokers under test behind one interface: Milena, and real Apache Kafka as the oracle.

Both get the same server.properties, a data directory of their own, and ports that are free."""

import itertools
import os
import pathlib
import random
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

from harness import paths, wire
from harness.process import Process, until

CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"


def ports_of_this_process():
    """Below the ephemeral range, so that no client's connection takes one between now and the broker's bind; each test
    process has ports of its own, and gives none twice before it has given all: what is chosen isn't bound yet."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    own = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(range(20000 + own, 32000, processes))
    random.SystemRandom().shuffle(ports)
    return itertools.cycle(ports)


PORTS = ports_of_this_process()


def free_port():
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Broker:
    """One broker that can be started, stopped, killed and started again on the same port and directory."""

    name = ""
    host = "127.0.0.1"

    def __init__(self, directory, settings=None):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.log = self.directory / "broker.log"
        self.port = free_port()
        self.controller_port = free_port()
        self.settings = dict(settings or {})
        self.process = None
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)

    @property
    def bootstrap(self):
        return f"{self.host}:{self.port}"

    def properties(self):
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{self.host}:{self.controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{self.host}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self.data),
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            **self.settings,
        }

    def masks(self):
        """What no two brokers have in common, and what stands for it where answers are compared."""
        return {str(self.directory): "DIR", str(self.port): "PORT", str(self.controller_port): "CONTROLLER_PORT"}

    def write_properties(self):
        path = self.directory / "server.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in self.properties().items()))
        return path

    def start(self, deadline_s=60.0):
        """Starts and waits until it serves; returns the seconds from exec to the first answer."""
        begin = self.launch()
        until(self.serves, f"{self.name} serves on {self.port}, see {self.log}", deadline_s, poll_s=0.002)
        return time.monotonic() - begin

    def launch(self):
        """Starts and doesn't wait; returns the moment before exec."""
        assert self.process is None or not self.process.is_alive()
        properties = self.write_properties()
        self.prepare(properties)
        begin = time.monotonic()
        self.process = Process(self.command(properties), self.log, env=self.environment())
        return begin

    def serves(self):
        if not self.process.is_alive():
            raise SystemExit(f"{self.name} ended with {self.process.popen.returncode}:\n{self.log_tail()}")
        return wire.api_versions(self.port, host=self.host)

    def prepare(self, properties):
        """Formats an empty data directory where the broker does not do so itself."""

    def command(self, properties):
        raise NotImplementedError

    def environment(self):
        """Without what a broker would take for settings of its own."""
        return {name: value for name, value in os.environ.items() if not name.startswith(("KAFKA_", "MILENA"))}

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()

    def restart(self):
        self.stop()
        return self.start()

    def log_tail(self, bytes_max=4000):
        return self.log.read_bytes()[-bytes_max:].decode(errors="replace") if self.log.exists() else ""

    def close(self):
        if self.process:
            self.process.kill()


class Milena(Broker):
    name = "milena"
    program = paths.MILENA
    http_timeout_s = 5

    def __init__(self, directory, settings=None):
        super().__init__(directory, settings)
        self.metrics_port = free_port()

    def properties(self):
        # More than one shard on small machines as well: what goes wrong, goes wrong between shards.
        return {
            "milena.metrics.listener": f"{self.host}:{self.metrics_port}",
            "milena.shards": 2,
            **super().properties(),
        }

    def command(self, properties):
        return [self.program, "broker", properties]

    def close(self):
        super().close()
        assert "Sanitizer" not in self.log_tail(1 << 30), f"a sanitizer has reported, see {self.log}"

    def http(self, path):
        """(status, text) of the port for people and probes."""
        try:
            address = f"http://{self.host}:{self.metrics_port}{path}"
            with urllib.request.urlopen(address, timeout=self.http_timeout_s) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()


class RealKafka(Broker):
    """The oracle, with the features that Kafka turns on in a new directory."""

    name = "kafka"
    format_arguments = []
    formatter = None  # a JVM of tools that is running already
    heap = ["-Xms256M", "-Xmx768M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    jvm = [*heap, *paths.shared_classes("broker")]

    def java(self, main, *arguments):
        return [
            "java",
            *self.jvm,
            f"-Dmilena.log={self.log}",
            "-Dlog4j2.configurationFile=" f"{paths.CONF / 'log4j2-broker.properties'}",
            "-cp",
            paths.CLASSPATH,
            main,
            *map(str, arguments),
        ]

    def prepare(self, properties):
        if (self.data / "meta.properties").exists():
            return
        arguments = ["format", "-t", CLUSTER_ID, "-c", properties, *self.format_arguments]
        if self.formatter is not None:
            self.formatter.revive()
            done = self.formatter.run("kafka-storage", *arguments)
            assert done["exit"] == 0, done
            return
        subprocess.run(
            self.java("kafka.tools.StorageTool", *arguments),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )

    def command(self, properties):
        return self.java("kafka.Kafka", properties)
