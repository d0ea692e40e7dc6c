"""Log compaction: the same keyed load on Milena and on Kafka, and each opens what the other has compacted."""

import concurrent.futures
import random
import re
import shutil

import pytest

from harness import records, tools
from harness.broker import RealKafka
from harness.process import until
from test_storage import dump

TIME_MS = 1_700_000_000_000
KEYS = 400
UPDATES = 24_000
SETTINGS = {
    "log.cleaner.backoff.ms": 200,
    "log.initial.task.delay.ms": 0,
    "log.retention.check.interval.ms": 1000,
    "log.segment.delete.delay.ms": 1000,
    "log.flush.offset.checkpoint.interval.ms": 1000,
    "log.cleaner.dedupe.buffer.size": 4 << 20,
    # For topics that come without settings of their own.
    "log.segment.bytes": 1 << 20,
    "log.cleaner.min.cleanable.ratio": 0.01,
}
# Segments of a megabyte, of which most is dead soon.
TOPIC = {
    "cleanup_policy": "compact",
    "segment_bytes": 1 << 20,
    "min_cleanable_dirty_ratio": 0.01,
    "delete_retention_ms": 1000,
    "message_timestamp_before_max_ms": 9223372036854775807,
}
CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


def load(topic, seed):
    """Updates of keys, a tenth of them deletions: the same ones for both brokers."""
    draw = random.Random(f"{topic} {seed}")
    for index in range(UPDATES):
        key = f"key-{draw.randrange(KEYS)}"
        dies = draw.randrange(10) == 0
        value = None if dies else f"{index}-".encode().ljust(draw.randrange(20, 300), b".")
        yield 0, key.encode(), value, None, TIME_MS + index


def last_values(rows):
    last = {}
    for _, key, value, _, _ in rows:
        last[key] = value
    return last


def living(values):
    return {key: value for key, value in values.items() if value}


def read(broker, topic):
    return records.read_all(broker.bootstrap, topic)[0]


def segments(broker, topic):
    return sorted((broker.data / f"{topic}-0").glob("*.log"))


def checkpoint(broker):
    """{topic: offset up to which its only partition is clean}"""
    file = broker.data / "cleaner-offset-checkpoint"
    if not file.exists():
        return {}
    version, count, *lines = file.read_text().splitlines()
    assert (version, int(count)) == ("0", len(lines))
    return {line.split()[0]: int(line.split()[2]) for line in lines}


def is_compacted(broker, topic):
    active = int(segments(broker, topic)[-1].stem)
    return active > 0 and checkpoint(broker).get(topic) == active


def fill(broker):
    for codec in CODECS:
        records.create_topic(broker.bootstrap, f"compact-{codec}", 1, **TOPIC)
    for codec in CODECS:
        topic = f"compact-{codec}"
        records.produce(
            broker.bootstrap, topic, load(topic, 1), compression_type=codec, enable_idempotence=True, linger_ms=20
        )
    return {codec: f"compact-{codec}" for codec in CODECS}


def expected(topic):
    return living(last_values((index, *row[1:]) for index, row in enumerate(load(topic, 1))))


@pytest.fixture(scope="module")
def compacted(run_directory, sides):
    """Brokers whose topics have been filled and compacted, still running."""
    kinds = (type(sides[0].broker), RealKafka)
    brokers = [kind(run_directory / f"compaction-{n}", SETTINGS) for n, kind in enumerate(kinds)]
    try:
        for broker in brokers:
            broker.start()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(fill, brokers))
        for broker in brokers:
            for codec in CODECS:
                topic = f"compact-{codec}"
                if len(segments(broker, topic)) > 1 or codec == "none":
                    until(lambda: is_compacted(broker, topic), f"{broker.name} compacts {topic}", 60, poll_s=0.2)
        yield brokers
    finally:
        for broker in brokers:
            broker.close()


def test_the_last_value_of_every_key_is_there_and_little_else(compacted):
    for broker in compacted:
        for codec in CODECS:
            topic = f"compact-{codec}"
            rows = read(broker, topic)
            assert living(last_values(rows)) == expected(topic), (broker.name, topic)
            offsets = [row[0] for row in rows]
            assert offsets == sorted(set(offsets))
            assert offsets[-1] == UPDATES - 1
            if len(segments(broker, topic)) > 1:
                active = int(segments(broker, topic)[-1].stem)
                clean = [row for row in rows if row[0] < active]
                assert len({row[1] for row in clean}) == len(clean), (broker.name, topic)


def test_both_keep_the_same_last_records(compacted):
    def last_records(rows):
        return {row[1]: row for row in rows if row[2]}

    for codec in CODECS:
        rows = [read(broker, f"compact-{codec}") for broker in compacted]
        alive = [living(last_values(some)) for some in rows]
        kept = [{key: last_records(some)[key] for key in keys} for some, keys in zip(rows, alive)]
        assert kept[0] == kept[1], codec  # offsets, values, headers and timestamps


def test_dump_log_reads_compacted_segments_and_their_indexes(compacted, jvm):
    for broker in compacted:
        for codec in CODECS:
            topic = f"compact-{codec}"
            closed = segments(broker, topic)[:-1]
            if not closed:
                continue
            lines = dump(jvm, "--deep-iteration", "--print-data-log", "--files", ",".join(map(str, closed)))
            assert any(line.startswith("|") for line in lines)
            if codec == "none":
                assert any("deleteHorizonMs: " in line for line in lines), broker.name
            indexes = [path.with_suffix(kind) for path in closed for kind in (".index", ".timeindex")]
            dump(jvm, "--index-sanity-check", "--files", ",".join(map(str, indexes)))


def test_progress_is_visible(compacted):
    broker = compacted[0]
    if broker.name != "milena":
        pytest.skip("Milena's own metrics")
    _, text = broker.http("/metrics")

    def values(name):
        return [float(found) for found in re.findall(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE)]

    assert sum(values("milena_cleaner_passes_total")) >= 1
    assert sum(values("milena_cleaner_uncleanable_partitions")) == 0
    assert 0 < max(values("milena_cleaner_recopy_ratio")) <= 1
    assert max(values("milena_cleaner_last_pass_seconds")) > 0
    assert values("milena_offline_log_directories") == [0] * len(values("milena_offline_log_directories"))
    assert len(re.findall("log compacted: ", broker.log.read_text())) >= 1


def test_tombstones_go_after_delete_retention(compacted):
    for broker in compacted:
        topic = f"{'tomb'}-{broker.name}"
        records.create_topic(broker.bootstrap, topic, 1, **TOPIC)

        def more(count, key=b"other"):
            records.produce(broker.bootstrap, topic, [(0, key, b"x" * 1000, None, TIME_MS)] * count)

        records.produce(broker.bootstrap, topic, [(0, b"dead", b"1", None, TIME_MS), (0, b"dead", None, None, TIME_MS)])

        def is_gone():
            more(1200)
            return not any(key == b"dead" for _, key, *_ in read(broker, topic))

        until(is_gone, f"{broker.name} forgets a tombstone", 60, poll_s=1)


def test_kafkas_log_compaction_tester_finds_nothing(compacted, sides):
    """Kafka's own tool: it writes keyed records and deletions, reads them back later, and compares the last values."""

    def test(broker, side):
        done = side.jvm.run(
            "log-compaction-tester",
            *("--bootstrap-server", broker.bootstrap, "--topics", 2, "--messages", 100_000, "--sleep", 3),
            *("--percent-deletes", 20, "--duplicates", 5, "--compression-type", "lz4"),
            deadline_s=240,
        )
        assert done["exit"] == 0 and "Data verification is completed" in done["out"], (broker.name, done)
        assert float(re.search(r"\(([\d.]+)% reduction\)", done["out"])[1]) > 5, (broker.name, done["out"])

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(test, compacted, sides))


def test_each_opens_what_the_other_has_compacted(compacted, make_broker):
    for broker, kind in zip(compacted, (RealKafka, type(compacted[0]))):
        before = {codec: read(broker, f"compact-{codec}") for codec in CODECS}
        broker.stop()
        other = make_broker(SETTINGS, kind)
        shutil.copytree(broker.data, other.data)
        other.start()
        for codec in CODECS:
            topic = f"compact-{codec}"
            rows = read(other, topic)
            assert living(last_values(rows)) == living(last_values(before[codec])), (kind.name, topic)
            assert {row[0] for row in rows} <= {row[0] for row in before[codec]}
        # And goes on compacting it.
        topic = "compact-none"
        records.produce(other.bootstrap, topic, load(topic, 2))
        until(lambda: is_compacted(other, topic), f"{kind.name} compacts what {broker.name} has left", 60, poll_s=0.2)
        assert living(last_values(read(other, topic))) == {
            key: value
            for key, value in {**expected(topic), **last_values((0, *row[1:]) for row in load(topic, 2))}.items()
            if value
        }
        other.stop()
        broker.start()


def test_a_policy_may_change_and_a_topic_may_go_while_it_is_compacted(make_broker):
    broker = make_broker({**SETTINGS, "log.cleaner.io.max.bytes.per.second": 2_000_000})
    broker.start()
    for topic in ("changed", "deleted"):
        records.create_topic(broker.bootstrap, topic, 1, **TOPIC)
        records.produce(broker.bootstrap, topic, load(topic, 1))
    jvm = tools.ToolServer(broker.directory)
    try:
        done = jvm.run(
            "kafka-configs",
            *("--bootstrap-server", broker.bootstrap, "--alter", "--entity-type", "topics", "--entity-name", "changed"),
            *("--add-config", "cleanup.policy=delete,retention.ms=-1"),
        )
        assert done["exit"] == 0, done
        done = jvm.run("kafka-topics", "--bootstrap-server", broker.bootstrap, "--delete", "--topic", "deleted")
        assert done["exit"] == 0, done
    finally:
        jvm.close()
    assert living(last_values(read(broker, "changed"))) == expected("changed")
    until(lambda: not list(broker.data.glob("deleted-*")), "the files of the deleted topic are gone", 30)
    assert not list(broker.data.glob("changed-0/*.cleaned"))
    assert broker.stop()[0] == 0
