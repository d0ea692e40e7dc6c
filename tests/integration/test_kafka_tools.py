"""The other command line tools of Kafka's distribution: records, offsets, directories, versions."""

import json
import re


def fill(side, name, count, partition=0):
    made = side.kcat(
        "-P",
        "-t",
        name,
        "-p",
        partition,
        "-K:",
        stdin="".join(f"k{index % 5}:value {index}\n" for index in range(count)).encode(),
    )
    assert made["exit"] == 0, made


def impatient(side):
    """A client configuration file: what waits for an unknown topic to appear gives up after a second."""
    path = side.broker.directory / "impatient.properties"
    path.write_text("default.api.timeout.ms=1000\nrequest.timeout.ms=1000\nretry.backoff.ms=100\n")
    return "--command-config", path


def consume(side, name, *arguments):
    return side.tool("kafka-console-consumer", "--topic", name, *arguments)


def test_console_producer_and_consumer_agree_by_partition_and_offset(both):
    def script(side):
        side.create_topic("con-plain", 2)
        produce = [
            side.tool(
                "kafka-console-producer",
                "--topic",
                "con-plain",
                "--reader-property",
                "parse.key=true",
                "--reader-property",
                "key.separator=:",
                stdin="".join(f"key{n}:value {n}\n" for n in range(40)),
            ),
            side.tool(
                "kafka-console-producer",
                "--topic",
                "con-plain",
                "--reader-property",
                "parse.headers=true",
                "--compression-codec",
                "zstd",
                "--sync",
                stdin="a:1,b:2\twith headers\nx:y\tmore\n",
            ),
            side.tool(
                "kafka-console-producer", "--topic", "con-plain", "--command-property", "acks=0", stdin="quiet\n"
            ),
        ]
        show = [
            word
            for name in ("print.key", "print.partition", "print.offset", "print.headers")
            for word in ("--formatter-property", f"{name}=true")
        ]
        every = [
            consume(side, "con-plain", "--partition", p, "--offset", "earliest", "--timeout-ms", "1500", *show)
            for p in (0, 1)
        ]
        keyed = [answer["out"].count("key") for answer in every]
        records = sorted(line for answer in every for line in answer["out"].splitlines() if "\tkey" in line)
        some = consume(side, "con-plain", "--partition", "0", "--offset", "3", "--max-messages", "2", *show)
        return (
            produce,
            keyed,
            records,
            some,
            [answer["exit"] for answer in every],
            sorted(answer["err"] for answer in every),
        )

    both.same(script)


def test_console_tools_refuse_alike(both):
    def script(side):
        side.create_topic("con-small", 1, "--config", "max.message.bytes=500")
        return [
            consume(side, "con-small", "--partition", "7", "--offset", "earliest", "--timeout-ms", "1000"),
            side.tool("kafka-console-producer", "--topic", "con-small", "--sync", stdin="x" * 1000 + "\n"),
            side.tool("kafka-console-producer", "--topic", "bad name", stdin="x\n"),
            consume(side, "con-small", "--partition", "0", "--offset", "earliest", "--timeout-ms", "1000"),
        ]

    both.same(script)


def test_get_offsets_knows_every_special_time(both):
    # Not the largest timestamp: which record has it is up to the clock of whoever filled the topic.
    def script(side):
        for name, partitions in (("off-a", 3), ("off-b", 1)):
            side.create_topic(name, partitions)
        fill(side, "off-a", 10, 0)
        fill(side, "off-a", 5, 2)
        fill(side, "off-b", 7)
        times = [
            "-1",
            "-2",
            "-4",
            "-5",
            "-6",
            "earliest",
            "latest",
            "earliest-local",
            "latest-tiered",
            "earliest-pending-upload",
            "0",
            "99999999999999",
            "rubbish",
        ]
        return [
            {time: side.tool("kafka-get-offsets", "--topic", "off-.*", "--time", time) for time in times},
            side.tool("kafka-get-offsets", "--topic", "off-a", "--partitions", "0,2"),
            side.tool("kafka-get-offsets", "--topic-partitions", "off-a:1-3,off-b:0"),
            side.tool("kafka-get-offsets", "--topic", "off-nowhere"),
            side.tool("kafka-get-offsets", "--topic", "off-b", "--exclude-internal-topics"),
        ]

    both.same(script)


def test_delete_records_moves_the_beginning(both):
    def script(side):
        side.create_topic("del-a", 2)
        fill(side, "del-a", 20)

        def delete(*rows):
            plan = side.broker.directory / "delete.json"
            plan.write_text(
                json.dumps(
                    {
                        "version": 1,
                        "partitions": [
                            {"topic": name, "partition": partition, "offset": offset}
                            for name, partition, offset in rows
                        ],
                    }
                )
            )
            done = side.tool("kafka-delete-records", "--offset-json-file", plan, *impatient(side))
            return {**done, "out": sorted(done["out"].splitlines())}

        def beginning():
            return side.tool("kafka-get-offsets", "--topic", "del-a", "--time", "-2")["out"]

        return [
            delete(("del-a", 0, 5)),
            beginning(),
            delete(("del-a", 0, 3)),
            beginning(),
            delete(("del-a", 0, 50)),
            delete(("del-a", 9, 1)),
            delete(("del-nowhere", 0, 1)),
            delete(("del-a", 0, -7)),
            delete(("del-a", 0, -1), ("del-a", 1, -1)),
            beginning(),
            consume(side, "del-a", "--partition", "0", "--offset", "earliest", "--timeout-ms", "1000"),
        ]

    both.same(script)


def test_log_dirs_show_the_same_partitions(both):
    def script(side):
        side.create_topic("dirs-a", 2)
        side.kcat("-P", "-t", "dirs-a", "-p", "1", stdin=b"one record\n")
        asked = side.tool("kafka-log-dirs", "--describe", "--topic-list", "dirs-a")
        described = json.loads(asked["out"].splitlines()[-1])
        for broker in described["brokers"]:
            for directory in broker["logDirs"]:
                directory["partitions"].sort(key=lambda row: row["partition"])
        return (
            asked["out"].splitlines()[:-1],
            asked["exit"],
            described,
            [
                side.tool("kafka-log-dirs", "--describe", "--topic-list", "dirs-nowhere"),
                side.tool("kafka-log-dirs", "--describe", "--topic-list", "dirs-a", "--broker-list", "1"),
                side.tool("kafka-log-dirs", "--describe", "--topic-list", "dirs-a", "--broker-list", "1,5"),
            ][0::2],
        )

    both.same(script)


def test_producer_perf_test_sends_everything(both):
    def script(side):
        side.create_topic("perf-a", 3)
        # Where a partition isn't led yet, real Kafka may take an idempotent producer's second batch before the first.
        assert side.tool("kafka-get-offsets", "--topic", "perf-a")["exit"] == 0
        run = side.tool(
            "kafka-producer-perf-test",
            "--topic",
            "perf-a",
            "--num-records",
            "5000",
            "--record-size",
            "200",
            "--throughput",
            "-1",
            "--command-property",
            "acks=all",
            "compression.type=lz4",
        )
        end = side.tool("kafka-get-offsets", "--topic", "perf-a")["out"]
        return (
            run["exit"],
            re.sub(r"[\d.]+", "N", run["out"].splitlines()[-1]),
            run["out"].splitlines()[-1].split(",")[0],
            sum(int(line.split(":")[2]) for line in end.splitlines()),
        )

    assert both.same(script)[-1] == 5000


def test_transactions_tool_describes_producers(both):
    def script(side):
        side.create_topic("prod-a")
        side.kcat("-P", "-t", "prod-a", "-X", "enable.idempotence=true", stdin=b"a\nb\nc\n")
        described = side.tool("kafka-transactions", "describe-producers", "--topic", "prod-a", "--partition", "0")
        rows = [line.split() for line in described["out"].splitlines()]
        return (
            described["exit"],
            rows[0],
            rows[1][1:3],
            rows[1][4:],
            described["err"],
            side.tool(
                "kafka-transactions",
                *impatient(side),
                "describe-producers",
                "--topic",
                "prod-nowhere",
                "--partition",
                "0",
            ),
        )

    both.same(script)


API = re.compile(r"^\t(\w+)\((\d+)\): (.*?) \[usable: \d+\],?$", re.MULTILINE)


def advertised(side):
    answer = side.tool("kafka-broker-api-versions")
    assert answer["exit"] == 0, answer
    rows = {}
    for name, key, versions in API.findall(answer["out"]):
        low, _, high = versions.partition(" to ")
        rows[name, int(key)] = (int(low), int(high or low))
    return answer["out"].splitlines()[0], rows


def test_every_advertised_api_is_within_what_kafka_advertises(both):
    (milena_line, milena), (kafka_line, kafka) = (advertised(side) for side in both.sides)
    assert milena_line.split()[1:] == kafka_line.split()[1:]
    # Kafka has them with a plug-in that takes the metrics of clients; Milena shows these itself.
    for telemetry in (("GetTelemetrySubscriptions", 71), ("PushTelemetry", 72)):
        assert milena.pop(telemetry) == (0, 0)
    assert milena and set(milena) <= set(kafka)
    outside = {
        name: (milena[name], kafka[name])
        for name in milena
        if milena[name][0] < kafka[name][0] or milena[name][1] > kafka[name][1]
    }
    assert not outside


def test_every_feature_level_is_one_that_kafka_has(both):
    def levels(side):
        answer = side.tool("kafka-features", "describe")
        assert answer["exit"] == 0, answer
        rows = re.findall(
            r"Feature: (\S+)\s+SupportedMinVersion: (\S+)\s+SupportedMaxVersion: (\S+)\s+"
            r"FinalizedVersionLevel: (\S+)",
            answer["out"],
        )
        return {name: more for name, *more in rows}

    milena, kafka = map(levels, both.sides)
    assert "metadata.version" in milena and set(milena) <= set(kafka)
    assert milena["metadata.version"][2] == kafka["metadata.version"][2]


def test_cluster_tool_sees_the_cluster(both):
    def script(side):
        return [
            side.jvm.run("kafka-cluster", command, "--bootstrap-server", side.bootstrap)
            for command in ("cluster-id", "list-endpoints")
        ]

    both.same(script)


def test_the_storage_tool_reads_what_a_broker_has_formatted(both):
    def script(side):
        done = side.jvm.run("kafka-storage", "info", "-c", side.broker.directory / "server.properties")
        return done["exit"], re.sub(r"(directory|cluster)\.id=[^,}]*", r"\1.id", done["out"]).split()

    both.same(script)


def test_a_directory_that_the_storage_tool_has_formatted_is_opened(make_broker, jvm):
    broker = make_broker()
    cluster_id = "AbCdEfGhQm6dQ1n6AbCdEg"
    done = jvm.run("kafka-storage", "format", "-t", cluster_id, "-c", broker.write_properties())
    assert done["exit"] == 0, done
    broker.start()
    shown = jvm.run("kafka-cluster", "cluster-id", "--bootstrap-server", broker.bootstrap)["out"]
    assert shown == f"Cluster ID: {cluster_id}\n"
