"""What is answered to who writes records, in every version: the same as real Kafka's answers."""

import functools
import zlib

import pytest

from harness import batches, sweep, wire
from harness.batches import batch, record, varint
from harness.compare import request
from harness.process import until

PRODUCE, INIT_PRODUCER_ID, DESCRIBE_PRODUCERS = 0, 22, 61
NOBODY = "Zm9vYmFyZm9vYmFyZm9vYg"  # an id that no topic has
NO_TOPIC = {"nobody": NOBODY, "zero": "A" * 22}
TOPICS = {"write-a": 2, "write-b": 1, "write-small": 1, "write-compact": 1, "write-stamped": 1}
CONFIGS = {name: {"retention.ms": "-1"} for name in TOPICS} | {
    "write-small": {"max.message.bytes": "150"},
    "write-compact": {"cleanup.policy": "compact"},
    "write-stamped": {"message.timestamp.type": "LogAppendTime"},
}
produce = functools.partial(batches.produce, topic="write-a")


@pytest.fixture(scope="module")
def data(both):
    """Both brokers with the same topics."""

    def script(side):
        sweep.create(side, TOPICS, CONFIGS)
        sweep.make_offsets_topic(side)

    both.answers(script)
    return both


def same(both, key, api, cases, **options):
    sweep.same(both, key, api, cases, ids=lambda side: {**sweep.ids_of(side, *TOPICS), **NO_TOPIC}, **options)


def gzip(content):
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


FUTURE = 4_000_000_000_000
WRITES = {
    "ordinary": produce(batch(count=3)),
    "acks of the leader": produce(batch(count=2), acks=1),
    "acks of two": produce(batch(), acks=2),
    "acks of minus two": produce(batch(), acks=-2),
    "no time": produce(batch(), timeout_ms=0),
    "negative time": produce(batch(), timeout_ms=-5),
    "nothing": produce(b""),
    "two batches": produce(batch() + batch()),
    "half a batch": produce(batch()[:40]),
    "a little of a header": produce(batch()[:10]),
    "message format 0": produce(batch(magic=0)),
    "message format 1": produce(batch(magic=1)),
    "message format 3": produce(batch(magic=3)),
    "a wrong checksum": produce(batch(crc=1)),
    "gzip": produce(batch(gzip(record(0, b"a") + record(1, b"b")), count=2, attributes=1)),
    "zstd before its time": sweep.until(6, produce(batch(b"\xff" * 40, attributes=4))),
    "no records": produce(batch(b"", count=0)),
    "a negative count": produce(batch(b"", count=-1)),
    "more records than there are": produce(batch(record(0, b"v"), count=1000)),
    "fewer records than there are": produce(batch(record(0, b"v") + record(1, b"v"), count=1)),
    "a last offset that does not add up": produce(batch(count=3, last_delta=77)),
    "gzip of a last offset that does not add up": produce(
        batch(gzip(record(0, b"a") + record(1, b"b")), count=2, attributes=1, last_delta=5)
    ),
    "gzip of offsets that do not start at 0": produce(
        batch(gzip(record(3, b"a") + record(4, b"b")), count=2, attributes=1, last_delta=4)
    ),
    "a record longer than the batch": produce(batch(varint(5000) + b"abc")),
    "a size beyond the set": produce(batch(size=100_000)),
    "a negative size": produce(batch(size=-1)),
    "a size smaller than the header": produce(batch(size=20)),
    "an offset that is not 0": produce(batch(base_offset=55)),
    "a negative offset": produce(batch(base_offset=-55)),
    "a control batch": produce(batch(attributes=0x20)),
    "a bit that means nothing": produce(batch(attributes=0x80)),
    "a time to come": produce(batch(times=(FUTURE, FUTURE))),
    "one record of a time to come": produce(
        batch(record(0, b"a") + record(1, b"b", time_delta=FUTURE), count=2, times=(1, FUTURE + 1))
    ),
    "a largest time that is no record's": produce(batch(count=2, times=(5, FUTURE))),
    "no time of records": produce(batch(times=(-1, -1))),
    "times before all time": produce(batch(times=(-77, -77))),
    "an unknown topic": produce(batch(), topic="write-nowhere", topic_id="nobody"),
    "an id of zero": produce(batch(), topic="write-nowhere", topic_id="zero"),
    "no name": produce(batch(), topic="", topic_id="nobody"),
    "an invalid name": produce(batch(), topic="a b/c", topic_id="nobody"),
    "an unknown partition": produce(batch(), index=2),
    "a negative partition": produce(batch(), index=-1),
    "no topics": {**produce(), "topicData": []},
    "no partitions": produce(),
    "several topics": {
        **produce(),
        "topicData": [
            *produce(batch(), topic="write-b")["topicData"],
            *produce(batch(), topic="write-nowhere", topic_id="nobody")["topicData"],
            *produce(batch(crc=5), topic="write-stamped")["topicData"],
        ],
    },
    "one topic wrong as a whole": {
        **produce(),
        "topicData": produce(batch(), topic="write-b")["topicData"] + produce(batch() + batch())["topicData"],
    },
    "too large": produce(batch(record(0, b"x" * 200)), topic="write-small"),
    "small enough": produce(batch(record(0, b"x" * 20)), topic="write-small"),
    "too large when unpacked": produce(batch(gzip(record(0, b"x" * 500)), attributes=1), topic="write-small"),
    "a key": produce(batch(record(0, b"v", key=b"k")), topic="write-compact"),
    "no key": produce(batch(), topic="write-compact"),
    "one of three has a key": produce(
        batch(record(0, b"v") + record(1, b"v", key=b"k") + record(2, b"v"), count=3), topic="write-compact"
    ),
    "gzip without a key": produce(batch(gzip(record(0, b"v")), attributes=1), topic="write-compact"),
    "stamped by the broker": produce(batch(count=2), topic="write-stamped"),
    "a time to come, stamped by the broker": produce(batch(times=(FUTURE, FUTURE)), topic="write-stamped"),
    "a log of offsets": produce(batch(), topic="__consumer_offsets", topic_id="nobody"),
}


INVALID_RECORD = 87


def compared(answers):
    """Without what is everybody's own: the clock, the words for what is wrong with records, the order of a hash table;
    and of records that aren't taken Kafka says in some cases where the log begins."""
    for answer in answers:
        topics = answer["value"].get("responses", [])
        topics.sort(key=lambda topic: topic.get("name", topic.get("topicId")))
        for row in (row for topic in topics for row in topic["partitionResponses"]):
            row.pop("errorMessage", None)
            for error in row.get("recordErrors", []):
                error["batchIndexErrorMessage"] = bool(error["batchIndexErrorMessage"])
            if row["logAppendTimeMs"] > 10**12:
                row["logAppendTimeMs"] = "NOW"
            if row["errorCode"] == INVALID_RECORD:
                row["logStartOffset"] = None
    return answers


def test_records_are_written_or_refused(data):
    same(data, PRODUCE, "Produce", WRITES, shown=compared)


def idempotent(producer_id, epoch, sequence, **options):
    return produce(batch(producer=(producer_id, epoch, sequence), **options), topic="write-b")


def test_idempotent_producers_are_checked(data):
    """Each version under an id of its own, that nobody has handed out."""
    versions = sweep.advertised(data, PRODUCE)

    def script(side):
        ids = sweep.ids_of(side, "write-b")
        answers = []
        for version in versions:
            number = 1_000_000 + version
            cases = {
                "first": idempotent(number, 0, 0, count=2),
                "again": idempotent(number, 0, 0, count=2),
                "again, but longer": idempotent(number, 0, 0, count=3),
                "next": idempotent(number, 0, 2),
                "a gap": idempotent(number, 0, 5),
                "before": idempotent(number, 0, 1),
                "a negative sequence": idempotent(number, 0, -1),
                "a new epoch that doesn't begin at 0": idempotent(number, 1, 3),
                "a new epoch": idempotent(number, 1, 0),
                "an old epoch": idempotent(number, 0, 3),
                "no epoch": idempotent(number, -1, 0),
                "no id": idempotent(-1, 0, 0),
                "no id but a sequence": idempotent(-1, -1, 4),
                "nobody's first": idempotent(number + 1000, 0, 7),
                "nobody's first wraps": idempotent(number + 2000, 0, 2**31 - 2, count=3),
                "after the wrap": idempotent(number + 2000, 0, 1),
                "a control batch": idempotent(number + 3000, 0, 0, attributes=0x20),
            }
            lines = sweep.lines("Produce", [version], cases)
            for line in lines:
                line["body"]["topicData"][0]["topicId"] = ids["write-b"]
            answers += compared(side.requests(*lines))
        described = {"topics": [{"name": "write-b", "partitionIndexes": [0]}]}
        (producers,) = side.requests(request("DescribeProducers", 0, described))
        for row in producers["value"]["topics"][0]["partitions"]:
            row["activeProducers"].sort(key=lambda active: active["producerId"])
        return answers, producers

    data.same(script)


def test_without_acks_nothing_is_answered_and_what_is_wrong_closes_the_connection(data):
    def script(side):
        ids = sweep.ids_of(side, *TOPICS)

        def sent(version, name, **options):
            body = produce(options.pop("content", batch()), acks=0, **options)
            body["topicData"][0]["topicId"] = ids.get(body["topicData"][0]["name"], NOBODY)
            return request("Produce", version, body, on=name, later=True, **{"as": name})

        after = {"replicaId": -1, "isolationLevel": 0, "timeoutMs": 1000}
        after["topics"] = [
            {"name": "write-a", "partitions": [{"partitionIndex": 1, "currentLeaderEpoch": -1, "timestamp": -1}]}
        ]
        lines = []
        for version in sweep.advertised(data, PRODUCE):
            wrong = {
                "unknown": {"topic": "write-nowhere"},
                "partition": {"index": 9},
                "checksum": {"content": batch(crc=1)},
                "two": {"content": batch() + batch()},
            }
            lines += [sent(version, f"right{version}", topic="write-a", index=1)]
            lines += [request("ListOffsets", 5, after, on=f"right{version}")]
            for name, options in wrong.items():
                lines += [sent(version, f"{name}{version}", **options), {"receive": f"{name}{version}"}]
        return side.requests(*lines)

    data.same(script)


def init(timeout_ms=60000, producer_id=-1, epoch=-1, transactional_id=None):
    return {
        "transactionalId": transactional_id,
        "transactionTimeoutMs": timeout_ms,
        "producerId": producer_id,
        "producerEpoch": epoch,
        "enable2Pc": False,
        "keepPreparedTxn": False,
    }


INITIALISATIONS = {
    "idempotent": init(),
    "without a time-out": init(0),
    "with a negative time-out": init(-1),
    "with a long time-out": init(2**31 - 1),
    "with an id": sweep.since(3, init(producer_id=5, epoch=0)),
    "with an epoch only": sweep.since(3, init(epoch=3)),
    "with an id only": sweep.since(3, init(producer_id=3)),
    "with an empty transactional id": init(transactional_id=""),
}


def test_producer_ids_are_given(data):
    def shown(answers):
        for answer in answers:
            if answer["value"].get("producerId", -1) >= 0:
                answer["value"]["producerId"] = "GIVEN"
        return answers

    def is_served(side):
        return side.requests(request("InitProducerId", 0, init()))[0]["value"]["errorCode"] == 0

    for side in data.sides:  # the first one fetches a block of ids
        until(lambda side=side: is_served(side), "producer ids are given", 20)
    same(data, INIT_PRODUCER_ID, "InitProducerId", INITIALISATIONS, shown=shown)


def test_producers_are_described(data):
    def asked(*topics):
        return {"topics": [{"name": name, "partitionIndexes": found} for name, found in topics]}

    cases = {
        "nobody writes": asked(("write-compact", [0])),
        "unknown": asked(("write-nowhere", [0]), ("write-a", [5, -1])),
        "no name": asked(("", [0])),
        "an invalid name": asked(("a b", [0])),
        "twice": asked(("write-compact", [0, 0]), ("write-compact", [0])),
        "nothing": asked(),
        "no partitions": asked(("write-compact", [])),
    }
    same(data, DESCRIBE_PRODUCERS, "DescribeProducers", cases)


TELEMETRY = {71, 72}  # Kafka takes metrics of clients only with a plug-in


def test_an_api_is_advertised_in_the_versions_of_kafka(data):
    milena, kafka = (wire.api_versions(side.broker.port) for side in data.sides)
    assert {key for key, versions in milena.items() if kafka.get(key) != versions} <= TELEMETRY
