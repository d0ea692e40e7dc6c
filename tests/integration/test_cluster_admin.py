"""The quorum, feature levels, elections and reassignments of one broker: what Kafka says, in every version."""

import json
import re

import pytest

from harness.broker import RealKafka
from harness.compare import Side, plain, request
from harness.process import until

PREFERRED, UNCLEAN = 0, 1
UPGRADE, SAFE_DOWNGRADE, UNSAFE_DOWNGRADE = 1, 2, 3

# Of kafka-features; most of them are refused.
FEATURE_COMMANDS = [
    ["upgrade", "--feature", "metadata.version=30"],
    ["upgrade", "--feature", "metadata.version=31"],
    ["upgrade", "--feature", "metadata.version=30", "--dry-run"],
    ["downgrade", "--feature", "metadata.version=29"],
    ["downgrade", "--unsafe", "--feature", "metadata.version=29"],
    ["upgrade", "--metadata", "4.3-IV0"],
    ["disable", "--feature", "metadata.version"],
    ["disable", "--feature", "nothing.version"],
]


def quorum(version, *topics):
    rows = [{"topicName": name, "partitions": [{"partitionIndex": index} for index in found]} for name, found in topics]
    return request("DescribeQuorum", version, {"topics": rows})


def without_offsets(node):
    """How far a metadata log is depends on what has happened to the cluster so far, and on the clock."""
    if isinstance(node, dict):
        masked = ("highWatermark", "logEndOffset", "leaderEpoch", "lastFetchTimestamp", "lastCaughtUpTimestamp")
        return {
            name: ("SOME" if child > 0 else child) if name in masked else without_offsets(child)
            for name, child in node.items()
        }
    return [without_offsets(child) for child in node] if isinstance(node, list) else node


def test_the_quorum_is_described_in_every_version(both):
    metadata = "__cluster_metadata"
    lines = [
        line
        for version in (0, 1, 2)
        for line in (
            quorum(version, (metadata, [0])),
            quorum(version),
            quorum(version, ("orders", [0])),
            quorum(version, (metadata, [1])),
            quorum(version, (metadata, [0, 1])),
            quorum(version, (metadata, []), ("orders", [2])),
        )
    ]
    both.same(lambda side: without_offsets(side.requests(*lines)))


def test_the_quorum_tool_shows_one_voter_that_leads(both):
    def script(side):
        status = side.tool("kafka-metadata-quorum", "describe", "--status")
        rows = side.tool("kafka-metadata-quorum", "describe", "--replication")
        number = re.compile(r"(LeaderEpoch|HighWatermark):( +)\d+")
        replication = [line.split() for line in rows["out"].splitlines()]
        return (
            number.sub(r"\1:\2N", status["out"]),
            status["exit"],
            replication[0],
            [row[:2] + row[3:4] + row[6:] for row in replication[1:]],
        )

    both.same(script)


def update(version, *updates, validate_only=False):
    rows = []
    for feature, level, upgrade_type in updates:
        row = {"feature": feature, "maxVersionLevel": level}
        row |= {"allowDowngrade": upgrade_type > UPGRADE} if version == 0 else {"upgradeType": upgrade_type}
        rows.append(row)
    body = {"timeoutMs": 1000, "featureUpdates": rows}
    if version > 0:
        body["validateOnly"] = validate_only
    return request("UpdateFeatures", version, body)


METADATA = "metadata.version"
ELR = "eligible.leader.replicas.version"


def test_feature_updates_are_checked_alike(both):
    updates = [
        [],
        [(METADATA, 30, UPGRADE)],
        [(METADATA, 30, SAFE_DOWNGRADE)],
        [(METADATA, 30, UPGRADE), (METADATA, 30, UPGRADE)],
        [(METADATA, 31, UPGRADE)],
        [(METADATA, 31, SAFE_DOWNGRADE)],
        [(METADATA, 29, UPGRADE)],
        [(METADATA, 29, SAFE_DOWNGRADE)],
        [(METADATA, 29, UNSAFE_DOWNGRADE)],
        [(METADATA, 7, SAFE_DOWNGRADE)],
        [(METADATA, 6, SAFE_DOWNGRADE)],
        [(METADATA, 0, SAFE_DOWNGRADE)],
        [(METADATA, -1, SAFE_DOWNGRADE)],
        [("nothing.version", 1, UPGRADE)],
        [("nothing.version", 0, UPGRADE)],
        [("nothing.version", 0, SAFE_DOWNGRADE)],
        [("kraft.version", 0, SAFE_DOWNGRADE)],
        [(ELR, 0, UPGRADE)],
        [(ELR, 1, UPGRADE)],
        [(ELR, 2, UPGRADE)],
        [(METADATA, 30, UPGRADE), ("nothing.version", 1, UPGRADE)],
        [("", 1, UPGRADE)],
    ]
    lines = [update(version, *rows) for version in (0, 1, 2) for rows in updates]
    lines += [update(2, (METADATA, 30, kind)) for kind in (0, 4, 9, -1)]
    lines += [update(2, (METADATA, 29, UPGRADE), validate_only=True), update(1, (METADATA, 30, 1), validate_only=True)]
    lines += [update(2, (ELR, 0, kind), validate_only=True) for kind in (SAFE_DOWNGRADE, UNSAFE_DOWNGRADE)]
    both.same(lambda side: side.requests(*lines))


def test_new_clusters_keep_eligible_leader_replicas_and_a_min_isr_of_their_own(both):
    def script(side):
        described = side.tool("kafka-features", "describe")["out"]
        levels = re.search(rf"Feature: {ELR}\s.*?(FinalizedVersionLevel: \S+)", described)[1]
        defaults = ["--describe", "--entity-type", "brokers", "--entity-default"]
        return levels, side.tool("kafka-configs", *defaults)

    both.same(script)


def test_the_features_tool_upgrades_and_refuses_alike(both):
    both.same(lambda side: [plain(side.tool("kafka-features", *command)) for command in FEATURE_COMMANDS])


class OldKafka(RealKafka):
    """Formatted with an older level, and without what Milena can't do."""

    format_arguments = [
        "--feature=metadata.version=14",
        "--feature=group.version=0",
        "--feature=transaction.version=0",
        "--feature=share.version=0",
        "--feature=streams.version=0",
        "--feature=eligible.leader.replicas.version=0",
    ]


def test_an_old_directory_of_kafka_is_upgraded_here_and_opened_there_again(make_broker, jvm):
    """One directory, in turn Kafka's, ours, Kafka's: metadata.version goes up by kafka-features, and topics stay."""
    kafka = make_broker(kind=OldKafka)
    kafka.start()
    Side(kafka, jvm).create_topic("old", 3)
    kafka.stop()
    milena = make_broker()
    milena.port, milena.controller_port, milena.data = kafka.port, kafka.controller_port, kafka.data
    milena.start()
    side = Side(milena, jvm)

    def level():
        described = side.tool("kafka-features", "describe")["out"]
        return re.search(r"metadata.version .*FinalizedVersionLevel: (\S+)", described)[1]

    refused = side.requests(update(2, (METADATA, 13, SAFE_DOWNGRADE)), update(2, (METADATA, 12, UNSAFE_DOWNGRADE)))
    assert [answer["value"]["errorCode"] for answer in refused] == [95, 95]
    assert level() == "3.6-IV2"
    assert side.tool("kafka-features", "upgrade", "--feature", "metadata.version=30")["exit"] == 0
    assert level() == "4.3-IV0"
    side.create_topic("new", 2)
    milena.restart()
    assert level() == "4.3-IV0"
    milena.stop()
    kafka.start()
    listed = side.tool("kafka-topics", "--describe")["out"]
    assert listed.count("Topic: old\t") == 4 and listed.count("Topic: new\t") == 3
    assert level() == "4.3-IV0"


def election(version, topics, election_type=PREFERRED):
    rows = None if topics is None else [{"topic": name, "partitions": found} for name, found in topics]
    body = {"topicPartitions": rows, "timeoutMs": 1000}
    if version > 0:
        body["electionType"] = election_type
    return request("ElectLeaders", version, body)


def by_topic(answers):
    """Of all topics Kafka speaks in the order of a hash table."""
    for answer in answers:
        answer["value"]["replicaElectionResults"].sort(key=lambda result: result["topic"])
    return answers


def test_elections_are_not_needed_and_say_so(both):
    def script(side):
        side.create_topic("elect-a", 2)
        asked = [("elect-a", [0, 1, 7]), ("elect-nowhere", [0]), ("elect-a", [1, 1]), ("elect-b", [])]
        lines = [election(version, topics) for version in (0, 1, 2) for topics in (asked, [])]
        lines += [election(2, asked, UNCLEAN), election(2, asked, 5), election(1, None, -1)]
        everything = [election(version, None) for version in (0, 1, 2)] + [election(2, None, UNCLEAN)]
        return side.requests(*lines), [
            [row["partitionResult"] for row in answer["value"]["replicaElectionResults"] if "elect-" in row["topic"]]
            for answer in by_topic(side.requests(*everything))
        ]

    both.same(script)


def test_the_election_tool_finds_nothing_to_do(both):
    def script(side):
        side.create_topic("elect-tool", 2)
        plan = side.broker.directory / "election.json"
        rows = [{"topic": "elect-tool", "partition": 0}, {"topic": "elect-tool", "partition": 9}]
        plan.write_text(json.dumps({"partitions": rows}))
        one = ("--topic", "elect-tool", "--partition", "1")
        return [
            plain(side.tool("kafka-leader-election", "--election-type", kind, *what))
            for kind in ("preferred", "unclean")
            for what in (["--all-topic-partitions"], one, ("--path-to-json-file", plan))
        ]

    both.same(script)


def reassignment(version, *topics, **options):
    rows = [
        {"name": name, "partitions": [{"partitionIndex": index, "replicas": replicas} for index, replicas in found]}
        for name, found in topics
    ]
    return request("AlterPartitionReassignments", version, {"timeoutMs": 1000, "topics": rows, **options})


def listing(topics):
    rows = None if topics is None else [{"name": name, "partitionIndexes": found} for name, found in topics]
    return request("ListPartitionReassignments", 0, {"timeoutMs": 1000, "topics": rows})


def test_reassignments_on_one_broker_are_checked_and_over_at_once(both):
    def script(side):
        side.create_topic("move-a", 2)
        replicas = ([1], [2], [], [1, 1], [-1], [1, 2], None)
        lines = [reassignment(0, ("move-a", [(0, some)])) for some in replicas]
        for allowed in (True, False):
            options = {"allowReplicationFactorChange": allowed}
            lines += [reassignment(1, ("move-a", [(1, some)]), **options) for some in replicas]
        lines += [
            reassignment(0),
            reassignment(0, ("move-a", [(0, [1]), (9, [1]), (1, None)]), ("move-nowhere", [(0, [1]), (0, None)])),
            listing(None),
            listing([]),
            listing([("move-a", [0, 1, 9]), ("move-nowhere", [0])]),
        ]
        return side.requests(*lines), side.tool("kafka-topics", "--describe", "--topic", "move-a")

    both.same(script)


def replica_count(side, name):
    """How many replicas of the topic a directory holds; Kafka makes their logs after it has answered."""
    described = side.requests(request("DescribeLogDirs", 4, {"topics": None}))[0]["value"]["results"]
    return sum(len(row["partitions"]) for place in described for row in place["topics"] if row["name"] == name)


@pytest.mark.parametrize("throttle", [[], ["--throttle", "1000000"]])
def test_the_reassignment_tool_works_through_a_plan(both, throttle):
    name = "move-throttled" if throttle else "move-tool"

    def script(side):
        side.create_topic(name, 2)
        until(lambda: replica_count(side, name) == 2, "both replicas are in a directory", 60)
        topics = side.broker.directory / "topics.json"
        topics.write_text(json.dumps({"version": 1, "topics": [{"topic": name}]}))
        plan = side.broker.directory / "plan.json"
        rows = [{"topic": name, "partition": index, "replicas": [1]} for index in (0, 1)]
        plan.write_text(json.dumps({"version": 1, "partitions": rows}))

        def reassign(*arguments):
            return plain(side.tool("kafka-reassign-partitions", *arguments))

        of_plan = ("--reassignment-json-file", plan)
        return [
            reassign("--generate", "--topics-to-move-json-file", topics, "--broker-list", "1"),
            reassign("--execute", *of_plan, *throttle),
            reassign("--list"),
            side.tool("kafka-configs", "--describe", "--topic", name),
            reassign("--verify", "--preserve-throttles", *of_plan),
            reassign("--verify", *of_plan),
            side.tool("kafka-configs", "--describe", "--topic", name),
            reassign("--cancel", *of_plan),
            reassign("--generate", "--topics-to-move-json-file", topics, "--broker-list", "1,7"),
        ]

    both.same(script)


def test_a_broker_that_was_never_there_is_not_unregistered(both):
    lines = [request("UnregisterBroker", 0, {"brokerId": number}) for number in (7, -1)]

    def script(side):
        tool = side.jvm.run("kafka-cluster", "unregister", "--bootstrap-server", side.bootstrap, "--id", "7")
        return side.requests(*lines), plain(tool)

    both.same(script)
