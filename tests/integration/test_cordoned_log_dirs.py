"""cordoned.log.dirs (KIP-1066): a directory that is cordoned keeps its replicas and gets no new ones."""

import json

import pytest

from harness.broker import RealKafka
from harness.compare import Pair, Side, request
from harness.process import until

INVALID_REPLICATION_FACTOR = 38
BROKER = 4
SET, DELETE, APPEND, SUBTRACT = range(4)


def directory(side, number):
    return str(side.broker.directory / ("data", "data2")[number])


@pytest.fixture
def brokers(make_broker):
    """Both with two log directories, not started."""
    made = [make_broker(), make_broker(kind=RealKafka)]
    for broker in made:
        broker.settings["log.dirs"] = f"{broker.directory / 'data'},{broker.directory / 'data2'}"
    return made


def started(brokers, sides):
    for broker in brokers:
        broker.start()
    return Pair(*(Side(broker, side.jvm) for broker, side in zip(brokers, sides)))


def cordon(value, operation=SET, broker="1", validate_only=False):
    configs = [{"name": "cordoned.log.dirs", "configOperation": operation, "value": value}]
    resource = {"resourceType": BROKER, "resourceName": broker, "configs": configs}
    return request("IncrementalAlterConfigs", 1, {"resources": [resource], "validateOnly": validate_only})


def creation(name, partitions=1, assignments=(), validate_only=False):
    placed = [{"partitionIndex": index, "brokerIds": list(ids)} for index, ids in enumerate(assignments)]
    counts = {"numPartitions": -1 if placed else partitions, "replicationFactor": -1 if placed else 1}
    topic = {"name": name, **counts, "assignments": placed, "configs": []}
    return request("CreateTopics", 7, {"topics": [topic], "timeoutMs": 30000, "validateOnly": validate_only})


def growth(name, count, assignments=None):
    placed = None if assignments is None else [{"brokerIds": list(ids)} for ids in assignments]
    topic = {"name": name, "count": count, "assignments": placed}
    return request("CreatePartitions", 3, {"topics": [topic], "timeoutMs": 30000, "validateOnly": False})


def is_placing(side):
    """Whether the controller finds a broker for a new topic: it hears of the broker's directories a little later."""
    answer = side.requests(creation("probe", validate_only=True))[0]
    return answer["value"]["topics"][0]["errorCode"] != INVALID_REPLICATION_FACTOR


def directories(side, version=5):
    """[(directory, is it cordoned, [replicas])]"""
    answer = side.requests(request("DescribeLogDirs", version, {"topics": None}))[0]
    return sorted(
        (
            row["logDir"],
            row.get("isCordoned"),
            sorted(
                f"{topic['name']}-{part['partitionIndex']}" for topic in row["topics"] for part in topic["partitions"]
            ),
        )
        for row in answer["value"]["results"]
    )


def cordoned(side, version=5):
    return [is_cordoned for _, is_cordoned, _ in directories(side, version)]


def alter(side, value, expected, operation=SET):
    """Waits until the broker and the controller go by it."""
    answer = side.requests(cordon(value, operation))[0]
    assert answer["value"]["responses"][0]["errorCode"] == 0, answer
    until(lambda: cordoned(side) == expected, f"cordoned is {expected} after {value}", 60)
    until(lambda: is_placing(side) != all(expected), f"the controller knows after {value}", 60)


def held(side, expected):
    """directories(), once there are so many replicas."""
    until(lambda: sum(len(rows) for _, _, rows in directories(side)) == expected, f"{expected} replicas are there", 60)
    return directories(side)


def test_what_cannot_be_cordoned_is_refused_alike(brokers, sides):
    def script(side):
        here = directory(side, 0)
        said = side.requests(
            *(
                cordon(value, operation, broker, validate_only)
                for validate_only in (True, False)
                for value, operation, broker in (
                    ("/nowhere", SET, "1"),
                    (f"/nowhere,{here},/elsewhere", SET, "1"),
                    (f"*,{here}", SET, "1"),
                    (f"{here},", SET, "1"),
                    (f"{here}/", SET, "1"),
                    ("/nowhere", APPEND, "1"),
                    (here, SET, ""),
                )
            )
        )
        tool = side.tool(
            "kafka-configs",
            *("--entity-type", "brokers", "--entity-name", "1", "--alter"),
            *("--add-config", "cordoned.log.dirs=/nowhere"),
        )
        return said, [line for line in tool["err"].splitlines() if "cordoned" in line], directories(side)

    started(brokers, sides).same(script)


def test_a_cordoned_directory_gets_no_new_replicas(brokers, sides):
    def script(side):
        first, second = directory(side, 0), directory(side, 1)
        side.requests(creation("before", 4))
        held(side, 4)
        alter(side, first, [True, False])
        side.requests(creation("after", 6))
        said = [[[row for row in rows if row.startswith("after")] for _, _, rows in held(side, 10)]]
        said.append(cordoned(side, version=4))
        there = [{"name": "after", "partitions": [0, 99]}, {"name": "unknown", "partitions": [0]}]
        for version in (1, 2):
            for path in (first, second, "/nowhere"):
                asked = request("AlterReplicaLogDirs", version, {"dirs": [{"path": path, "topics": there}]})
                said.append(
                    sorted(
                        (row["topicName"], part["partitionIndex"], part["errorCode"])
                        for row in side.requests(asked)[0]["value"]["results"]
                        for part in row["partitions"]
                    )
                )
        shown = side.tool("kafka-log-dirs", "--describe", "--topic-list", "nothing")
        dirs = json.loads(shown["out"].splitlines()[-1])["brokers"][0]["logDirs"]
        said.append(sorted(dirs, key=lambda row: row["logDir"]))
        return said

    said = started(brokers, sides).same(script)
    assert [len(rows) for rows in said[0]] == [0, 6], "nothing new is in the cordoned directory"


def test_nothing_is_placed_while_all_directories_are_cordoned(brokers, sides):
    def script(side):
        first, second = directory(side, 0), directory(side, 1)
        side.requests(creation("before", 2))
        held(side, 2)
        alter(side, "*", [True, True])
        said = [side.requests(creation("none", 2), growth("before", 3), creation("none", 2, validate_only=True))]
        refused = side.tool("kafka-topics", "--create", "--topic", "none")
        said.append((refused["exit"], [line for line in refused["out"].splitlines() if "cordoned" in line]))
        # By hand it may be placed there all the same; it lies in the first directory then.
        said.append(side.requests(creation("by-hand", assignments=[[1], [1]]), growth("before", 3, [[1]])))
        found = held(side, 5)
        said.append([[row for row in rows if row in ("by-hand-0", "by-hand-1", "before-2")] for _, _, rows in found])
        alter(side, first, [True, False])
        alter(side, second, [True, True], APPEND)
        alter(side, first, [False, True], SUBTRACT)
        alter(side, None, [False, False], DELETE)
        said.append(side.requests(creation("again"))[0]["value"]["topics"][0]["errorCode"])
        return said

    started(brokers, sides).same(script)


def test_what_is_cordoned_in_the_file_holds_until_the_cluster_says_otherwise(brokers, sides):
    def from_file(side):
        # Kafka 4.3.1 describes what its file cordons only after an alteration, but places nothing there.
        until(lambda: not is_placing(side), "all is cordoned from the start", 60)
        said = side.requests(creation("none"))
        alter(side, "", [False, False])
        return said

    def restarted(side):
        until(lambda: is_placing(side), "what was altered outlives the restart", 60)
        said = [cordoned(side)]
        alter(side, None, [True, True], DELETE)
        shown = side.tool("kafka-configs", "--describe", "--all", "--entity-type", "brokers", "--entity-name", "1")
        return said, [line for line in shown["out"].splitlines() if "cordoned.log.dirs" in line]

    for broker in brokers:
        broker.settings["cordoned.log.dirs"] = "*"
    pair = started(brokers, sides)
    pair.same(from_file)
    for broker in brokers:
        broker.restart()
    pair.same(restarted)


class Formatter(RealKafka):
    """Formats directories as an older Kafka would, for either broker."""

    format_arguments = ["--release-version", "4.2-IV1", *RealKafka.format_arguments]


def test_an_older_metadata_version_ignores_what_is_cordoned_until_it_is_raised(brokers, sides, make_broker):
    def script(side):
        side.requests(creation("before", 4))
        # Where they lie isn't compared: Kafka's broker goes by the file as soon as a setting of the cluster is dynamic.
        held(side, 4)
        said = [cordoned(side)]
        said.append(side.requests(cordon(""), cordon(None, DELETE), cordon("/nowhere")))
        raised = side.tool("kafka-features", "upgrade", "--metadata", "4.3-IV0")
        said.append((raised["exit"], raised["out"]))
        until(lambda: not is_placing(side), "what the file cordons is cordoned now", 60)
        alter(side, "", [False, False])
        return said

    for broker in brokers:
        broker.settings["cordoned.log.dirs"] = "*"
        make_broker(kind=Formatter).prepare(broker.write_properties())
    started(brokers, sides).same(script)


def test_a_broker_whose_file_cordons_what_it_does_not_have_does_not_start(brokers):
    for broker in brokers:
        broker.prepare(broker.write_properties())  # formatted while the file is right
        broker.settings["cordoned.log.dirs"] = "/nowhere"
        broker.launch()
        assert broker.process.popen.wait(60) != 0
        assert "Missing entries : /nowhere" in broker.log_tail(1 << 20)
