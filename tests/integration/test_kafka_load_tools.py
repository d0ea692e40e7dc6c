"""Kafka's tools that put load on a broker, or prove something of it: verifiable clients, perf tools, its own check of
what a broker can do."""

import json
import re

from harness import compatibility, tools, wire
from harness.process import Process, until

DESCRIBE_ACLS = 29


def events(done):
    assert done["exit"] == 0, done
    return [json.loads(line) for line in done["out"].splitlines() if line.startswith("{")]


def without(event, *names):
    return {name: value for name, value in event.items() if name not in ("timestamp", *names)}


def test_the_verifiable_consumer_reads_what_the_verifiable_producer_has_written(both):
    count = 500

    def script(side):
        side.create_topic("verifiable")
        produced = events(tools.alone("kafka-verifiable-producer", "--bootstrap-server", side.bootstrap, "--topic",
                                      "verifiable", "--max-messages", count, "--value-prefix", "7",
                                      "--repeating-keys", "3"))  # fmt: skip
        consumed = events(side.tool("kafka-verifiable-consumer", "--topic", "verifiable", "--group-id", "verifiable",
                                    "--max-messages", count, "--verbose"))  # fmt: skip
        rest = events(side.tool("kafka-verifiable-consumer", "--topic", "verifiable", "--group-id", "again",
                                "--max-messages", 100, "--assignment-strategy",
                                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"))  # fmt: skip
        return (
            sorted(json.dumps(without(event, "avg_throughput")) for event in produced),
            [without(event) for event in consumed if event["name"] == "record_data"],
            # In how many polls it comes is up to the clock.
            [sorted({event["name"] for event in run}) for run in (consumed, rest)],
            sum(event["count"] for event in rest if event["name"] == "records_consumed") >= 100,
        )

    produced, consumed, _, has_read_more = both.same(script)
    successes = [event for event in map(json.loads, produced) if event["name"] == "producer_send_success"]
    sent = sorted((event["offset"], event["value"]) for event in successes)
    assert sent == [(index, f"7.{index}") for index in range(count)]
    assert [(event["offset"], event["value"]) for event in consumed] == sent
    assert has_read_more


def test_kafkas_own_check_of_what_clients_can_do_passes(both):
    def script(side):
        side.create_topic("client-check")
        has_acls = DESCRIBE_ACLS in wire.api_versions(side.broker.port)
        done = side.tool("kafka-client-compatibility", "--topic", "client-check", "--offsets-for-times-supported", True,
                         "--cluster-id-supported", True, "--expect-record-too-large-exception", False,
                         "--num-cluster-nodes", 1, "--create-topics-supported", True, "--describe-acls-supported",
                         has_acls, "--describe-configs-supported", True, "--idempotent-producer-supported",
                         True)  # fmt: skip
        return done["exit"], done["out"].splitlines()[-1:]

    assert both.same(script)[0] == 0


def test_the_perf_tools_count_every_record(both):
    def script(side):
        side.create_topic("perf-read", 2)
        # Where a partition isn't led yet, real Kafka may take an idempotent producer's second batch before the first.
        assert side.tool("kafka-get-offsets", "--topic", "perf-read")["exit"] == 0
        wrote = side.tool("kafka-producer-perf-test", "--topic", "perf-read", "--num-records", 3000, "--record-size",
                          100, "--throughput", -1)  # fmt: skip
        read = side.tool("kafka-consumer-perf-test", "--topic", "perf-read", "--num-records", 3000, "--group",
                         "perf-read", "--timeout", 20000)  # fmt: skip
        late = side.jvm.run("kafka-e2e-latency", side.bootstrap, "perf-latency", 200, "all", 50)
        head, row = read["out"].splitlines()[-2:]
        count = dict(zip(head.split(", "), row.split(", ")))["data.consumed.in.nMsg"]
        return wrote["exit"], read["exit"], head, count, late["exit"], re.sub(r"[\d.]+", "N", late["out"])

    answer = both.same(script)
    assert answer[:2] == [0, 0] and answer[3:5] == ["3000", 0]
    assert "Percentiles" in answer[5]


def test_the_tool_that_compares_replicas_finds_no_lag(sides):
    side = sides[0]
    side.create_topic("compared", 2)
    for partition in range(2):
        assert side.kcat("-P", "-t", "compared", "-p", partition, stdin=b"a\nb\nc\n")["exit"] == 0
    compatibility.record_tool("kafka-replica-verification")
    output = side.broker.directory / "replica-verification.txt"
    with open(output, "wb") as sink:
        process = Process(
            [*tools.JVM, tools.MAINS["kafka-replica-verification"], "--broker-list", side.bootstrap, "--topics-include",
             "compared", "--time", -2, "--report-interval-ms", 200, "--max-wait-ms", 100],
            side.broker.directory / "replica-verification.log", stdout=sink)  # fmt: skip
    try:
        until(lambda: "max lag is 0 for partition compared" in output.read_text(), "the replicas are compared", 30)
    finally:
        process.kill()


def test_an_application_of_streams_is_reset(both):
    def script(side):
        side.create_topic("streamed", 2)
        for partition in range(2):
            side.kcat("-P", "-t", "streamed", "-p", partition, stdin=b"a\nb\nc\n")
        read = side.tool("kafka-console-consumer", "--topic", "streamed", "--group", "streams-app", "--from-beginning",
                         "--max-messages", 6)  # fmt: skip
        side.create_topic("streams-app-count-changelog")
        return [
            read["exit"],
            *(
                side.tool("kafka-streams-application-reset", "--application-id", "streams-app", "--input-topics",
                          "streamed", *more)
                for more in (["--dry-run"], ["--shift-by", -1], ["--to-earliest", "--force"])
            ),
            side.tool("kafka-topics", "--list", "--topic", "streams-app.*"),
            offsets(side, "streams-app"),
        ]  # fmt: skip

    assert both.same(script)[-1] == [["0", "0", "3", "3"], ["1", "0", "3", "3"]]


def offsets(side, group):
    """[partition, offset, end, lag] of each partition."""
    out = side.tool("kafka-consumer-groups", "--describe", "--group", group)["out"].splitlines()
    return sorted(line.split()[2:6] for line in out if line.startswith(group))


def test_the_remaining_verbs_of_the_groups_tool(both):
    def script(side):
        side.create_topic("verbs", 2)
        for partition in range(2):
            side.kcat("-P", "-t", "verbs", "-p", partition, stdin=b"a\nb\nc\nd\n")
        for number in range(2):
            side.tool("kafka-console-consumer", "--topic", "verbs", "--group", f"verbs-{number}", "--from-beginning",
                      "--max-messages", 8)  # fmt: skip
        plan = side.broker.directory / "offsets.csv"
        plan.write_text('"verbs",0,2\n"verbs",1,1\n')

        def groups(*words):
            """Of the groups that other tests have left on one of the brokers, nothing."""
            done = side.tool("kafka-consumer-groups", *words)
            lines = [" ".join(line.split()) for line in (done["out"] + done["err"]).splitlines()]
            return done["exit"], sorted(line for line in lines if "verbs-" in line or line.startswith("Error"))

        reset = ("--reset-offsets", "--group", "verbs-0")
        return [
            groups("--describe", "--all-groups", "--offsets"),
            groups("--describe", "--all-groups", "--state"),
            groups("--list", "--type", "classic"),
            groups("--list", "--state", "empty,dead"),
            groups(*reset, "--from-file", plan, "--execute"),
            offsets(side, "verbs-0"),
            groups(*reset, "--all-topics", "--to-datetime", "2000-01-01T00:00:00.000", "--execute"),
            groups(*reset, "--all-topics", "--to-datetime", "2100-01-01T00:00:00.000", "--dry-run"),
            groups("--reset-offsets", "--all-groups", "--topic", "verbs:1", "--to-latest", "--dry-run"),
            groups("--delete-offsets", "--group", "verbs-1", "--topic", "verbs"),
            groups("--delete", "--group", "verbs-0", "--group", "verbs-1"),
            groups("--delete", "--group", "verbs-0"),
        ]

    both.same(script)
