"""Groups as people use them: Kafka's tools, kcat, members that are killed, brokers that restart, directories that
change hands."""

import re
import subprocess

import pytest

from harness import tools
from harness.broker import Milena, RealKafka
from harness.compare import JAVA_UUID, Side
from harness.process import Process, until
from harness.text import lines_of_packages

SESSION = {"group.min.session.timeout.ms": 1000}


def topic(side, name, partitions, count):
    side.create_topic(name, partitions)
    for partition in range(partitions):
        lines = "".join(f"{name} {partition} {index}\n" for index in range(count)).encode()
        assert side.kcat("-P", "-t", name, "-p", partition, stdin=lines)["exit"] == 0


def groups(side, *arguments, **options):
    return side.tool("kafka-consumer-groups", *arguments, **options)


def sorted_lines(done):
    """A table whose rows come in any order."""
    return {**done, "out": sorted(re.sub(r" +", " ", line).strip() for line in done["out"].splitlines())}


def consume(side, name, group, count, *more):
    return side.tool("kafka-console-consumer", "--topic", name, "--group", group, "--from-beginning", "--max-messages",
                     count, "--command-property", "group.protocol=classic", *more)  # fmt: skip


def test_console_consumers_of_a_group_go_on_where_the_last_one_stopped(both):
    def script(side):
        topic(side, "tool-continue", 1, 30)
        return [
            consume(side, "tool-continue", "tool-continue", 10),
            consume(side, "tool-continue", "tool-continue", 15),
            groups(side, "--describe", "--group", "tool-continue"),
            side.tool("kafka-console-consumer", "--topic", "tool-continue", "--from-beginning", "--max-messages", 30),
        ]

    steps = both.same(script)
    assert steps[0]["out"].splitlines()[-1] == "tool-continue 0 9"
    assert steps[1]["out"].splitlines()[0] == "tool-continue 0 10"


def test_the_tool_describes_a_group_that_is_at_work(both):
    def script(side):
        topic(side, "tool-describe", 3, 5)
        command = [*tools.JVM, tools.MAINS["kafka-console-consumer"], "--bootstrap-server", side.bootstrap, "--topic",
                   "tool-describe", "--group", "tool-describe", "--from-beginning", "--command-property",
                   "client.id=one"]  # fmt: skip
        with subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as consumer:
            try:
                until(
                    lambda: " 0 " in groups(side, "--describe", "--group", "tool-describe")["out"],
                    "all is read and committed",
                    40,
                )
                return [
                    sorted_lines(groups(side, "--describe", "--group", "tool-describe", *more))
                    for more in ([], ["--members"], ["--members", "--verbose"], ["--state"], ["--offsets"])
                ] + [
                    groups(side, "--delete", "--group", "tool-describe"),
                    groups(side, "--delete-offsets", "--group", "tool-describe", "--topic", "tool-describe"),
                    groups(side, "--reset-offsets", "--group", "tool-describe", "--topic", "tool-describe",
                           "--to-earliest", "--execute"),
                ]  # fmt: skip
            finally:
                consumer.kill()

    offsets = both.same(script)[0]["out"]
    assert sum("tool-describe tool-describe" in line for line in offsets) == 3


def test_the_tool_resets_deletes_and_lists(both):
    def script(side):
        topic(side, "tool-reset", 2, 20)
        consume(side, "tool-reset", "tool-reset", 40)
        reset = ("--reset-offsets", "--group", "tool-reset", "--topic", "tool-reset")
        steps = [
            sorted_lines(groups(side, *reset, *how, "--execute"))
            for how in (
                ["--to-earliest"],
                ["--to-latest"],
                ["--shift-by", "-5"],
                ["--to-offset", "7"],
                ["--to-current"],
                ["--by-duration", "P1D"],
            )
        ]
        steps.append(sorted_lines(groups(side, *reset[:-1], "tool-reset:1", "--to-offset", "3", "--dry-run")))
        steps.append(groups(side, *reset[:3], "--to-earliest", "--all-topics", "--export", "--dry-run"))
        steps.append(groups(side, "--reset-offsets", "--group", "nobody", "--topic", "tool-reset", "--to-earliest",
                            "--execute"))  # fmt: skip
        steps.append(sorted_lines(groups(side, "--describe", "--group", "tool-reset")))
        steps.append(groups(side, "--delete-offsets", "--group", "tool-reset", "--topic", "tool-reset:0"))
        steps.append(groups(side, "--delete-offsets", "--group", "tool-reset", "--topic", "nowhere"))
        steps.append(groups(side, "--describe", "--group", "tool-reset"))
        steps.append(groups(side, "--describe", "--group", "nobody"))
        listed = groups(side, "--list", "--state")["out"].splitlines()
        steps.append([line.split() for line in listed if "tool-reset" in line])
        listed = side.tool("kafka-groups", "--list")["out"].splitlines()
        steps.append([line.split() for line in listed if "tool-reset" in line])
        steps.append(groups(side, "--delete", "--group", "tool-reset"))
        steps.append(groups(side, "--delete", "--group", "tool-reset"))
        return steps

    both.same(script)


def test_kcat_reads_as_a_group(both):
    def script(side):
        topic(side, "kcat-group", 2, 50)
        options = ("-G", "kcat-group", "-X", "auto.offset.reset=earliest", "-q", "-f", "%t %p %o %s\n")
        first = side.kcat(*options, "-c", 60, "kcat-group")
        second = side.kcat(*options, "-e", "kcat-group")
        rows = sorted(first["out"].splitlines() + second["out"].splitlines())
        return first["exit"], second["exit"], len(set(rows)), rows

    exit_first, exit_second, distinct, rows = both.same(script)
    assert (exit_first, exit_second, distinct) == (0, 0, 100) and len(rows) == 100


class Reader:
    """A console consumer in a process of its own, and what it has read."""

    def __init__(self, broker, name, group, number):
        self.path = broker.directory / f"reader-{group}-{number}.txt"
        properties = {"session.timeout.ms": 3000, "heartbeat.interval.ms": 300, "auto.commit.interval.ms": 200,
                      "group.protocol": "classic"}  # fmt: skip
        options = [word for item in properties.items() for word in ("--command-property", "=".join(map(str, item)))]
        shown = [word for what in ("offset", "partition") for word in ("--formatter-property", f"print.{what}=true")]
        with open(self.path, "wb") as output:
            self.process = Process(
                [*tools.JVM, tools.MAINS["kafka-console-consumer"], "--bootstrap-server", broker.bootstrap, "--topic",
                 name, "--group", group, "--from-beginning", *options, *shown],
                broker.directory / f"reader-{group}-{number}.log", stdout=output)  # fmt: skip

    def rows(self):
        """{(partition, offset): line} of whole lines."""
        rows = {}
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            partition, offset, text = line.split(b"\t", 2)
            rows[int(partition.split(b":")[1]), int(offset.split(b":")[1])] = text
        return rows


def test_three_consumers_one_of_them_killed_read_a_text_exactly(make_broker, jvm):
    broker = make_broker(SESSION)
    broker.start()
    side = Side(broker, jvm)
    name, partitions = "killed", 6
    side.tool("kafka-topics", "--create", "--topic", name, "--partitions", partitions)
    lines = lines_of_packages(6_000_000)
    parts = [lines[partition::partitions] for partition in range(partitions)]

    def produce(begin, end):
        for partition, part in enumerate(parts):
            some = b"".join(line + b"\n" for line in part[int(len(part) * begin) : int(len(part) * end)])
            assert side.kcat("-P", "-t", name, "-p", partition, "-z", "lz4", stdin=some)["exit"] == 0

    produce(0, 0.5)
    readers = [Reader(broker, name, "killed", number) for number in range(3)]

    def members():
        out = groups(side, "--describe", "--group", "killed", "--members")["out"].splitlines()
        return [int(line.split()[-1]) for line in out if line.startswith("killed")]

    until(lambda: members() == [2, 2, 2], "three members share six partitions", 60)
    readers[0].process.kill()
    produce(0.5, 1)
    expected = {(partition, offset): line for partition, part in enumerate(parts) for offset, line in enumerate(part)}

    def everything():
        rows = {}
        for reader in readers:
            rows.update(reader.rows())
        return rows if len(rows) >= len(expected) else None

    assert until(everything, "all is read", 60) == expected
    until(lambda: members() == [3, 3], "the two that are left share the partitions", 30)

    def lags():
        out = groups(side, "--describe", "--group", "killed")["out"].splitlines()
        return [line.split()[5] for line in out if line.startswith("killed")]

    until(lambda: lags() == ["0"] * partitions, "no lag is left", 30)
    if isinstance(broker, Milena):
        sample = r'^milena_consumer_lag_(?:records|seconds)\{group="killed",topic="killed",partition="\d"\} (\S+)$'
        until(lambda: [float(one) for one in re.findall(sample, broker.http("/metrics")[1], re.M)] == [0.0] * 12,
              "/metrics shows no lag", 30)  # fmt: skip
        text = broker.http("/metrics")[1]
        counted = {name: float(value) for name, value in re.findall(r"^(milena_group\S+) (\S+)$", text, re.M)}
        assert counted['milena_groups{state="Stable"}'] == 1 and counted["milena_group_members"] == 2
        assert counted["milena_group_members_expired_total"] == 1 and counted["milena_group_rebalances_total"] >= 2
        assert counted["milena_group_offset_commits_total"] >= partitions
        assert counted["milena_group_partitions_loading"] == counted["milena_group_partitions_unloaded"] == 0
    for reader in readers:
        reader.process.kill()


def committed(side, group):
    """{(topic, partition): offset}"""
    out = groups(side, "--describe", "--group", group)["out"].splitlines()
    rows = [line.split() for line in out if line.startswith(group)]
    return {(row[1], int(row[2])): int(row[3]) for row in rows if row[3] != "-"}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restarted_broker_knows_what_was_committed(make_broker, jvm, how):
    broker = make_broker()
    broker.start()
    side = Side(broker, jvm)
    topic(side, "restart", 3, 100)
    for number in range(5):
        consume(side, "restart", f"restart-{number}", 300)
    before = [committed(side, f"restart-{number}") for number in range(5)]
    assert all(sum(offsets.values()) == 300 for offsets in before)
    getattr(broker, how)()
    broker.start()
    assert [committed(side, f"restart-{number}") for number in range(5)] == before
    assert consume(side, "restart", "restart-0", 1, "--timeout-ms", "500")["out"] == ""


def test_commits_are_answered_when_they_are_durable_and_compressed_if_wanted(make_broker, jvm):
    broker = make_broker({"log.flush.interval.messages": 1, "offsets.topic.compression.codec": 4,
                          "offsets.topic.num.partitions": 3, "milena.shards": 3})  # fmt: skip
    broker.start()
    side = Side(broker, jvm)
    topic(side, "durable", 3, 20)
    for number in range(4):
        consume(side, "durable", f"durable-{number}", 60)
    before = [committed(side, f"durable-{number}") for number in range(4)]
    assert all(sum(offsets.values()) == 60 for offsets in before)
    broker.kill()
    logs = [path for path in broker.data.glob("__consumer_offsets-*/*.log") if path.stat().st_size]
    assert len(list(broker.data.glob("__consumer_offsets-*"))) <= 3
    for log in logs:
        assert "compresscodec: zstd" in jvm.run("kafka-dump-log", "--files", log)["out"]
    broker.start()
    assert [committed(side, f"durable-{number}") for number in range(4)] == before


@pytest.mark.parametrize(("first", "second"), [(RealKafka, Milena), (Milena, RealKafka)])
def test_a_directory_changes_hands_with_its_groups(make_broker, jvm, first, second):
    writer = make_broker(kind=first)
    writer.start()
    side = Side(writer, jvm)
    topic(side, "handed", 2, 50)
    consume(side, "handed", "handed-console", 100)
    assert side.kcat("-G", "handed-kcat", "-X", "auto.offset.reset=earliest", "-q", "-e", "handed")["exit"] == 0
    groups(side, "--reset-offsets", "--group", "handed-simple", "--topic", "handed", "--to-offset", 7, "--execute")
    names = ["handed-console", "handed-kcat", "handed-simple"]
    until(lambda: all(committed(side, name) for name in names), "all has committed")
    before = [committed(side, name) for name in names]
    writer.stop()

    reader = make_broker(kind=second)
    reader.data = writer.data
    reader.port, reader.controller_port = writer.port, writer.controller_port
    reader.start()
    other = Side(reader, jvm)
    until(lambda: set(names) <= set(groups(other, "--list")["out"].split()), "the groups are there", 30)
    assert [committed(other, name) for name in names] == before
    # And they go on with it.
    assert other.kcat("-P", "-t", "handed", "-p", 0, stdin=b"one more\n")["exit"] == 0
    assert consume(other, "handed", "handed-console", 1)["out"] == "one more\n"
    assert committed(other, "handed-console")[("handed", 0)] == 51


def test_kafka_dumps_what_coordinators_write(make_broker, jvm):
    def script(kind):
        broker = make_broker(kind=kind)
        broker.start()
        side = Side(broker, jvm)
        topic(side, "dumped", 1, 10)
        consume(side, "dumped", "dumped", 10)
        groups(side, "--delete", "--group", "dumped")
        broker.stop()
        (log,) = [path for path in broker.data.glob("__consumer_offsets-*/*.log") if path.stat().st_size]
        out = jvm.run("kafka-dump-log", "--files", log, "--offsets-decoder")["out"]
        rows = [line for line in out.splitlines() if "payload" in line]
        masked = r"CreateTime: \d+|keySize: \d+|valueSize: \d+|imestamp\": ?-?\d+|topicId\":\"[^\"]*"
        return [re.sub(masked, "", JAVA_UUID.sub("UUID", row)) for row in rows]

    assert script(Milena) == script(RealKafka)
