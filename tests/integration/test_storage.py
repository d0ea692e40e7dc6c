"""What lies on disk: Kafka's tools read what Milena writes, and Milena opens what Kafka has written."""

import concurrent.futures
import json
import re
import shutil

import pytest

from harness import records, tools, wire
from harness.broker import RealKafka
from harness.compare import Pair, Side, normalise, sort_configs
from harness.process import until

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
TIME_MS = 1_700_000_000_000
SMALL_SEGMENTS = {"segment_bytes": 1 << 20, "index_interval_bytes": 4096, "retention_ms": -1}
RECORD = re.compile(
    r"^\| offset: (\d+) (?:CreateTime|LogAppendTime): (-?\d+) keySize: (-?\d+) valueSize: (-?\d+) "
    r"sequence: (-?\d+) headerKeys: \[(.*?)\](?: key: (\S*))?(?: payload: (.*))?$"
)
TROUBLE = re.compile(
    r"isvalid: false|Mismatches|Non-consecutive|Index timestamp|Found timestamp mismatch|Found out of order|"
    r"invalid|corrupt|Exception",
    re.IGNORECASE,
)


def row(index, partition=0, size=300):
    headers = [("n", str(index).encode())] if index % 3 == 0 else None
    return (
        partition,
        f"key-{index % 50}".encode(),
        f"value-{index}-".encode().ljust(size, b"."),
        headers,
        TIME_MS + index,
    )


def fill(broker):
    """Topics of every kind; returns how many partitions each has."""
    boot = broker.bootstrap
    for codec in CODECS:
        records.create_topic(boot, f"disk-{codec}", 2, **SMALL_SEGMENTS)
        for partition in range(2):
            records.produce(
                boot,
                f"disk-{codec}",
                (row(index, partition) for index in range(8000)),
                compression_type=codec,
                enable_idempotence=True,
            )
    records.create_topic(boot, "disk-recompressed", 1, compression_type="zstd", **SMALL_SEGMENTS)
    records.produce(boot, "disk-recompressed", (row(index) for index in range(3000)), compression_type="gzip")
    records.create_topic(boot, "disk-append-time", 1, message_timestamp_type="LogAppendTime", **SMALL_SEGMENTS)
    records.produce(boot, "disk-append-time", (row(index) for index in range(3000)))
    records.create_topic(boot, "disk-empty", 3)
    return {**{f"disk-{codec}": 2 for codec in CODECS}, "disk-recompressed": 1, "disk-append-time": 1, "disk-empty": 3}


def contents(broker, topics):
    return {name: records.read_all(broker.bootstrap, name, count) for name, count in topics.items()}


def dump(jvm, *arguments):
    """The lines of kafka-dump-log; nothing in them may complain."""
    done = jvm.run("kafka-dump-log", *arguments, deadline_s=120)
    # The tool says this of the first record of every segment that doesn't begin at offset 0.
    output = re.sub(r"Non-consecutive offsets in \S+\n\s+-1 is followed by \d+\n", "", done["out"] + done["err"])
    complaints = [line for line in output.splitlines() if not line.startswith("|") and TROUBLE.search(line)]
    assert done["exit"] == 0 and not complaints, (complaints[:5], done["err"][:2000])
    return done["out"].splitlines()


@pytest.fixture(scope="module")
def written(run_directory, sides):
    """Directories that each kind of broker has filled and left cleanly: [(broker, topics, contents)]."""
    kinds = (type(sides[0].broker), RealKafka)
    made = [Side(kind(run_directory / f"storage-{n}"), sides[n].jvm) for n, kind in enumerate(kinds)]

    def work(side):
        topics = fill(side.broker)
        side.broker.described = describe(side, topics)
        return side.broker, topics, contents(side.broker, topics)

    try:
        for side in made:
            side.broker.start()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            filled = list(pool.map(work, made))
        for side in made:
            side.broker.stop()
        yield filled
    finally:
        for side in made:
            side.broker.close()


def test_dump_log_reads_the_records_that_were_produced(written, jvm):
    for broker, topics, read in written:
        for topic, partitions in topics.items():
            for partition in range(partitions):
                logs = sorted((broker.data / f"{topic}-{partition}").glob("*.log"))
                files = ",".join(map(str, logs))
                dumped = (
                    [
                        RECORD.match(line)
                        for line in dump(jvm, "--deep-iteration", "--print-data-log", "--files", files)
                        if line.startswith("|")
                    ]
                    if logs
                    else []
                )
                assert [(int(one[1]), one[7].encode(), one[8].encode()) for one in dumped] == [
                    (offset, key, value) for offset, key, value, _, _ in read[topic][partition]
                ], (broker.name, topic)
                assert (
                    topic == "disk-empty"
                    or len(logs) > 1
                    or topic
                    in ("disk-recompressed", "disk-gzip", "disk-lz4", "disk-snappy", "disk-zstd", "disk-append-time")
                )


def test_dump_log_finds_the_indexes_sane(written, jvm):
    for broker, topics, _ in written:
        files = [path for topic in topics for path in broker.data.glob(f"{topic}-[0-9]/*.*index")]
        assert any(path.stat().st_size for path in files if path.suffix == ".index")
        dump(jvm, "--files", ",".join(map(str, files)))
        dump(jvm, "--index-sanity-check", "--files", ",".join(map(str, files)))
        dump(jvm, "--verify-index-only", "--files", ",".join(str(path) for path in files if path.suffix == ".index"))


def test_dump_log_reads_producer_snapshots(written, jvm):
    for broker, topics, _ in written:
        files = [path for topic in topics for path in broker.data.glob(f"{topic}-[0-9]/*.snapshot")]
        lines = dump(jvm, "--files", ",".join(map(str, files)))
        assert any(
            re.match(r"producerId: \d+ producerEpoch: 0 .*lastSequence: 7999", line) for line in lines
        ), broker.name


def test_the_same_files_lie_in_a_directory(written):
    """Names only, without the offsets in them. What Kafka's own formatting and log cleaner leave is left out."""
    listings = []
    for broker, *_ in written:
        inside = {re.sub(r"\d{20}", "OFFSET", path.name) for path in broker.data.glob("disk-none-0/*")}
        listings.append(
            (
                sorted(
                    path.name
                    for path in broker.data.iterdir()
                    if path.is_file()
                    and path.suffix != ".lock"
                    and not path.name.startswith(".")
                    and path.name not in ("bootstrap.checkpoint", "cleaner-offset-checkpoint")
                ),
                sorted(inside),
            )
        )
    assert listings[0] == listings[1]


def test_the_clean_marker_and_the_checkpoints_are_in_kafkas_format(written):
    def checkpoint(broker, name):
        version, count, *rows = (broker.data / name).read_text().splitlines()
        assert int(version) == 0 and int(count) == len(rows), name
        return sorted(row for row in rows if row.startswith("disk-") and not row.endswith(" 0"))

    for broker, *_ in written:
        assert (broker.data / ".kafka_cleanshutdown").exists(), broker.name
        epochs = (broker.data / "disk-none-0/leader-epoch-checkpoint").read_text().split()
        assert epochs == ["0", "1", "0", "0"], broker.name
        metadata = (broker.data / "disk-none-0/partition.metadata").read_text()
        assert re.fullmatch(r"version: 0\ntopic_id: \S{22}\n?", metadata), broker.name
    for name in ("recovery-point-offset-checkpoint", "log-start-offset-checkpoint"):
        assert checkpoint(written[0][0], name) == checkpoint(written[1][0], name)


@pytest.mark.parametrize("often", ["log.flush.start.offset", "replica.high.watermark"])
def test_log_start_offsets_are_saved_at_an_interval_of_their_own(make_broker, jvm, often):
    rarely = {"log.flush.start.offset", "replica.high.watermark"} - {often}
    intervals = {f"{often}.checkpoint.interval.ms": 200, f"{rarely.pop()}.checkpoint.interval.ms": 3_600_000}
    broker = make_broker({**intervals, "log.initial.task.delay.ms": 0})
    broker.start()
    records.create_topic(broker.bootstrap, "trimmed")
    records.produce(broker.bootstrap, "trimmed", (row(index) for index in range(10)))
    trimmed = {"name": "trimmed", "partitions": [{"partitionIndex": 0, "offset": 7}]}
    body = {"topics": [trimmed], "timeoutMs": 30000}
    answer = Side(broker, jvm).requests({"api": "DeleteRecords", "version": 2, "body": body})[0]
    assert answer["value"]["topics"][0]["partitions"][0]["lowWatermark"] == 7
    records.produce(broker.bootstrap, "trimmed", [row(10)])

    def saves(name, offset):
        path = broker.data / name
        return path.exists() and f"trimmed 0 {offset}" in path.read_text().splitlines()

    files = {"log.flush.start.offset": ("log-start-offset-checkpoint", 7)}
    files["replica.high.watermark"] = ("replication-offset-checkpoint", 11)
    until(lambda: saves(*files[often]), f"{files[often]} is saved", 60)
    del files[often]
    assert not any(saves(*file) for file in files.values()), files


CLUSTER_RECORDS = {"TOPIC_RECORD", "PARTITION_RECORD", "CONFIG_RECORD", "REMOVE_TOPIC_RECORD"}


def metadata_records(jvm, files):
    payloads = (
        line.split(" payload: ", 1)[1]
        for line in dump(jvm, "--cluster-metadata-decoder", "--files", ",".join(map(str, files)))
        if " payload: " in line
    )
    return [json.loads(payload) for payload in payloads]


def administer(side):
    """The same changes on both brokers; what they leave in the metadata log must be the same records."""

    def topics(*arguments):
        done = side.tool("kafka-topics", *arguments)
        assert done["exit"] == 0, (side.broker.name, done)

    def create(name, *arguments):
        topics("--create", "--topic", name, *arguments)
        # Kafka answers when its controller knows the topic; its broker may learn of it a moment later.
        until(lambda: side.tool("kafka-topics", "--describe", "--topic", name)["exit"] == 0, f"{name} is there", 30)

    create("meta-a", "--partitions", "2", "--config", "retention.ms=5000")
    create("meta-b", "--replica-assignment", "1,1,1")
    topics("--alter", "--topic", "meta-a", "--partitions", "3")
    assert (
        side.tool(
            "kafka-configs",
            "--entity-type",
            "topics",
            "--entity-name",
            "meta-b",
            "--alter",
            "--add-config",
            "segment.bytes=2097152,cleanup.policy=[compact,delete]",
        )["exit"]
        == 0
    )
    assert (
        side.tool(
            "kafka-configs",
            "--entity-type",
            "topics",
            "--entity-name",
            "meta-a",
            "--alter",
            "--delete-config",
            "retention.ms",
        )["exit"]
        == 0
    )
    assert (
        side.tool(
            "kafka-configs",
            "--entity-type",
            "brokers",
            "--entity-default",
            "--alter",
            "--add-config",
            "log.retention.ms=86400000",
        )["exit"]
        == 0
    )
    create("meta-c")
    topics("--delete", "--topic", "meta-c")


@pytest.fixture(scope="module")
def administered(run_directory, sides):
    """Two brokers with some metadata that take snapshots often, both stopped."""
    often = {"metadata.log.max.record.bytes.between.snapshots": "1", "metadata.max.idle.interval.ms": "100"}
    made = [
        Side(type(side.broker)(run_directory / f"metadata-{index}", often), side.jvm)
        for index, side in enumerate(sides)
    ]

    def work(side):
        administer(side)
        directory = side.broker.data / "__cluster_metadata-0"

        def is_of_the_end():
            latest = max(directory.glob("*.checkpoint")).read_bytes()
            return b"log.retention.ms" in latest and b"meta-c" not in latest

        until(is_of_the_end, "a snapshot of the final state is taken", 30)

    try:
        for side in made:
            side.broker.start()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(work, made))
        for side in made:
            side.broker.stop()
        yield made
    finally:
        for side in made:
            side.broker.close()


def test_dump_log_reads_the_metadata_log(administered):
    answers = []
    for side in administered:
        found = metadata_records(side.jvm, sorted((side.broker.data / "__cluster_metadata-0").glob("*.log")))
        answers.append(normalise([one for one in found if one["type"] in CLUSTER_RECORDS], side))
        types = {one["type"] for one in found}
        assert {"FEATURE_LEVEL_RECORD", "REGISTER_BROKER_RECORD"} <= types, side.broker.name
    assert answers[0] == answers[1]


def test_dump_log_reads_the_metadata_snapshot(administered):
    answers = []
    for side in administered:
        latest = max((side.broker.data / "__cluster_metadata-0").glob("*.checkpoint"))
        found = metadata_records(side.jvm, [latest])
        rows = sorted(
            (one for one in found if one["type"] in CLUSTER_RECORDS),
            key=lambda one: (
                one["type"],
                one["data"].get("name", ""),
                one["data"].get("partitionId", 0),
                one["data"].get("resourceName", ""),
            ),
        )
        answers.append(
            [
                (one["type"], one["data"].get("name"), one["data"].get("value"), one["data"].get("replicas"))
                for one in rows
            ]
        )
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "command",
    [
        ["ls", "/image/topics/byName/meta-a"],
        ["ls", "/image/topics/byName/meta-b"],
        ["ls", "/image/configs"],
        ["cat", "/image/configs/TOPIC/meta-b/segment.bytes"],
    ],
)
def test_the_metadata_shell_reads_the_snapshot(administered, command):
    def look(side):
        latest = max((side.broker.data / "__cluster_metadata-0").glob("*.checkpoint"))

        def answer():
            done = tools.metadata_shell("--snapshot", latest, *command)
            # The shell may look before its own loader has published what it has read.
            return done["exit"] == 0 and "no such file" not in done["out"] and done["out"]

        return until(answer, f"the shell reads the snapshot of {side.broker.name}", 20)

    Pair(*administered).same(look)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_directory_of_real_kafka_opens_with_its_topics_configs_and_data(written, make_broker, jvm, end):
    source, topics, before = written[1]
    kafka, milena = make_broker(kind=RealKafka), make_broker()
    shutil.copytree(source.data, kafka.data)
    if end == "kill":
        kafka.start()
        records.produce(kafka.bootstrap, "disk-recompressed", [row(index) for index in range(3000, 3500)])
        before = {**before, "disk-recompressed": records.read_all(kafka.bootstrap, "disk-recompressed")}
        kafka.kill()
    milena.data = kafka.data
    milena.start()
    assert contents(milena, topics) == before
    assert describe(Side(milena, jvm), topics) == source.described
    assert finalized(milena) == {"eligible.leader.replicas", "metadata"}
    records.produce(milena.bootstrap, "disk-none", [row(index) for index in range(8000, 8100)], enable_idempotence=True)
    assert len(records.read_all(milena.bootstrap, "disk-none", 2)[0]) == 8100


def finalized(broker):
    """Which of the features that Kafka turns on in a new directory clients are told of."""
    names = ("eligible.leader.replicas", "group", "metadata", "share", "streams", "transaction")
    header_tags, software, tags = b"\0", b"\4raw\0021", b"\0"
    with wire.connect(broker.port) as link:
        answer = wire.call(link, wire.API_VERSIONS, 4, header_tags + software + tags)
    # A supported one that is finalized is named twice.
    least = {"eligible.leader.replicas": 2, "metadata": 2}
    return {name for name in names if answer.count(f"{name}.version".encode()) >= least.get(name, 1)}


def test_a_directory_of_milena_opens_in_real_kafka(written, make_broker):
    broker, topics, before = written[0]
    kafka = make_broker(kind=RealKafka)
    shutil.copytree(broker.data, kafka.data)
    kafka.start()
    assert contents(kafka, topics) == before


def describe(side, topics):
    answers = [side.tool("kafka-topics", "--describe", "--topic", topic)["out"] for topic in topics]
    return [sort_configs(answer) for answer in answers] + [
        side.tool("kafka-configs", "--describe", "--all", "--entity-type", "topics", "--entity-name", topic)["out"]
        for topic in topics
    ]


@pytest.mark.parametrize("line", ["node.id=7", "version=9"])
def test_a_foreign_directory_is_refused(make_broker, line):
    broker = make_broker()
    broker.start()
    broker.stop()
    path = broker.data / "meta.properties"
    path.write_text(re.sub(rf"(?m)^{re.escape(line.split('=')[0])}=.*$", line, path.read_text()))
    with pytest.raises(SystemExit):
        broker.start(20)
