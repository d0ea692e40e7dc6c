"""kcat (librdkafka), as a person uses it in a shell, against both brokers."""

import json
import re

import pytest

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
EVERYTHING = "%t [%p] %o key=%k/%K value=%s/%S headers=%h %T\n"


def lines(count, word="line"):
    return "".join(f"key{index % 17}:{word} {index} {'x' * (index % 83)}\n" for index in range(count)).encode()


def consume(side, topic, *more):
    """Everything up to the end of the partitions."""
    return side.kcat("-C", "-t", topic, "-e", "-q", "-X", "fetch.wait.max.ms=20", "-f", EVERYTHING, *more)


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_produced_with_a_codec_is_consumed(both, codec):
    def script(side):
        topic = f"kcat-codec-{codec}"
        made = side.kcat("-P", "-t", topic, "-K:", "-z", codec, stdin=lines(1000))
        return made, consume(side, topic, "-o", "beginning")

    made, got = both.same(script)
    assert made["exit"] == 0 and got["out"].count("\n") == 1000


@pytest.mark.parametrize("setting", ["acks=0", "acks=1", "acks=all", "enable.idempotence=true"])
def test_every_acknowledgement_setting_stores_the_records(both, setting):
    def script(side):
        topic = "kcat-" + setting.replace("=", "-")
        # Without acknowledgements the records of a topic that isn't there yet would be lost on both.
        created = side.kcat("-P", "-t", topic, stdin=b"first\n")
        made = side.kcat("-P", "-t", topic, "-K:", "-X", setting, stdin=lines(200))
        return created, made, side.kcat("-C", "-t", topic, "-c", "201", "-q", "-f", EVERYTHING)

    assert both.same(script)[2]["out"].count("\n") == 201


def test_headers_nulls_and_empty_keys_survive(both):
    def script(side):
        topic = "kcat-headers"
        steps = [
            side.kcat(
                "-P", "-t", topic, "-H", "a=1", "-H", "b=two", "-H", "empty=", "-k", "key", stdin=b"with headers\n"
            ),
            side.kcat("-P", "-t", topic, "-Z", "-K:", stdin=b":empty key\nkey:\nno key here\n"),
            side.kcat("-P", "-t", topic, stdin="snowman ☃ and ümläut\n".encode()),
        ]
        return steps, consume(side, topic, "-J"), consume(side, topic)

    both.same(script)


def test_offsets_choose_where_a_consumer_begins(both):
    def script(side):
        topic = "kcat-offsets"
        made = side.kcat("-P", "-t", topic, "-K:", stdin=lines(100))
        places = ["beginning", "0", "42", "99", "100", "-1", "-7", "-1000", "end"]
        return (
            made,
            {place: consume(side, topic, "-o", place) for place in places},
            consume(side, topic, "-o", "10", "-c", "3"),
        )

    both.same(script)


def test_an_offset_out_of_range_follows_the_reset_policy(both):
    def script(side):
        topic = "kcat-out-of-range"
        made = side.kcat("-P", "-t", topic, stdin=b"a\nb\nc\n")
        return made, [
            consume(side, topic, "-o", "1000", "-X", f"auto.offset.reset={policy}")
            for policy in ("earliest", "latest", "error")
        ]

    both.same(script)


def test_timestamps_find_offsets(both):
    def script(side):
        topic = "kcat-timestamps"
        for batch in range(3):
            side.kcat("-P", "-t", topic, stdin=f"{batch}-a\n{batch}-b\n".encode())
        listed = side.kcat("-C", "-t", topic, "-e", "-q", "-f", "%o %T\n")["out"].split("\n")
        times = dict(map(int, line.split()) for line in listed if line)
        found = {offset: side.kcat("-Q", "-t", f"{topic}:0:{time}")["out"] for offset, time in times.items()}
        special = [side.kcat("-Q", "-t", f"{topic}:0:{time}")["out"] for time in (0, -1, -2, max(times.values()) + 1)]
        since = consume(side, topic, "-o", f"s@{times[2]}")
        between = consume(side, topic, "-o", f"s@{times[2]}", "-o", f"e@{times[4]}")
        # Records of one batch may carry the same millisecond: name the first offset that has it.
        first = {offset: min(o for o, t in times.items() if t >= time) for offset, time in times.items()}
        return (
            [found[offset].endswith(f" {first[offset]}\n") or found[offset] for offset in times],
            special,
            since,
            between,
        )

    both.same(script)


def test_metadata_is_listed_alike(both):
    def script(side):
        side.kcat("-P", "-t", "kcat-metadata", stdin=b"a\n")
        whole = json.loads(side.kcat("-L", "-J")["out"])
        whole["topics"] = sorted(topic["topic"] for topic in whole["topics"] if topic["topic"] == "kcat-metadata")
        return (
            whole,
            json.loads(side.kcat("-L", "-J", "-t", "kcat-metadata")["out"]),
            side.kcat("-L", "-t", "kcat-metadata"),
            side.kcat("-L", "-t", "kcat bad name"),
        )

    both.same(script)


def test_keys_choose_partitions(both):
    def script(side):
        side.tool("kafka-topics", "--create", "--topic", "kcat-partitions", "--partitions", "6")
        keyed = side.kcat("-P", "-t", "kcat-partitions", "-K:", stdin=lines(300))
        direct = side.kcat("-P", "-t", "kcat-partitions", "-p", "3", stdin=b"to three\n")
        missing = side.kcat("-P", "-t", "kcat-partitions", "-p", "9", stdin=b"to nowhere\n")
        return keyed, direct, missing, [consume(side, "kcat-partitions", "-p", str(index)) for index in range(6)]

    both.same(script)


def test_a_record_of_900_kilobytes_passes_and_a_larger_one_is_refused(both):
    def script(side):
        side.tool("kafka-topics", "--create", "--topic", "kcat-big", "--config", "max.message.bytes=950000")
        big = [
            side.kcat("-P", "-t", "kcat-big", "-X", "message.max.bytes=2000000", stdin=b"x" * size + b"\n")
            for size in (900_000, 960_000)
        ]
        return big, side.kcat("-C", "-t", "kcat-big", "-e", "-q", "-f", "%o %S\n")

    big, got = both.same(script)
    assert [one["exit"] for one in big] == [0, 1] and got["out"] == "0 900000\n"


def test_an_unknown_topic_is_an_error_for_a_consumer(both):
    def script(side):
        return side.kcat("-C", "-t", "kcat-nowhere", "-e", "-X", "allow.auto.create.topics=false")

    assert re.search("Unknown topic", both.same(script)["err"])


def test_a_topic_is_created_by_producing_to_it(both):
    def script(side):
        made = side.kcat("-P", "-t", "kcat-auto", stdin=b"a\n")
        described = side.tool("kafka-topics", "--describe", "--topic", "kcat-auto")
        return made, described, refused(side, "kcat auto bad"), refused(side, "x" * 250)

    def refused(side, topic):
        """kcat hands its record over before it has learnt that the topic is refused, or after, and says so."""
        made = side.kcat("-P", "-t", topic, stdin=b"a\n")
        words = made["err"].strip()
        return made["exit"], words in (
            "% Delivery failed for message: Broker: Invalid topic",
            "% ERROR: Failed to produce message (1 bytes): Local: Unknown topic",
        )

    assert both.same(script)[2:] == [[1, True]] * 2
