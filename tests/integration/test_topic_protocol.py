"""What is answered to who asks about topics, configs and the cluster, or changes them, in every version: the same as
real Kafka's answers."""

import pytest

from harness import sweep
from harness.process import until

METADATA, API_VERSIONS, CREATE_TOPICS, DELETE_TOPICS = 3, 18, 19, 20
DESCRIBE_CONFIGS, ALTER_CONFIGS, ALTER_REPLICA_LOG_DIRS, DESCRIBE_LOG_DIRS = 32, 33, 34, 35
CREATE_PARTITIONS, INCREMENTAL_ALTER_CONFIGS, DESCRIBE_CLUSTER, DESCRIBE_TOPIC_PARTITIONS = 37, 44, 60, 75
TOPIC, BROKER = 2, 4
SET, DELETE, APPEND, SUBTRACT = range(4)
NO_TOPIC = {"nobody": "Zm9vYmFyZm9vYmFyZm9vYg", "zero": "A" * 22}
TOPICS = {"sweep-a": 2, "sweep-b": 1, "sweep_c.d": 1, "sweep-configs": 1}
LONG = "x" * 250


@pytest.fixture(scope="module")
def cluster(both):
    def script(side):
        sweep.create(side, TOPICS)

    both.answers(script)
    return both


def same(both, key, api, cases, more=(), **options):
    sweep.same(both, key, api, cases, ids=lambda side: {**sweep.ids_of(side, *TOPICS, *more), **NO_TOPIC}, **options)


def own_topics(answers):
    """Kafka's order is that of a hash table, and other tests have topics too."""
    for answer in answers:
        topics = answer["value"]["topics"]
        if "all" in answer["step"]:
            topics = [topic for topic in topics if topic["name"] in TOPICS]
        answer["value"]["topics"] = sorted(topics, key=lambda topic: (topic["name"] or "", topic.get("topicId", "")))
        for topic in topics:
            topic["partitions"].sort(key=lambda row: row["partitionIndex"])
    return answers


def metadata(*topics, create=False, operations=False):
    """Topics are names, or (name, id)."""
    pairs = [topic if isinstance(topic, tuple) else (topic, "zero") for topic in topics]
    return {
        "topics": [{"name": name, "topicId": topic_id} for name, topic_id in pairs],
        "allowAutoTopicCreation": create,
        "includeClusterAuthorizedOperations": operations,
        "includeTopicAuthorizedOperations": operations,
    }


def always(body):
    """As the first versions mean it: topics are made where they are missing."""
    return {
        **body,
        "allowAutoTopicCreation": True,
    }


LOOKS = {
    "all": sweep.since(4, {**metadata(), "topics": None}),
    "all at first": sweep.until(0, always(metadata())),
    "all, later": sweep.since(1, sweep.until(3, {**always(metadata()), "topics": None})),
    "none": sweep.since(4, metadata()),
    "one": sweep.until(3, always(metadata("sweep-a"))),
    "two": sweep.since(4, metadata("sweep-b", "sweep-a")),
    "twice": sweep.since(4, metadata("sweep-b", "sweep-b")),
    "unknown": sweep.since(4, metadata("sweep-nowhere", "sweep-a")),
    "invalid": sweep.since(4, metadata("", "a b", ".", LONG)),
    "invalid, and to be made": sweep.since(4, metadata("a b", "..", LONG, create=True)),
    "invalid at first": sweep.until(3, always(metadata("a b", "sweep-a"))),
    "operations": sweep.since(8, sweep.until(10, metadata("sweep-a", "sweep-nowhere", operations=True))),
    "operations of topics": sweep.since(
        11, {**metadata("sweep-a", operations=True), "includeClusterAuthorizedOperations": False}
    ),
    "by id": sweep.since(10, metadata((None, "sweep-a"))),
    "by unknown id": sweep.since(10, metadata((None, "nobody"))),
    "by id and name": sweep.since(10, metadata(("sweep-a", "sweep-a"))),
    "by another id": sweep.since(10, metadata(("sweep-a", "sweep-b"))),
    "some by id": sweep.since(10, metadata((None, "sweep-a"), "sweep-b")),
    "ids twice": sweep.since(10, metadata((None, "sweep-a"), (None, "sweep-a"), (None, "nobody"))),
}


def test_metadata(cluster):
    same(cluster, METADATA, "Metadata", LOOKS, shown=own_topics)


def new_topic(name, partitions=1, replicas=1, assignments=(), configs=()):
    return {
        "name": name,
        "numPartitions": partitions,
        "replicationFactor": replicas,
        "assignments": [{"partitionIndex": index, "brokerIds": brokers} for index, brokers in assignments],
        "configs": [{"name": key, "value": value} for key, value in configs],
    }


def creation(*topics, validate_only=False):
    return {"topics": list(topics), "timeoutMs": 30000, "validateOnly": validate_only}


def assigned(*assignments, partitions=-1, replicas=-1):
    return creation(new_topic("sweep-no-%v", partitions, replicas, assignments))


def configured(*configs):
    return creation(new_topic("sweep-no-%v", configs=configs), validate_only=True)


CREATIONS = {
    "ordinary": creation(new_topic("sweep-new-%v", 2)),
    "there already": creation(new_topic("sweep-a"), new_topic("sweep-new-%v")),
    "tried": creation(new_topic("sweep-tried-%v", 3), validate_only=True),
    "by default": creation(new_topic("sweep-default-%v", -1, -1)),
    "two, one of them wrong": creation(new_topic("sweep-good-%v"), new_topic("sweep bad")),
    "twice": creation(new_topic("sweep-twice-%v"), new_topic("sweep-twice-%v"), new_topic("sweep-once-%v")),
    "invalid names": creation(*(new_topic(name) for name in ("", ".", "..", "a b", "ö", LONG))),
    "colliding": creation(new_topic("sweep.c_d"), new_topic("sweep_c_d")),
    "no partitions": creation(new_topic("sweep-no-%v", 0)),
    "fewer than no partitions": creation(new_topic("sweep-no-%v", -2)),
    "too many partitions": creation(new_topic("sweep-no-%v", 1_000_000)),
    "no replicas": creation(new_topic("sweep-no-%v", 1, 0)),
    "fewer than no replicas": creation(new_topic("sweep-no-%v", 1, -2)),
    "too many replicas": creation(new_topic("sweep-no-%v", 1, 2)),
    "as many replicas as can be": creation(new_topic("sweep-no-%v", 1, 32767)),
    "assigned": creation(new_topic("sweep-assigned-%v", -1, -1, [(0, [1]), (1, [1])])),
    "assigned to nobody": assigned((0, [])),
    "assigned to an unknown broker": assigned((0, [7])),
    "assigned to a negative broker": assigned((0, [-1])),
    "assigned twice": assigned((0, [1, 1])),
    "assigned with a gap": assigned((0, [1]), (2, [1])),
    "assigned not from 0": assigned((1, [1])),
    "assigned unevenly": assigned((0, [1]), (1, [1, 2])),
    "assigned and counted": assigned((0, [1]), partitions=1),
    "assigned and replicated": assigned((0, [1]), replicas=1),
    "configured": creation(
        new_topic("sweep-set-%v", configs=[("retention.ms", "5000"), ("cleanup.policy", "compact,delete")])
    ),
    "configured with null": configured(("retention.ms", None)),
    "configured with nothing": configured(("retention.ms", "")),
    "configured wrongly": configured(("retention.ms", "soon")),
    "configured out of range": configured(("retention.ms", "-2")),
    "configured with what is unknown": configured(("no.such.thing", "1")),
    "configured with a policy that is none": configured(("cleanup.policy", "burn")),
    "configured without a name": configured(("", "1")),
    "an internal name": creation(new_topic("__cluster_metadata")),
    "nothing": creation(),
}


def by_name(answers):
    for answer in answers:
        answer["value"]["topics"].sort(key=lambda topic: topic["name"])
        for topic in answer["value"]["topics"]:
            topic["configs"] = sorted(topic.get("configs") or [], key=lambda config: config["name"])
    return answers


def test_topics_are_made_by_asking_for_them(cluster):
    """Kafka says that they are unknown and makes them meanwhile; what is right is only that they are there then."""
    same(cluster, METADATA, "Metadata", {"made": always(metadata("sweep-auto-%v"))}, shown=len)
    made = {f"sweep-auto-{version}": 1 for version in sweep.advertised(cluster, METADATA)}
    for side in cluster.sides:
        until(lambda side=side: sweep.are_led(side, made), "the topics are there", 30)


def test_topics_are_created(cluster):
    same(cluster, CREATE_TOPICS, "CreateTopics", CREATIONS, shown=by_name)


def partitions(*topics, validate_only=False):
    """Topics are (name, count) or (name, count, assignments)."""
    rows = []
    for name, count, *assignments in topics:
        given = [{"brokerIds": brokers} for brokers in assignments[0]] if assignments else None
        rows.append({"name": name, "count": count, "assignments": given})
    return {"topics": rows, "timeoutMs": 30000, "validateOnly": validate_only}


GROWTHS = {
    "tried": partitions(("sweep-grow-%v", 2), validate_only=True),
    "more": partitions(("sweep-grow-%v", 2)),
    "as many": partitions(("sweep-grow-%v", 2)),
    "fewer": partitions(("sweep-grow-%v", 1)),
    "none": partitions(("sweep-grow-%v", 0)),
    "fewer than none": partitions(("sweep-grow-%v", -1)),
    "unknown": partitions(("sweep-nowhere", 2), ("sweep-grow-%v", 3)),
    "no name": partitions(("", 2)),
    "twice": partitions(("sweep-grow-%v", 5), ("sweep-grow-%v", 6)),
    "assigned": partitions(("sweep-grow-%v", 4, [[1]])),
    "assigned too few": partitions(("sweep-grow-%v", 9, [[1]])),
    "assigned too many": partitions(("sweep-grow-%v", 5, [[1], [1]])),
    "assigned to nobody": partitions(("sweep-grow-%v", 5, [[]])),
    "assigned to an unknown broker": partitions(("sweep-grow-%v", 5, [[7]])),
    "assigned twice": partitions(("sweep-grow-%v", 5, [[1, 1]])),
    "assigned to none": partitions(("sweep-grow-%v", 5, [])),
    "nothing": partitions(),
}


def in_order(answers):
    for answer in answers:
        answer["value"]["results"].sort(key=lambda result: result["name"])
    return answers


def test_partitions_are_added(cluster):
    grown = {f"sweep-grow-{version}": 1 for version in sweep.advertised(cluster, CREATE_PARTITIONS)}

    cluster.answers(lambda side: sweep.create(side, grown))
    same(cluster, CREATE_PARTITIONS, "CreatePartitions", GROWTHS, shown=in_order)


def deletion(*topics):
    """Topics are names, or (name, id)."""
    pairs = [topic if isinstance(topic, tuple) else (topic, "zero") for topic in topics]
    rows = [{"name": name, "topicId": topic_id} for name, topic_id in pairs]
    return sweep.since(6, {"topics": rows, "topicNames": [], "timeoutMs": 30000})


def deletion_before_ids(*names):
    return sweep.until(5, {"topics": [], "topicNames": list(names), "timeoutMs": 30000})


DOOMED = [f"sweep-doomed-{version}" for version in range(7)] + ["sweep-doomed-id", "sweep-doomed-both"]
BY_NAME = {
    "unknown": ["sweep-nowhere"],
    "no name": [""],
    "an invalid name": ["a b"],
    "twice": ["sweep-doomed-%v", "sweep-doomed-%v"],
    "one of two": ["sweep-nowhere", "sweep-doomed-%v"],
    "again": ["sweep-doomed-%v"],
    "nothing": [],
}
DELETIONS = {
    **{f"{name}, before ids": deletion_before_ids(*topics) for name, topics in BY_NAME.items()},
    **{name: deletion(*topics) for name, topics in BY_NAME.items()},
    "by id and name": deletion(("sweep-doomed-both", "sweep-doomed-both")),
    "by id": deletion((None, "sweep-doomed-id")),
    "by id again": deletion((None, "sweep-doomed-id")),
    "by unknown id": deletion((None, "nobody")),
    "by no id": deletion((None, "zero")),
    "by id twice": deletion((None, "sweep-doomed-both"), (None, "sweep-doomed-both")),
    "by id, and by name": deletion((None, "sweep-doomed-both"), "sweep-doomed-both"),
}


def by_topic(answers):
    for answer in answers:
        key = lambda row: (row["name"] or "", row.get("topicId", ""), row["errorCode"])  # noqa: E731
        answer["value"]["responses"].sort(key=key)
    return answers


def test_topics_are_deleted(cluster):
    cluster.answers(lambda side: sweep.create(side, dict.fromkeys(DOOMED, 1)))
    same(cluster, DELETE_TOPICS, "DeleteTopics", DELETIONS, DOOMED, shown=by_topic)


def description(*resources, synonyms=True):
    """Resources are (type, name, keys)."""
    rows = [{"resourceType": kind, "resourceName": name, "configurationKeys": keys} for kind, name, keys in resources]
    return {"resources": rows, "includeSynonyms": synonyms, "includeDocumentation": False}


KEYS = ["retention.ms", "cleanup.policy", "no.such.thing", "max.message.bytes"]
DESCRIPTIONS = {
    "of a topic": description((TOPIC, "sweep-a", KEYS)),
    "without synonyms": description((TOPIC, "sweep-a", KEYS), synonyms=False),
    "no keys": description((TOPIC, "sweep-a", [])),
    "of an unknown topic": description((TOPIC, "sweep-nowhere", KEYS)),
    "of a topic without a name": description((TOPIC, "", KEYS)),
    "of a topic with an invalid name": description((TOPIC, "a b", KEYS)),
    "of a broker": description((BROKER, "1", ["log.retention.ms", "message.max.bytes", "no.such.thing"])),
    "of another broker": description((BROKER, "7", ["message.max.bytes"])),
    "of a broker that is no number": description((BROKER, "one", ["message.max.bytes"])),
    "of all brokers": description((BROKER, "", ["message.max.bytes"])),
    "of nothing known": description((9, "x", None)),
    "of unknown": description((0, "x", None)),
    "of any": description((1, "x", None)),
    "twice": description((TOPIC, "sweep-a", ["retention.ms"]), (TOPIC, "sweep-a", ["cleanup.policy"])),
    "nothing": description(),
}


def sorted_configs(answers):
    """And where it was asked of no kind of resource, how that is said is everybody's own."""
    for answer in answers:
        for result in answer["value"]["results"]:
            result["configs"].sort(key=lambda config: config["name"])
            if result["resourceType"] not in (TOPIC, BROKER):
                del result["errorMessage"]
    return answers


def test_configs_are_described(cluster):
    same(cluster, DESCRIBE_CONFIGS, "DescribeConfigs", DESCRIPTIONS, shown=sorted_configs)


def alteration(*resources, validate_only=False):
    """Resources are (type, name, [(key, value) or (key, value, operation)])."""
    rows = []
    for kind, name, changes in resources:
        configs = [
            {"name": key, "value": value, "configOperation": operation[0] if operation else SET}
            for key, value, *operation in changes
        ]
        rows.append({"resourceType": kind, "resourceName": name, "configs": configs})
    return {"resources": rows, "validateOnly": validate_only}


def of_topic(*changes, **options):
    return alteration((TOPIC, "sweep-configs", list(changes)), **options)


CHANGES = {
    "of a topic": of_topic(("retention.ms", "7000"), ("cleanup.policy", "compact")),
    "tried": of_topic(("retention.ms", "8000"), validate_only=True),
    "wrong": of_topic(("retention.ms", "soon")),
    "out of range": of_topic(("retention.ms", "-2")),
    "unknown": of_topic(("no.such.thing", "1")),
    "no key": of_topic(("", "1")),
    "null": of_topic(("retention.ms", None)),
    "empty": of_topic(("retention.ms", "")),
    "none": of_topic(),
    "of an unknown topic": alteration((TOPIC, "sweep-nowhere", [("retention.ms", "1")])),
    "of a topic without a name": alteration((TOPIC, "", [("retention.ms", "1")])),
    "of a topic with an invalid name": alteration((TOPIC, "a b", [("retention.ms", "1")])),
    "of two": alteration((TOPIC, "sweep-configs", [("retention.ms", "x")]), (TOPIC, "sweep-a", [])),
    "of what a broker can't change": alteration((BROKER, "1", [("log.dirs", "x")])),
    "of a broker, tried": alteration((BROKER, "1", [("message.max.bytes", "2000000")]), validate_only=True),
    "of a broker, wrong": alteration((BROKER, "1", [("message.max.bytes", "-7")])),
    "of all brokers, tried": alteration((BROKER, "", [("message.max.bytes", "2000000")]), validate_only=True),
    "of nothing known": alteration((9, "x", [("a", "b")])),
    "of unknown": alteration((0, "x", [("a", "b")])),
    "nothing": alteration(),
}
INCREMENTS = {
    **CHANGES,
    "deleted": of_topic(("retention.ms", None, DELETE)),
    "deleted with a value": of_topic(("retention.ms", "5", DELETE)),
    "deleted where it isn't": of_topic(("segment.ms", None, DELETE)),
    "appended": of_topic(("cleanup.policy", "delete", APPEND)),
    "appended again": of_topic(("cleanup.policy", "delete", APPEND)),
    "subtracted": of_topic(("cleanup.policy", "compact", SUBTRACT)),
    "appended to what is no list": of_topic(("retention.ms", "5", APPEND)),
    "subtracted from what is no list": of_topic(("retention.ms", "5", SUBTRACT)),
    "appended null": of_topic(("cleanup.policy", None, APPEND)),
    "one key twice": of_topic(("retention.ms", "5", SET), ("retention.ms", "5", DELETE)),
    "restored": of_topic(("cleanup.policy", None, DELETE), ("retention.ms", None, DELETE)),
}


def in_their_order(answers):
    for answer in answers:
        answer["value"]["responses"].sort(key=lambda row: (row["resourceType"], row["resourceName"]))
    return answers


AFTER = {"after all": description((TOPIC, "sweep-configs", KEYS))}


def test_configs_are_replaced(cluster):
    same(cluster, ALTER_CONFIGS, "AlterConfigs", CHANGES, shown=in_their_order)
    same(cluster, DESCRIBE_CONFIGS, "DescribeConfigs", AFTER, shown=sorted_configs)


def test_configs_are_changed_one_by_one(cluster):
    same(cluster, INCREMENTAL_ALTER_CONFIGS, "IncrementalAlterConfigs", INCREMENTS, shown=in_their_order)
    same(cluster, DESCRIBE_CONFIGS, "DescribeConfigs", AFTER, shown=sorted_configs)


def test_partitions_of_topics_are_described_in_pages(cluster):
    def page(*topics, limit=2000, cursor=None):
        after = None if cursor is None else {"topicName": cursor[0], "partitionIndex": cursor[1]}
        return {"topics": [{"name": name} for name in topics], "responsePartitionLimit": limit, "cursor": after}

    cases = {
        "two": page("sweep-b", "sweep-a"),
        "unknown": page("sweep-a", "sweep-nowhere"),
        "twice": page("sweep-b", "sweep-b"),
        "the first": page("sweep-a", "sweep-b", limit=1),
        "the next": page("sweep-a", "sweep-b", limit=1, cursor=("sweep-a", 1)),
        "the last": page("sweep-a", "sweep-b", limit=1, cursor=("sweep-b", 0)),
        "none": page("sweep-a", limit=0),
        "fewer than none": page("sweep-a", limit=-1),
        "behind a topic": page("sweep-a", cursor=("sweep-a", 2)),
        "behind all": page("sweep-a", cursor=("sweep-z", 0)),
        "before": page("sweep-a", cursor=("sweep", 0)),
        "of a negative partition": page("sweep-a", cursor=("sweep-a", -1)),
    }
    same(cluster, DESCRIBE_TOPIC_PARTITIONS, "DescribeTopicPartitions", cases)


def test_log_directories_are_described(cluster):
    def asked(topics):
        return {"topics": topics and [{"topic": name, "partitions": found} for name, found in topics]}

    def shown(answers):
        for answer in answers:
            for result in answer["value"]["results"]:
                for size in ("totalBytes", "usableBytes"):
                    result[size] = result.get(size, 0) > 0
                topics = [topic for topic in result["topics"] if topic["name"] in ("sweep-a", "sweep-b")]
                result["topics"] = sorted(topics, key=lambda topic: topic["name"])
                for topic in topics:
                    topic["partitions"].sort(key=lambda row: row["partitionIndex"])
        return answers

    cases = {
        "all": asked(None),
        "some": asked([("sweep-a", [0, 1]), ("sweep-b", [0])]),
        "unknown": asked([("sweep-a", [1, 7]), ("sweep-nowhere", [0])]),
        "twice": asked([("sweep-a", [1, 1])]),
        "no partitions": asked([("sweep-a", [])]),
        "none": asked([]),
    }
    same(cluster, DESCRIBE_LOG_DIRS, "DescribeLogDirs", cases, shown=shown)


def test_replicas_are_not_moved_to_where_there_is_no_directory(cluster):
    def move(path, *topics):
        return {"dirs": [{"path": path, "topics": [{"name": name, "partitions": found} for name, found in topics]}]}

    cases = {
        "unknown": move("/no/such/place", ("sweep-a", [0, 1]), ("sweep-nowhere", [0])),
        "relative": move("data", ("sweep-a", [0])),
        "nowhere": move("", ("sweep-a", [0, 9])),
        "nothing": {"dirs": []},
    }

    def shown(answers):
        for answer in answers:
            answer["value"]["results"].sort(key=lambda topic: topic["topicName"])
            for topic in answer["value"]["results"]:
                topic["partitions"].sort(key=lambda row: row["partitionIndex"])
        return answers

    same(cluster, ALTER_REPLICA_LOG_DIRS, "AlterReplicaLogDirs", cases, shown=shown)


def test_the_cluster_is_described(cluster):
    def asked(operations=False, endpoints=1, fenced=False):
        return {
            "includeClusterAuthorizedOperations": operations,
            "endpointType": endpoints,
            "includeFencedBrokers": fenced,
        }

    cases = {
        "ordinary": asked(),
        "with operations": asked(operations=True),
        "of controllers": sweep.since(1, asked(endpoints=2)),
        "of nobody": sweep.since(1, asked(endpoints=9)),
        "with those that are fenced": sweep.since(2, asked(fenced=True)),
    }
    same(cluster, DESCRIBE_CLUSTER, "DescribeCluster", cases)


def test_clients_that_name_themselves_wrongly_are_told_no_versions(cluster):
    names = {"ordinary": "apache-kafka-java", "none": "", "a space": "a b", "a dash": "-a", "a letter": "a", "odd": "ö"}
    cases = {name: {"clientSoftwareName": text, "clientSoftwareVersion": "4.3.1"} for name, text in names.items()}
    cases["no version"] = {"clientSoftwareName": "a", "clientSoftwareVersion": ""}

    def shown(answers):
        return [(answer["step"], answer["value"]["errorCode"]) for answer in answers]

    same(cluster, API_VERSIONS, "ApiVersions", cases, shown=shown)
