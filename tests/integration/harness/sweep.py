"""The same requests in every version that an API is advertised in, sent to both brokers, answer by answer compared."""

import json

from harness import wire
from harness.compare import request
from harness.process import until as wait_until


def advertised(both, key):
    """The versions that both brokers offer; Kafka says of Produce that it knows older ones, for old clients' sake."""
    rows = [wire.api_versions(side.broker.port)[key] for side in both.sides]
    assert rows[0] == rows[1], f"versions of API {key}: {rows}"
    low, high = rows[0]
    return range(max(low, 3) if key == wire.PRODUCE else low, high + 1)


def lines(api, versions, cases):
    """One line per version and case; a case is its name and the body, in which %v stands for the version."""
    return [
        request(api, version, json.loads(json.dumps(body).replace("%v", str(version))), **{"as": f"{name}, v{version}"})
        for version in versions
        for name, body in cases.items()
        if body.get("since", 0) <= version <= body.get("until", version)
    ]


def since(version, body):
    """A case that older versions can't say."""
    return {**body, "since": version}


def until(version, body):
    """A case that newer versions take for another."""
    return {**body, "until": version}


def same(both, key, api, cases, ids=lambda side: {}, shown=lambda answers: answers):
    """Runs all the cases in all versions. ids(side) gives the topics' ids by name; in requests and answers a name in
    place of an id stands for the id."""

    def script(side):
        known = ids(side)
        names = {topic_id: name for name, topic_id in known.items()}

        def resolved(node):
            if isinstance(node, dict):
                return {
                    name: known.get(child, child) if name == "topicId" else resolved(child)
                    for name, child in node.items()
                }
            return [resolved(child) for child in node] if isinstance(node, list) else node

        def named(node):
            if isinstance(node, dict):
                return {name: named(child) for name, child in node.items()}
            return [named(child) for child in node] if isinstance(node, list) else names.get(node, node)

        return shown(named(side.requests(*map(resolved, lines(api, advertised(both, key), cases)))))

    return both.same(script)


def ids_of(side, *topics):
    """{name: topic id}"""
    asked = {
        "topics": [{"name": name, "topicId": "A" * 22} for name in topics],
        "allowAutoTopicCreation": False,
        "includeTopicAuthorizedOperations": False,
    }
    (answer,) = side.requests(request("Metadata", 13, asked))
    return {row["name"]: row["topicId"] for row in answer["value"]["topics"]}


def create(side, topics, configs=None):
    """Makes {name: number of partitions}, some with configs {name: {key: value}}, and waits until all are served."""
    rows = []
    for name, partitions in topics.items():
        given = [{"name": key, "value": value} for key, value in (configs or {}).get(name, {}).items()]
        counts = {"numPartitions": partitions, "replicationFactor": 1}
        rows.append({"name": name, **counts, "assignments": [], "configs": given})
    (answer,) = side.requests(request("CreateTopics", 7, {"topics": rows, "timeoutMs": 30000, "validateOnly": False}))
    assert all(topic["errorCode"] == 0 for topic in answer["value"]["topics"]), answer
    wait_until(lambda: are_led(side, topics), "the topics are led", 30)


def make_offsets_topic(side):
    """Waits until __consumer_offsets is there, which the first question for a coordinator makes a moment later."""
    question = request("FindCoordinator", 6, {"coordinatorKeys": ["any"], "keyType": 0})

    def is_found():
        (answer,) = side.requests(question)
        return answer["value"]["coordinators"][0]["errorCode"] == 0

    wait_until(is_found, "__consumer_offsets is led", 60)


def are_led(side, topics):
    rows = [
        {
            "name": name,
            "partitions": [
                {"partitionIndex": index, "currentLeaderEpoch": -1, "timestamp": -1} for index in range(count)
            ],
        }
        for name, count in topics.items()
    ]
    body = {"replicaId": -1, "isolationLevel": 0, "topics": rows, "timeoutMs": 1000}
    (answer,) = side.requests(request("ListOffsets", 7, body))
    return all(row["errorCode"] == 0 for topic in answer["value"]["topics"] for row in topic["partitions"])
