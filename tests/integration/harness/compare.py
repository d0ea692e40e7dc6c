"""The heart of the compatibility tests: one script, run against Milena and against real Kafka, must give one answer.

A script is a function of a Side that returns anything made of dicts, lists, strings and numbers. What has to differ
(ports, directories, random ids, the clock) is normalised away; everything else counts."""

import concurrent.futures
import dataclasses
import difflib
import json
import os
import re

from harness import tools
from harness.broker import Broker, RealKafka


def request(api, version, body, **options):
    """A line for java/Requests.java."""
    return {"api": api, "version": version, "body": body, **options}


def plain(tool, also_without=()):
    """What a tool said, without where in the client an exception was made, and without lines that begin so."""
    unwanted = ("\tat ", *also_without)
    return {**tool, "err": [line for line in tool["err"].splitlines() if not line.startswith(unwanted)]}


@dataclasses.dataclass
class Side:
    """A broker together with the clients that talk to it."""

    broker: Broker
    jvm: tools.ToolServer

    @property
    def bootstrap(self):
        return self.broker.bootstrap

    def at(self, node_id):
        """One broker of a cluster."""
        return Side(self.broker.node(node_id), self.jvm)

    def kcat(self, *arguments, stdin=b"", deadline_s=60.0):
        done = tools.kcat("-b", self.bootstrap, *arguments, stdin=stdin, deadline_s=deadline_s)
        return {**done, "out": done["out"].decode(errors="backslashreplace")}

    def tool(self, name, *arguments, **options):
        return self.jvm.run(name, "--bootstrap-server", self.bootstrap, *arguments, **options)

    def create_topic(self, name, partitions=1, *arguments):
        made = self.tool("kafka-topics", "--create", "--topic", name, "--partitions", partitions, *arguments)
        assert made["exit"] == 0, made

    def clients(self, scenario, *arguments, **options):
        """The JSON lines that a scenario of java/Clients.java prints."""
        done = self.jvm.run("clients", self.bootstrap, scenario, *arguments, **options)
        assert done["exit"] == 0, done
        return [json.loads(line) for line in done["out"].splitlines()]

    def requests(self, *lines, **options):
        """{name: answer} of raw requests; see java/Requests.java."""
        stdin = "".join(json.dumps(line) + "\n" for line in lines)
        done = self.jvm.run("requests", self.bootstrap, stdin=stdin, **options)
        assert done["exit"] == 0, done
        return [json.loads(line) for line in done["out"].splitlines()]


CONFIGS = re.compile(r"Configs: ([^\n\t]*)")  # kafka-topics gives them in the order of a hash table
JAVA_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")  # in member ids
UUID = re.compile(r"(?<![\w/+=-])[A-Za-z0-9_-]{22}(?![\w/+=-])")
MASKS = [
    (
        re.compile(r"%\d\|[\d.]+\|GETPID\|[^\n]*load in progress: retrying\n"),
        "",
    ),  # the first one waits for a block of ids
    (re.compile(r"Processed a total of \d+ messages"), "Processed messages"),
    (re.compile(r"%(\d)\|\d+\.\d+\|"), r"%\1|TIME|"),  # librdkafka's log prefix
    (re.compile(r"\[thrd:[^\]]*\]"), "[thrd:]"),
    (re.compile(r"rdkafka#(producer|consumer)-\d+"), r"rdkafka#\1"),
    (re.compile(r"\b(adminclient|producer|consumer)-\d+\b"), r"\1"),
    (re.compile(r"\(after \d+ms in state [^)]*\)"), "(after)"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[,.:]\d+"), "DATE"),
    (re.compile(r"\b1[6-9]\d{11}\b"), "MILLIS"),  # a wall clock of this decade
    (re.compile(r"\b\d+ ms\b"), "N ms"),
    (re.compile(r"-92233\d{14}\b"), "BEFORE"),  # now less the longest time
    # How reflection calls a tool changes with the number of calls, and the classes that it makes are counted.
    (re.compile(r"\tat (?:java\.base/)?jdk\.internal\.reflect\.[^\n]*\n"), ""),
    (re.compile(r"\t\.\.\. \d+ more"), "\t... more"),
    # How a client words a time-out depends on what it was waiting for at that moment.
    (
        re.compile(
            r"Call\(callName=[^\n]*? attempt\(s\)|Timed out waiting for a node assignment\. Call: \w+\(api=\w+\)"
        ),
        "TIMED OUT",
    ),
]


def sort_configs(words):
    return CONFIGS.sub(lambda found: "Configs: " + ",".join(sorted(found[1].split(","))), words)


def normalise(value, side):
    """The answer of one side without what must differ. Random ids become ID0, ID1, … in the order they appear."""
    ids = {}
    own = {re.compile(rf"(?<!\w){re.escape(word)}(?!\w)"): mask for word, mask in side.broker.masks().items()}

    def text(words):
        words = sort_configs(words)
        for pattern, mask in own.items():
            words = pattern.sub(mask, words)
        for pattern, replacement in MASKS:
            words = pattern.sub(replacement, words)
        words = JAVA_UUID.sub(lambda found: ids.setdefault(found[0], f"ID{len(ids)}"), words)
        return UUID.sub(lambda found: ids.setdefault(found[0], f"ID{len(ids)}"), words)

    def walk(node):
        if isinstance(node, dict):
            return {text(str(key)): walk(child) for key, child in node.items()}
        if isinstance(node, (list, tuple)):
            return [walk(child) for child in node]
        if isinstance(node, int) and not isinstance(node, bool):
            number = text(str(node))
            return node if number == str(node) else number
        return text(node) if isinstance(node, str) else node

    return walk(value)


class Pair:
    """Milena and real Kafka, asked the same at the same time."""

    def __init__(self, milena, kafka):
        self.sides = (milena, kafka)

    @classmethod
    def started(cls, make_broker, sides, settings):
        """Two brokers of a test's own, with the same settings and the tools of the shared ones."""
        brokers = [make_broker(settings), make_broker(settings, RealKafka)]
        for broker in brokers:
            broker.start()
        return cls(*(Side(broker, side.jvm) for broker, side in zip(brokers, sides)))

    def answers(self, script):
        for side in self.sides:
            side.jvm.revive()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            running = [pool.submit(script, side) for side in self.sides]
            return [normalise(answer.result(), side) for answer, side in zip(running, self.sides)]

    def same(self, script):
        """Runs the script on both sides, fails with a diff unless the answers are equal, and returns the answer."""
        milena, kafka = self.answers(script)
        test = re.sub(r"\W+", "-", os.environ.get("PYTEST_CURRENT_TEST", "script").split("::")[-1])
        for side, answer in zip(self.sides, (milena, kafka)):
            (side.broker.directory / f"answer-{test}.json").write_text(json.dumps(answer, indent=1, default=str))
        if milena != kafka:
            lines = (json.dumps(side, indent=1, sort_keys=True, default=str).splitlines() for side in (kafka, milena))
            diff = difflib.unified_diff(*lines, "kafka", "milena", lineterm="", n=2)
            raise AssertionError("Milena answers differently:\n" + "\n".join(diff))
        return kafka
