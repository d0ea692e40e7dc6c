"""The programs of tests/clients, each of which drives one client through the same script."""

import dataclasses
import json
import subprocess
import sys

from harness import paths
from harness.process import Process
from harness.tools import JVM

BUILT = paths.BUILD / "clients"
SOURCES = paths.REPOSITORY / "tests/clients"


@dataclasses.dataclass
class Client:
    name: str
    language: str
    command: list
    codecs: tuple = ("none", "gzip", "snappy", "lz4", "zstd")

    def run(self, bootstrap, name, deadline_s=60):
        """The JSON lines that the program prints."""
        done = subprocess.run(
            [*map(str, self.command), bootstrap, name],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=deadline_s,
        )
        assert done.returncode == 0, f"{self.name}: {done.stdout}\n{done.stderr}"
        return {line["step"]: line["value"] for line in map(json.loads, done.stdout.splitlines())}


def java(lib):
    return [*JVM[:-1], f"{BUILT / 'java/classes'}:{lib}/*", "ClientScript"]


def python(name):
    return [sys.executable, SOURCES / "python" / f"with_{name}.py"]


CLIENTS = [
    Client("kafka-clients, of today", "Java", java(paths.KAFKA_LIB)),
    Client("kafka-clients, old", "Java", java(BUILT / "java/lib")),
    Client("librdkafka", "C++", [BUILT / "librdkafka"]),
    Client("confluent-kafka", "Python", python("confluent_kafka")),
    Client("kafka-python", "Python", python("kafka_python")),
    Client("aiokafka", "Python", python("aiokafka")),
    Client("kafkajs", "JavaScript", ["node", BUILT / "kafkajs/main.js"]),
    Client("franz-go", "Go", [BUILT / "franz-go"]),
    Client("sarama", "Go", [BUILT / "sarama"]),
]


class SteadyClient:
    """A program of tests/clients that sends and reads until it is told to end. Made by the main thread."""

    def __init__(self, command, log, bootstrap, topic, partitions):
        words = [*command, bootstrap, topic, partitions]
        self.process = Process(words, log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def wait_until_begun(self):
        assert json.loads(self.process.popen.stdout.readline()) == "begun", self.process.log

    def end(self, deadline_s=40):
        """What has come of it."""
        out, _ = self.process.popen.communicate(b"end\n", timeout=deadline_s)
        return json.loads(out)


STEADY_COMMANDS = {
    "java": [*JVM, "SteadyClient"],
    "franz-go": [BUILT / "franz-go"],
}
