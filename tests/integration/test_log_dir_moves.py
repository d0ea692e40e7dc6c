"""Replicas move between the log directories of one broker (KIP-113) while they are in use."""

import json
import pathlib
import random
import time

import pytest

from harness.broker import Milena, RealKafka
from harness.compare import Pair, Side, request
from harness.process import until


def with_two_directories(broker):
    broker.settings["log.dirs"] = f"{broker.directory / 'data'},{broker.directory / 'data2'}/"  # the slash is not shown
    return broker


def directory(side, number):
    return str(side.broker.directory / ("data", "data2")[number])


@pytest.fixture
def pair(make_broker, sides):
    brokers = [with_two_directories(make_broker(kind=kind)) for kind in (Milena, RealKafka)]
    for broker in brokers:
        broker.start()
    return Pair(*(Side(broker, side.jvm) for broker, side in zip(brokers, sides)))


def fill(side, name, first, count, partition=0, size=100):
    lines = "".join(f"{number}:{'x' * size}\n" for number in range(first, first + count))
    made = side.kcat("-P", "-t", name, "-p", partition, "-K:", "-X", "acks=all", stdin=lines.encode())
    assert made["exit"] == 0, made


def bytes_on_disk(log_dir, partition):
    return sum(log.stat().st_size for log in pathlib.Path(log_dir, partition).glob("*.log"))


def keys(side, name, partition=0):
    read = side.kcat("-C", "-t", name, "-p", partition, "-o", "beginning", "-e", "-q", "-f", "%k\n")
    assert read["exit"] == 0, read
    return [int(word) for word in read["out"].split()]


def moves(version, *dirs):
    rows = [
        {"path": path, "topics": [{"name": name, "partitions": found} for name, found in topics]}
        for path, topics in dirs
    ]
    return request("AlterReplicaLogDirs", version, {"dirs": rows})


def replicas(side, name):
    """{partition: [(directory, is_future, lag, size)]}"""
    asked = request("DescribeLogDirs", 4, {"topics": None})
    found = {}
    for row in side.requests(asked)[0]["value"]["results"]:
        for described in row["topics"]:
            for part in described["partitions"] if described["name"] == name else []:
                place = (row["logDir"], part["isFutureKey"], part["offsetLag"], part["partitionSize"])
                found.setdefault(part["partitionIndex"], []).append(place)
    return found


def is_settled(side, name, target):
    found = replicas(side, name)
    return all([place[:2] for place in places] == [(target, False)] for places in found.values()) and bool(found)


def test_what_cannot_move_is_refused_alike(pair):
    def script(side):
        side.create_topic("refused", 2)
        here, there = directory(side, 0), directory(side, 1)
        lines = [
            moves(version, *dirs)
            for version in (1, 2)
            for dirs in (
                [],
                [("/nowhere", [("refused", [0])])],
                [("relative", [("refused", [0])])],
                [("", [("refused", [0])])],
                [(there, [("refused", [9]), ("unknown", [0])])],
                [("/nowhere", [("unknown", [0])])],
                [(there, [("__cluster_metadata", [0])])],
                [(here, [("refused", [0, 1])])],
            )
        ]
        answers = side.requests(*lines)
        for answer in answers:
            for row in answer["value"]["results"]:
                row["partitions"].sort(key=lambda part: part["partitionIndex"])
            answer["value"]["results"].sort(key=lambda row: row["topicName"])
        return answers

    pair.same(script)


def test_the_reassignment_tool_moves_replicas_and_nothing_is_lost(pair):
    def script(side):
        side.create_topic("moved", 2)
        for partition in (0, 1):
            fill(side, "moved", 0, 500, partition)
        said = []
        for number in (1, 0, 1):
            target = directory(side, number)
            plan = side.broker.directory / "plan.json"
            rows = [
                {"topic": "moved", "partition": partition, "replicas": [1], "log_dirs": [target]}
                for partition in (0, 1)
            ]
            plan.write_text(json.dumps({"version": 1, "partitions": rows}))
            of_plan = ("--reassignment-json-file", plan)
            done = side.tool("kafka-reassign-partitions", "--execute", *of_plan)
            said.append(done["out"].splitlines()[-2:] + [done["exit"]])
            until(lambda: is_settled(side, "moved", target), "both replicas are there", 60)
            said.append(side.tool("kafka-reassign-partitions", "--verify", *of_plan))
            fill(side, "moved", 500 * (number + 1), 10)
        described = side.tool("kafka-log-dirs", "--describe", "--topic-list", "moved")
        dirs = json.loads(described["out"].splitlines()[-1])["brokers"][0]["logDirs"]
        # How many batches the producer makes, and so how many bytes there are, depends on the moment.
        places = {
            row["logDir"]: sorted(
                (part["partition"], 0 < part["size"] == bytes_on_disk(row["logDir"], part["partition"]))
                for part in row["partitions"]
            )
            for row in dirs
        }
        return said, places, keys(side, "moved", 0), keys(side, "moved", 1)

    pair.same(script)


def test_a_throttled_move_shows_its_lag_and_survives_kills(make_broker, jvm):
    """Killed again and again in the middle: every record is there, and in the end the replica is where it should be."""
    milena = with_two_directories(make_broker())
    milena.start()
    side = Side(milena, jvm)
    side.create_topic("slow", 1)
    fill(side, "slow", 0, 3000, size=1000)
    (place,) = replicas(side, "slow")[0]
    target = directory(side, 1 if place[0] == directory(side, 0) else 0)
    throttle = "replica.alter.log.dirs.io.max.bytes.per.second"

    def limit(rate):
        brokers = ("--entity-type", "brokers", "--entity-default")
        done = side.tool("kafka-configs", "--alter", *brokers, "--add-config", f"{throttle}={rate}")
        assert done["exit"] == 0, done

    limit(2_000_000)
    answer = side.requests(moves(2, (target, [("slow", [0])])))[0]["value"]
    assert answer["results"][0]["partitions"][0]["errorCode"] == 0
    future = until(lambda: [place for place in replicas(side, "slow")[0] if place[1]], "the copy is shown", 10)
    assert future[0][0] == target and 0 <= future[0][2] <= 3000
    count = 3000
    for _ in range(4):
        fill(side, "slow", count, 100)
        count += 100
        time.sleep(random.uniform(0.05, 0.5))
        milena.kill()
        milena.start()
        assert keys(side, "slow") == list(range(count))
    limit(100_000_000)
    until(lambda: is_settled(side, "slow", target), "the replica is there", 60)
    fill(side, "slow", count, 100)
    assert keys(side, "slow") == list(range(count + 100))
    milena.restart()
    assert is_settled(side, "slow", target)
    assert keys(side, "slow") == list(range(count + 100))


def test_kafka_goes_on_with_what_has_moved(make_broker, jvm):
    milena = with_two_directories(make_broker())
    milena.start()
    side = Side(milena, jvm)
    side.create_topic("both", 1)
    fill(side, "both", 0, 200)
    (place,) = replicas(side, "both")[0]
    target = directory(side, 1 if place[0] == directory(side, 0) else 0)
    side.requests(moves(2, (target, [("both", [0])])))
    until(lambda: is_settled(side, "both", target), "the replica is there", 60)
    milena.stop()
    kafka = make_broker(kind=RealKafka)
    kafka.settings["log.dirs"] = milena.settings["log.dirs"]
    kafka.port, kafka.controller_port, kafka.data = milena.port, milena.controller_port, milena.data
    kafka.start()
    assert keys(side, "both") == list(range(200))
    assert is_settled(side, "both", target)
