"""Kafka's administrative tools on three brokers: the same steps on Milena's cluster and on Kafka's, equal answers."""

import itertools
import json
import re

from confluent_kafka.admin import AdminClient

from harness import compatibility, sweep, tools
from harness.compare import plain, request
from harness.process import Process, until
from test_cluster_admin import FEATURE_COMMANDS, replica_count
from test_fetch_protocol import fetch, read

CLUSTER_SETTINGS = {
    "broker.session.timeout.ms": 4000,
    "broker.heartbeat.interval.ms": 500,
    "auto.leader.rebalance.enable": "false",
    "offsets.topic.num.partitions": 3,
}

SETTLED_S = 60


def topics(side, *arguments):
    """As kafka-topics prints it; replicas that are in sync have no order that means anything."""
    done = plain(side.tool("kafka-topics", *arguments))
    done["out"] = re.sub(
        r"(Isr: )([\d,]*)", lambda found: found[1] + ",".join(sorted(found[2].split(","))), done["out"]
    )
    return done


def create(side, name, assignment, **settings):
    options = [word for key, value in settings.items() for word in ("--config", f"{key.replace('_', '.')}={value}")]
    made = topics(side, "--create", "--topic", name, "--replica-assignment", assignment, *options)
    assert made["exit"] == 0, made


def metadata(side):
    return AdminClient({"bootstrap.servers": side.bootstrap, "log_level": 2}).list_topics(timeout=10)


def partitions(side, prefix):
    """{(topic, partition): what the metadata says of it} as any broker tells it."""
    return {
        (name, index): partition
        for name, topic in metadata(side).topics.items()
        if name.startswith(prefix)
        for index, partition in topic.partitions.items()
    }


def settled(side, prefix, condition, what):
    """Waits until that holds of all partitions of the topics that begin so."""
    until(lambda: all(map(condition, partitions(side, prefix).values())), f"{side.broker.directory}: {what}", SETTLED_S)


def all_in_sync(side, prefix):
    settled(side, prefix, lambda one: set(one.isrs) == set(one.replicas) and one.leader in one.isrs, "all in sync")


def written(side, name, *records, partition=0):
    done = side.kcat("-P", "-t", name, "-p", partition, "-X", "acks=all", stdin="\n".join(records).encode())
    assert done["exit"] == 0, done


STATES = ("under-replicated", "under-min-isr", "at-min-isr", "unavailable")


def states(side, prefix):
    return [topics(side, "--describe", f"--{state}-partitions", "--topic", f"{prefix}.*") for state in STATES]


def elect(side, kind, *what):
    return plain(side.tool("kafka-leader-election", "--election-type", kind, *what))


def election_plan(side, *rows):
    plan = side.broker.directory / "election.json"
    plan.write_text(json.dumps({"partitions": [{"topic": name, "partition": index} for name, index in rows]}))
    return "--path-to-json-file", plan


def unclean_elections(side, needless, impossible):
    """Of one that has a leader, of one that can't have any, of both in one plan, and of all there are."""
    asked = [("--topic", name, "--partition", index) for name, index in (needless, impossible)]
    asked += [election_plan(side, needless, impossible), ("--all-topic-partitions",)]
    return [elect(side, "unclean", *what) for what in asked]


def cluster_tool(side, *arguments):
    return plain(side.jvm.run("kafka-cluster", *arguments, "--bootstrap-server", side.bootstrap))


def test_a_broker_stops_is_unregistered_and_comes_back(three):
    def before(side):
        create(side, "down-three", "1:2:3,2:3:1,3:1:2")
        create(side, "down-strict", "1:2:3", min_insync_replicas=3)
        create(side, "down-without", "1:2")
        create(side, "down-alone", "3", min_insync_replicas=1)
        all_in_sync(side, "down-")
        return topics(side, "--describe", "--topic", "down-.*"), states(side, "down-")

    def while_down(side):
        settled(side, "down-", lambda one: 3 not in (one.leader, *one.isrs) or one.replicas == [3], "3 has left")
        settled(side, "down-alone", lambda one: one.leader == -1, "without a leader")
        return [
            topics(side, "--describe", "--topic", "down-.*"),
            states(side, "down-"),
            cluster_tool(side, "list-endpoints"),
            cluster_tool(side, "list-endpoints", "--include-fenced-brokers"),
            elect(side, "preferred", *election_plan(side, ("down-three", 2), ("down-alone", 0))),
            unclean_elections(side, ("down-three", 2), ("down-alone", 0)),
            cluster_tool(side, "unregister", "--id", "3"),
            cluster_tool(side, "unregister", "--id", "3"),
            cluster_tool(side, "list-endpoints", "--include-fenced-brokers"),
            topics(side, "--describe", "--topic", "down-.*"),
        ]

    def after(side):
        all_in_sync(side, "down-")
        moved = topics(side, "--describe", "--topic", "down-.*")
        one = ("--topic", "down-three", "--partition", "2")
        elections = [
            elect(side, "preferred", *one),
            elect(side, "preferred", *one),
            elect(side, "preferred", *election_plan(side, ("down-three", 0), ("down-three", 9), ("down-nowhere", 0))),
        ]
        settled(side, "down-", lambda one: one.leader == one.replicas[0], "the preferred ones lead")
        return (
            moved,
            elections,
            topics(side, "--describe", "--topic", "down-.*"),
            states(side, "down-"),
            cluster_tool(side, "list-endpoints"),
        )

    three.same(before)
    three.stop(3)
    three.same(while_down)
    three.start(3)
    three.same(after)


def moves(side, name, *replicas):
    plan = side.broker.directory / f"{name}.json"
    rows = [{"topic": name, "partition": index, "replicas": ids} for index, ids in enumerate(replicas)]
    plan.write_text(json.dumps({"version": 1, "partitions": rows}))
    return "--reassignment-json-file", plan


def reassign(side, *arguments):
    return plain(side.tool("kafka-reassign-partitions", *arguments))


def done_moving(side, plan):
    """What --verify says once it is over, and the broker that it asks knows it."""

    def verified():
        said = reassign(side, "--verify", *plan)
        return not re.search("still in progress|rather than", said["out"]) and said

    return until(verified, "the reassignment is over", SETTLED_S)


def generated(side, *arguments):
    """The present assignment, and of the proposed one, which is chosen by lot, where and how many."""
    done = reassign(side, "--generate", *arguments)
    present, proposed = (json.loads(line) for line in done["out"].splitlines() if line.startswith("{"))
    for row in proposed["partitions"]:
        row["replicas"] = len(set(row["replicas"]))
    return present, proposed, re.sub(r"\{.*\}", "", done["out"]), done["err"], done["exit"]


def without_elr(described):
    """Kafka goes on naming replicas there that the partition doesn't have any more."""
    return {**described, "out": re.sub(r"Elr: [\d,]*", "Elr: SOME", described["out"])}


def test_plans_are_made_and_topics_get_more_and_fewer_replicas(three):
    def script(side):
        create(side, "factor", "1,2")
        written(side, "factor", "a", "b", "c")
        named = side.broker.directory / "topics.json"
        named.write_text(json.dumps({"version": 1, "topics": [{"topic": "factor"}]}))
        asked = ("--topics-to-move-json-file", named)
        answers = [
            generated(side, *asked, "--broker-list", "1,2,3"),
            reassign(side, "--generate", *asked, "--broker-list", "1,7"),
            reassign(side, "--execute", *moves(side, "factor", [1, 7], [2])),
        ]
        for replicas in ([[1, 2, 3], [2, 3, 1]], [[3, 1], [3, 2]], [[2], [1]]):
            plan = moves(side, "factor", *replicas)
            answers += [reassign(side, "--execute", *plan), done_moving(side, plan)]
            settled(side, "factor", lambda one: set(one.isrs) == set(one.replicas), "all in sync")
            answers.append(without_elr(topics(side, "--describe", "--topic", "factor")))
        return answers, side.kcat("-C", "-t", "factor", "-p", "0", "-o", "beginning", "-e", "-q")

    assert three.same(script)[-1]["out"].split() == ["a", "b", "c"]


LEADERS, FOLLOWERS = "leader.replication.throttled", "follower.replication.throttled"


def throttled(side, kind, name, *settings):
    """What kafka-configs says of its throttles, once the broker that it asks knows of these and of no other."""

    def described():
        said = side.tool("kafka-configs", "--describe", "--entity-type", kind, "--entity-name", name)
        lines = sorted(said["out"].splitlines())  # in the order of a hash table
        found = [line.split()[0] for line in lines if ".throttled." in line]
        return found == sorted(settings) and {**said, "out": lines}

    return until(described, f"{side.broker.directory}: throttles of {kind} {name}: {settings}", SETTLED_S)


def throttled_brokers(side, rate):
    rates = [f"{LEADERS}.rate={rate}", f"{FOLLOWERS}.rate={rate}"] if rate else []
    return [throttled(side, "brokers", broker, *rates) for broker in (1, 2, 3)]


def alter(side, kind, name, settings):
    return plain(side.tool("kafka-configs", "--alter", "--entity-type", kind, "--entity-name", name,
                           "--add-config", settings))  # fmt: skip


def test_throttles_of_a_reassignment_are_set_raised_kept_and_cleared(three):
    """At a rate that would take hours. Those that somebody else has set for the brokers and the topic go too."""
    own = (f"{LEADERS}.replicas=0:1,0:2", f"{FOLLOWERS}.replicas=0:3")

    def script(side):
        create(side, "throttled", "1:2")
        create(side, "throttled-other", "1:2")
        all_in_sync(side, "throttled")
        written(side, "throttled", *["x" * 900_000] * 8)
        by_hand = [
            alter(side, "brokers", 2, f"{LEADERS}.rate=7777777,{FOLLOWERS}.rate=8888888"),
            alter(side, "topics", "throttled", f"{LEADERS}.replicas=[0:1,0:9],{FOLLOWERS}.replicas=*"),
            alter(side, "topics", "throttled-other", f"{FOLLOWERS}.replicas=*"),
            alter(side, "topics", "throttled", f"{FOLLOWERS}.replicas=0-3"),
            alter(side, "brokers", 2, f"{FOLLOWERS}.rate=-1"),
            throttled(side, "topics", "throttled", f"{LEADERS}.replicas=0:1,0:9", f"{FOLLOWERS}.replicas=*"),
            throttled(side, "brokers", 2, f"{LEADERS}.rate=7777777", f"{FOLLOWERS}.rate=8888888"),
        ]
        plan = moves(side, "throttled", [3, 2])
        begun = [reassign(side, "--execute", *plan, "--throttle", 1000)]
        until(lambda: replica_count(side.at(3), "throttled") == 1, "broker 3 has begun its copy", SETTLED_S)
        begun += [
            throttled_brokers(side, 1000),
            throttled(side, "topics", "throttled", *own),
            reassign(side, "--execute", *plan),
            reassign(side, "--list"),
            reassign(side, "--verify", *plan),
            throttled_brokers(side, 1000),
            reassign(side, "--execute", "--additional", *plan, "--throttle", 100_000_000),
            throttled_brokers(side, 100_000_000),
        ]
        ended = [
            done_moving(side, (*plan, "--preserve-throttles")),
            throttled_brokers(side, 100_000_000),
            throttled(side, "topics", "throttled", *own),
            done_moving(side, plan),
            throttled_brokers(side, None),
            throttled(side, "topics", "throttled"),
            reassign(side, "--verify", *plan),
            throttled(side, "topics", "throttled-other", f"{FOLLOWERS}.replicas=*"),
        ]
        return by_hand, begun, ended

    three.same(script)


def claims(topic_id):
    """Fetches by who calls itself a replica, of no broker or of broker 3, of no leader epoch, this or the next."""
    cases = {}
    for replica, leader_epoch, replica_epoch in itertools.product((7, 3), (-1, 0, 1), (-1, 5)):
        body = fetch(read(0, 0, epoch=leader_epoch), topic="claimed", topic_id=topic_id)
        name = f"{replica} of epoch {replica_epoch} at {leader_epoch}"
        state = {"replicaId": replica, "replicaEpoch": replica_epoch}
        cases[name] = sweep.until(14, {**body, "replicaId": replica})
        cases[f"newer {name}"] = sweep.since(15, {**body, "replicaState": state})
    return cases


def test_who_fetches_as_a_replica_that_the_partition_does_not_have_is_refused_alike(three):
    """By its leader, by its follower and by a broker without it; since version 15 a replica tells its own epoch."""

    def script(side):
        create(side, "claimed", "1:2")
        written(side, "claimed", "a", "b")
        brokers = [side.at(node_id) for node_id in (1, 2, 3)]

        def known():
            ids = {sweep.ids_of(broker, "claimed")["claimed"] for broker in brokers}
            return len(ids) == 1 and ids

        (topic_id,) = until(known, "all brokers know the topic", SETTLED_S)
        return [broker.requests(*sweep.lines("Fetch", (12, 14, 15, 16, 18), claims(topic_id))) for broker in brokers]

    three.same(script)


def without_offsets(node):
    """How far the metadata log is, and when somebody fetched, is up to the clock."""
    if isinstance(node, dict):
        masked = ("highWatermark", "logEndOffset", "leaderEpoch", "lastFetchTimestamp", "lastCaughtUpTimestamp")
        return {
            name: ("SOME" if child > 0 else child) if name in masked else without_offsets(child)
            for name, child in node.items()
            if name != "leaderId"
        }
    return [without_offsets(child) for child in node] if isinstance(node, list) else node


def test_the_quorum_is_described_with_all_its_voters(three):
    asked = {"topics": [{"topicName": "__cluster_metadata", "partitions": [{"partitionIndex": 0}]}]}

    def script(side):
        # The tools know who is up by what the voters have fetched: wait until they have, of whoever leads now.
        lines = [request("DescribeQuorum", version, asked) for version in (0, 1, 2)]

        def described():
            answers = side.at(2).requests(*lines)
            voters = answers[-1]["value"]["topics"][0]["partitions"][0]["currentVoters"]
            return all(voter["lastCaughtUpTimestamp"] > 0 for voter in voters) and answers

        answers = until(described, "all voters have fetched", SETTLED_S)
        for answer in answers:
            answer["value"]["topics"][0]["partitions"][0]["currentVoters"].sort(key=lambda voter: voter["replicaId"])
            answer["value"].get("nodes", []).sort(key=lambda node: node["nodeId"])
        status = side.tool("kafka-metadata-quorum", "describe", "--status")
        lag = {name: int(value) for name, value in re.findall(r"(MaxFollowerLag\w*):\s+(-?\d+)", status["out"])}
        replication = side.tool("kafka-metadata-quorum", "describe", "--replication")
        rows = [line.split() for line in replication["out"].splitlines()]
        return (
            without_offsets(answers),
            re.sub(r"(LeaderId|LeaderEpoch|HighWatermark|MaxFollowerLag\w*):( +)-?\d+", r"\1:\2N", status["out"]),
            status["exit"],
            {name: 0 <= value < 10_000 for name, value in lag.items()},
            rows[0],
            sorted(row[:2] for row in rows[1:]),
            sorted(row[-1] for row in rows[1:]),
            [0 <= int(row[3]) < 100 and int(row[2]) > 0 for row in rows[1:]],
            replication["exit"],
        )

    three.same(script)


def test_features_are_finalized_for_all_brokers(three):
    commands = [
        *FEATURE_COMMANDS,
        ["downgrade", "--feature", "metadata.version=6"],
        ["upgrade", "--feature", "nothing.version=1"],
    ]

    def script(side):
        described = side.tool("kafka-features", "describe")
        level = re.search(r"Feature: metadata.version\s+.*", described["out"])[0].split("Epoch")[0]
        answers = [plain(side.tool("kafka-features", *command)) for command in commands]
        for answer in answers:  # which of the three is the active controller, is chance
            answer["out"] = re.sub(r"Local controller [123] ", "Local controller N ", answer["out"])
        return answers, described["exit"], level

    three.same(script)


def test_every_broker_says_what_it_can_do_and_what_it_stores(three):
    def versions(side):
        said = side.tool("kafka-broker-api-versions")
        of = re.split(r"^(?=\S.* -> \($)", said["out"], flags=re.MULTILINE)[1:]
        heads = sorted((broker.splitlines()[0] for broker in of), key=lambda head: re.search(r"id: (\d+)", head)[1])
        # All three say the same; what that is, is compared for one broker.
        return said["exit"], said["err"], heads, len({broker.split("\n", 1)[1].strip(",\n") for broker in of})

    def directories(side, *arguments):
        said = side.tool("kafka-log-dirs", "--describe", "--topic-list", "stored", *arguments)
        if said["exit"] != 0:
            return plain(said)
        described = json.loads(said["out"].splitlines()[-1])
        for broker in described["brokers"]:
            for directory in broker["logDirs"]:
                directory["partitions"].sort(key=lambda row: row["partition"])
        described["brokers"].sort(key=lambda broker: broker["broker"])
        return said["out"].splitlines()[:-1], described

    def script(side):
        create(side, "stored", "1:2:3,2:3:1,3:1:2")
        for partition in range(3):
            written(side, "stored", "one record", partition=partition)
        all_in_sync(side, "stored")
        return versions(side), directories(side), directories(side, "--broker-list", "2,3"), directories(
            side, "--broker-list", "2,9"
        )

    three.same(script)


def test_the_tool_that_compares_replicas_finds_them_equal(three):
    def script(side):
        create(side, "compared", "1:2:3,2:3:1")
        for partition in range(2):
            written(side, "compared", "a", "b", "c", partition=partition)
        all_in_sync(side, "compared")

    three.same(script)
    compatibility.record_tool("kafka-replica-verification")
    outputs = [side.broker.directory / "replica-verification.txt" for side in three.sides]
    running = []
    try:
        for side, output in zip(three.sides, outputs):
            with open(output, "wb") as sink:
                running.append(
                    Process(
                        [*tools.JVM, tools.MAINS["kafka-replica-verification"], "--broker-list", side.bootstrap,
                         "--topics-include", "compared", "--time", -2, "--report-interval-ms", 200, "--max-wait-ms",
                         100],
                        side.broker.directory / "replica-verification.log", stdout=sink))  # fmt: skip
        equal = re.compile(r"max lag is 0 for partition compared-\d at offset 3 among 2 partitions")
        for output in outputs:
            until(lambda output=output: equal.search(output.read_text()), f"the replicas are compared: {output}", 40)
            assert "doesn't match" not in output.read_text() and "unmatched" not in output.read_text()
    finally:
        for process in running:
            process.kill()


def events(output):
    """What a verifiable client has said so far, in whole lines."""
    lines = output.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]


def test_verifiable_clients_go_on_when_a_broker_is_killed(three):
    """The producer tries again and the consumer is in a group: neither loses anything, whoever is killed."""
    count = 3000

    def script(side):
        create(side, "verified", "2:3:1,3:1:2,1:2:3")
        all_in_sync(side, "verified")
        (side.broker.directory / "patient.properties").write_text("retries=2147483647\nenable.idempotence=true\n")

    def client(side, tool, *arguments):
        output = side.broker.directory / f"{tool}.json"
        compatibility.record_tool(tool)
        with open(output, "wb") as sink:
            command = [*tools.JVM, tools.MAINS[tool], "--bootstrap-server", side.bootstrap, "--topic", "verified"]
            return Process([*command, *arguments], side.broker.directory / f"{tool}.log", stdout=sink), output

    def values(output, name):
        return [int(event["value"]) for event in events(output) if event["name"] == name]

    def written(output):
        return values(output, "producer_send_success")

    def read(output):
        return sorted(set(values(output, "record_data")))

    three.same(script)
    running = []
    try:
        for side in three.sides:
            patient = ("--command-config", side.broker.directory / "patient.properties")
            running += [
                client(side, "kafka-verifiable-consumer", "--group-id", "verified", "--verbose"),
                client(side, "kafka-verifiable-producer", "--max-messages", count, "--throughput", 400, *patient),
            ]
        consumers, producers = running[0::2], running[1::2]
        for (_, consumed), (_, produced) in zip(consumers, producers):
            until(lambda: read(consumed) and len(written(produced)) > 400, f"{produced} and {consumed}", 60)
        three.kill(2)
        for process, produced in producers:
            until(lambda: not process.is_alive(), f"the producer has ended: {produced}", 90)
        for _, consumed in consumers:
            until(lambda: len(read(consumed)) == count, f"all is read: {consumed}", 90)
    finally:
        for process, _ in running:
            process.kill()
    for (_, consumed), (_, produced) in zip(consumers, producers):
        summary = next(event for event in events(produced) if event["name"] == "tool_data")
        assert (summary["sent"], summary["acked"]) == (count, count)
        assert sorted(written(produced)) == read(consumed) == list(range(count))
