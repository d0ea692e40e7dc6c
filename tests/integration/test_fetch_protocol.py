"""What is answered to who reads records, looks for them or deletes them, in every version: the same as real Kafka's
answers."""

import pytest

from harness import sweep
from harness.batches import batch, produce
from harness.compare import request

FETCH, LIST_OFFSETS, DELETE_RECORDS, OFFSET_FOR_LEADER_EPOCH = 1, 2, 21, 23
NOBODY = "Zm9vYmFyZm9vYmFyZm9vYg"  # an id that no topic has
NO_TOPIC = {"nobody": NOBODY, "zero": "A" * 22}
TOPICS = {"read-some": 2, "read-empty": 1, "read-compact": 1}
CONFIGS = {name: {"retention.ms": "-1"} for name in TOPICS} | {"read-compact": {"cleanup.policy": "compact"}}


@pytest.fixture(scope="module")
def data(both):
    """Both brokers with the same topics; records from offset 4 to 14 in one of them."""

    def script(side):
        sweep.create(side, TOPICS, CONFIGS)
        sweep.make_offsets_topic(side)
        times = [(1000 + 100 * number,) * 2 for number in range(5)]
        writes = [produce(batch(count=3, times=stamp), topic="read-some", topic_id=NOBODY) for stamp in times]
        side.requests(
            *(request("Produce", 12, body) for body in writes),
            request("DeleteRecords", 2, deletion(("read-some", [(0, 4)]))),
        )

    both.answers(script)
    return both


def same(both, key, api, cases, **options):
    sweep.same(both, key, api, cases, ids=lambda side: {**sweep.ids_of(side, *TOPICS), **NO_TOPIC}, **options)


def read(partition, offset, epoch=-1, last_epoch=-1, bytes_max=1 << 20, log_start=-1):
    return {
        "partition": partition,
        "currentLeaderEpoch": epoch,
        "fetchOffset": offset,
        "lastFetchedEpoch": last_epoch,
        "logStartOffset": log_start,
        "partitionMaxBytes": bytes_max,
    }


def fetch(*partitions, topic="read-some", topic_id=None, **options):
    return fetch_topics([{"topic": topic, "topicId": topic_id or topic, "partitions": list(partitions)}], **options)


def fetch_topics(topics, **options):
    return {
        "replicaId": -1,
        "maxWaitMs": 0,
        "minBytes": 1,
        "maxBytes": 1 << 20,
        "isolationLevel": 0,
        "sessionId": 0,
        "sessionEpoch": -1,
        "topics": topics,
        "forgottenTopicsData": [],
        "rackId": "",
        **options,
    }


READS = {
    "from the beginning": fetch(read(0, 4)),
    "from the middle": fetch(read(0, 7)),
    "before the beginning": fetch(read(0, 3)),
    "before all": fetch(read(0, 0)),
    "a negative offset": fetch(read(0, -1)),
    "at the end": fetch(read(0, 15)),
    "at the end, a moment": fetch(read(0, 15), maxWaitMs=5, minBytes=1),
    "behind the end": fetch(read(0, 16)),
    "an empty partition": fetch(read(0, 0), topic="read-empty"),
    "one byte of the partition": fetch(read(0, 4, bytes_max=1)),
    "no bytes of the partition": fetch(read(0, 4, bytes_max=0)),
    "one byte": fetch(read(0, 4), maxBytes=1),
    "no bytes": fetch(read(0, 4), maxBytes=0),
    "a batch and a half": fetch(read(0, 4, bytes_max=140)),
    "committed": fetch(read(0, 4), isolationLevel=1),
    "no time and no bytes": fetch(read(0, 4), minBytes=0),
    "negative time": fetch(read(0, 4), maxWaitMs=-1),
    "an unknown partition": fetch(read(2, 0)),
    "a negative partition": fetch(read(-1, 0)),
    "an unknown topic": fetch(read(0, 0), topic="read-nowhere", topic_id="nobody"),
    "no id": fetch(read(0, 0), topic="read-nowhere", topic_id="zero"),
    "no name": fetch(read(0, 0), topic="", topic_id="nobody"),
    "a known and an unknown partition": fetch(read(0, 4), read(9, 0)),
    "the epoch": fetch(read(0, 4, epoch=0)),
    "an epoch to come": fetch(read(0, 4, epoch=1)),
    "a negative epoch": fetch(read(0, 4, epoch=-2)),
    "the last epoch": sweep.since(12, fetch(read(0, 7, last_epoch=0))),
    "a last epoch to come": sweep.since(12, fetch(read(0, 7, last_epoch=3))),
    "a last epoch behind the end": sweep.since(12, fetch(read(0, 20, last_epoch=0))),
    "a log start": fetch(read(0, 7, log_start=2)),
    "a rack": fetch(read(0, 13), rackId="somewhere"),
    "nothing": fetch_topics([]),
    "no partitions": fetch(),
    "a follower that is none": sweep.until(14, fetch(read(0, 4), replicaId=5)),
    "a newer follower that is none": sweep.since(
        15, fetch(read(0, 4), replicaState={"replicaId": 5, "replicaEpoch": 1})
    ),
    "the broker itself as a follower": sweep.until(14, fetch(read(0, 4), replicaId=1)),
    "a follower that is none, of the epoch": sweep.since(9, sweep.until(14, fetch(read(0, 4, epoch=0), replicaId=5))),
    "a follower that is none, of an epoch to come": sweep.until(14, fetch(read(0, 4, epoch=1), replicaId=5)),
    "for debugging": sweep.until(14, fetch(read(0, 4), replicaId=-2)),
    "for debugging, committed": sweep.until(14, fetch(read(0, 4), replicaId=-2, isolationLevel=1)),
    "a session nobody has": fetch(read(0, 4), sessionId=7, sessionEpoch=3),
    "the end of a session nobody has": fetch(read(0, 4), sessionId=7, sessionEpoch=-1),
    "a session of no epoch": fetch(read(0, 4), sessionId=0, sessionEpoch=4),
}


def whole_batches(answers):
    """Without the batch that is cut off at the limit, which only Kafka sends: no client can read it."""
    for answer in answers:
        for row in (row for topic in answer["value"].get("responses", []) for row in topic["partitions"]):
            records, end = bytes.fromhex(row["records"] or ""), 0
            while end + 12 <= len(records) and end + 12 + int.from_bytes(records[end + 8 : end + 12]) <= len(records):
                end += 12 + int.from_bytes(records[end + 8 : end + 12])
            row["records"] = records[:end].hex()
    return answers


def test_records_are_fetched(data):
    same(data, FETCH, "Fetch", READS, shown=whole_batches)


def session_of(version):
    """What one client asks in a session; the topic of later requests is the second one."""
    some = {"topic": "read-some", "topicId": "read-some"}
    other = {"topic": "read-empty", "topicId": "read-empty"}
    nobody = {"topic": "read-nowhere", "topicId": "nobody"}
    number = f"#{{s{version}.sessionId}}"

    def step(epoch, *topics, forgotten=(), session=number, **options):
        body = fetch_topics(list(topics), sessionId=session, sessionEpoch=epoch, **options)
        return {**body, "forgottenTopicsData": list(forgotten)}

    return [
        step(0, {**some, "partitions": [read(0, 13), read(1, 1 << 40)]}, session=0),
        step(1),
        step(2, {**some, "partitions": [read(0, 15)]}),
        step(3),
        step(4, {**other, "partitions": [read(0, 1 << 40)]}, {**nobody, "partitions": [read(0, 0)]}),
        step(5),
        step(6, forgotten=[{**some, "partitions": [1, 7]}]),
        step(7, {**some, "partitions": [read(0, 13)]}),
        step(8, {**some, "partitions": [read(9, 0), read(-1, 0)]}),
        step(9, forgotten=[{**nobody, "partitions": [0]}, {**other, "partitions": [0]}]),
        step(9),
        step(11),
        step(10),
        step(-1, {**some, "partitions": [read(0, 13)]}),
        step(11),
    ]


def masked(answers):
    """Without the random id of a session, and in order: Kafka has those that don't exist behind the others."""
    for answer in answers:
        value = answer["value"]
        if value["sessionId"] > 0:
            value["sessionId"] = "SESSION"
        rows = [(topic, row) for topic in value["responses"] for row in topic["partitions"]]
        named = [(topic.get("topic") or topic["topicId"], row) for topic, row in rows]
        value["responses"] = sorted(named, key=lambda row: (row[0], row[1]["partitionIndex"]))
    return answers


def test_sessions_of_fetches(data):
    def script(side):
        ids = {**sweep.ids_of(side, *TOPICS), "nobody": NOBODY}
        lines = []
        for version in sweep.advertised(data, FETCH):
            if version < 7:
                continue
            for number, body in enumerate(session_of(version)):
                for topic in body["topics"] + body["forgottenTopicsData"]:
                    topic["topicId"] = ids[topic["topicId"]]
                name = f"s{version}" if number == 0 else f"s{version}_{number}"
                lines.append(request("Fetch", version, body, **{"as": name}))
        names = {topic_id: name for name, topic_id in ids.items()}
        answers = side.requests(*lines)
        for topic in (topic for answer in answers for topic in answer["value"]["responses"]):
            topic["topicId"] = names.get(topic.get("topicId"))
        return masked(answers)

    data.same(script)


def in_order(answers):
    """Of partitions; Kafka's is that of a hash table."""
    for answer in answers:
        for topic in answer["value"]["topics"]:
            topic["partitions"].sort(key=lambda row: row["partitionIndex"])
    return answers


def looked_for(partition, timestamp, epoch=-1):
    return {"partitionIndex": partition, "currentLeaderEpoch": epoch, "timestamp": timestamp}


def offsets(*partitions, topic="read-some", **options):
    topics = [{"name": topic, "partitions": list(partitions)}]
    return {"replicaId": -1, "isolationLevel": 0, "topics": topics, "timeoutMs": 1000, **options}


TIMESTAMPS = [-1, -2, -3, -4, -5, -6, -7, -(2**63), 0, 1000, 1001, 1100, 1150, 1400, 1401, 2**63 - 1]
SEARCHES = {
    **{f"at {time}": offsets(looked_for(0, time)) for time in TIMESTAMPS},
    **{f"at {time} of an empty one": offsets(looked_for(0, time), topic="read-empty") for time in (-1, -2, -3, -4, 0)},
    "committed": sweep.since(2, offsets(looked_for(0, -1), isolationLevel=1)),
    "committed, by time": sweep.since(2, offsets(looked_for(0, 1300), isolationLevel=1)),
    "an unknown topic": offsets(looked_for(0, -1), topic="read-nowhere"),
    "no name": offsets(looked_for(0, -1), topic=""),
    "an invalid name": offsets(looked_for(0, -1), topic="a b"),
    "an unknown partition": offsets(looked_for(2, -1)),
    "a negative partition": offsets(looked_for(-1, -1)),
    "a partition twice": offsets(looked_for(0, -1), looked_for(0, -2)),
    "a partition thrice and another": offsets(looked_for(0, -1), looked_for(1, -2), looked_for(0, 0), looked_for(0, 1)),
    "the epoch": offsets(looked_for(0, -1, 0)),
    "an epoch to come": offsets(looked_for(0, -1, 1)),
    "a negative epoch": offsets(looked_for(0, -2, -2)),
    "for debugging": offsets(looked_for(0, -1), replicaId=-2),
    "a follower that is none": offsets(looked_for(0, -1), replicaId=5),
    "the broker itself as a follower": offsets(looked_for(0, -1), replicaId=1),
    "nothing": {**offsets(), "topics": []},
    "no partitions": offsets(),
    "no time": offsets(looked_for(0, 1000), timeoutMs=0),
}


def test_offsets_are_listed(data):
    same(data, LIST_OFFSETS, "ListOffsets", SEARCHES, shown=in_order)


def deletion(*topics):
    rows = [
        {"name": name, "partitions": [{"partitionIndex": index, "offset": offset} for index, offset in found]}
        for name, found in topics
    ]
    return {"topics": rows, "timeoutMs": 1000}


DELETIONS = {
    "to where it is": deletion(("read-some", [(0, 4)])),
    "backwards": deletion(("read-some", [(0, 2)])),
    "into nothing": deletion(("read-some", [(0, -5)])),
    "behind the end": deletion(("read-some", [(0, 16)])),
    "two, one of them unknown": deletion(("read-some", [(0, 4), (7, 0)]), ("read-nowhere", [(0, 0)])),
    "of a topic without a name": deletion(("", [(0, 0)])),
    "in a compacted topic": deletion(("read-compact", [(0, 1)])),
    "in a log of offsets": deletion(("__consumer_offsets", [(0, 0)])),
    "nothing": deletion(),
    "no partitions": deletion(("read-some", [])),
}


def test_records_are_deleted(data):
    same(data, DELETE_RECORDS, "DeleteRecords", DELETIONS, shown=in_order)


def ends(*partitions, topic="read-some", replica=-1):
    rows = [{"partition": index, "currentLeaderEpoch": now, "leaderEpoch": epoch} for index, now, epoch in partitions]
    return {"replicaId": replica, "topics": [{"topic": topic, "partitions": rows}]}


EPOCHS = {
    "the epoch": ends((0, -1, 0)),
    "the epoch, by one who knows": ends((0, 0, 0)),
    "an epoch to come": ends((0, -1, 1)),
    "no epoch": ends((0, -1, -1)),
    "a negative epoch": ends((0, -1, -5)),
    "one who knows more": ends((0, 3, 0)),
    "an unknown partition": ends((0, -1, 0), (7, -1, 0)),
    "an unknown topic": ends((0, -1, 0), topic="read-nowhere"),
    "no name": ends((0, -1, 0), topic=""),
    "a partition twice": ends((0, -1, 0), (0, -1, 1)),
    "a follower that is none": ends((0, -1, 0), replica=5),
    "for debugging": ends((0, -1, 0), replica=-2),
    "an empty partition": ends((0, -1, 0), topic="read-empty"),
    "nothing": {**ends(), "topics": []},
    "no partitions": ends(),
}


def test_ends_of_epochs_are_told(data):
    same(data, OFFSET_FOR_LEADER_EPOCH, "OffsetForLeaderEpoch", EPOCHS)
