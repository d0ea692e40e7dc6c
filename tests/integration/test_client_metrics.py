"""Metrics of clients (KIP-714): subscriptions, pushes, and what /metrics shows of them."""

import base64
import gzip
import re
import struct

import pytest

from harness.broker import Milena, RealKafka
from harness.compare import Pair, Side, request
from harness.process import until

CLIENT_METRICS = 16
INSTANCE = "AAAAAAAAAAAAAAAAAAAB5g"
ZERO = "AAAAAAAAAAAAAAAAAAAAAA"
ONE = "AAAAAAAAAAAAAAAAAAAAAQ"
THROTTLED, UNKNOWN_SUBSCRIPTION, TOO_LARGE, INVALID_RECORD, BAD_CODEC = 89, 117, 118, 87, 76


@pytest.fixture
def pair(make_broker, sides):
    """Both with a small limit; and Kafka with a plug-in, without which it doesn't take metrics."""
    small = {"telemetry.max.bytes": "1000"}
    milena = make_broker(small, Milena)
    kafka = make_broker({**small, "metric.reporters": "TelemetryReporter"}, RealKafka)
    for broker in (milena, kafka):
        broker.start()
    return Pair(Side(milena, sides[0].jvm), Side(kafka, sides[1].jvm))


def subscribe(name, validate_only=False, **settings):
    rows = [
        {"name": key.replace("_", "."), "configOperation": 0 if value is not None else 1, "value": value}
        for key, value in settings.items()
    ]
    resources = [{"resourceType": CLIENT_METRICS, "resourceName": name, "configs": rows}]
    return request("IncrementalAlterConfigs", 1, {"resources": resources, "validateOnly": validate_only})


def ask(instance=INSTANCE, **options):
    return request("GetTelemetrySubscriptions", 0, {"clientInstanceId": instance}, **options)


def number(field, kind):
    return bytes([field << 3 | kind])


def message(field, content):
    assert len(content) < 1 << 14
    size = len(content)
    return number(field, 2) + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + content


def metric(name, value, total=False, delta=False):
    point = message(1, number(4, 1) + struct.pack("<d", value))
    data = message(7, point + number(2, 0) + bytes([1 if delta else 2])) if total else message(5, point)
    return message(2, message(1, name.encode()) + data)


def otlp(*metrics):
    return message(1, message(2, b"".join(metrics)))


def push(metrics=b"", subscription="#{told.subscriptionId}", instance=INSTANCE, codec=0, terminating=False, **options):
    body = {
        "clientInstanceId": instance,
        "subscriptionId": subscription,
        "terminating": terminating,
        "compressionType": codec,
        "metrics": base64.b64encode(metrics).decode(),
    }
    return request("PushTelemetry", 0, body, **options)


def without_order(answers):
    for answer in answers:
        if isinstance(answer["value"], dict):
            answer["value"].get("requestedMetrics", []).sort()
    return answers


def test_subscriptions_are_told_as_kafka_tells_them(pair):
    lines = [
        ask(),
        subscribe("all", metrics="", interval_ms="5000"),
        ask(),
        subscribe("all", metrics="org.apache.kafka.producer."),
        ask(),
        ask(),
        subscribe("second", metrics="*", interval_ms="200", match="client_software_name=.*nobody.*"),
        ask(),
        subscribe("second", match="client_id=raw,client_source_address=127.0.0.1"),
        ask(),
        subscribe("second", match="client_id=ra"),
        ask(),
        subscribe("second", metrics="a,b,a", match="client_id=r.w"),
        ask("AAAAAAAAAAAAAAAAAAAB5w"),
        subscribe("second", metrics=None, match=None, interval_ms=None),
        subscribe("all", metrics=None, interval_ms=None),
        ask(),
    ]

    def script(side):
        # Kafka answers before the new settings are in force everywhere.
        answers = side.requests(*(step for line in lines for step in (line, {"pause_ms": 300})))
        for answer in answers:
            # With several metrics the id depends on the order of a hash table.
            if len(answer["value"].get("requestedMetrics", [])) > 1:
                answer["value"]["subscriptionId"] = "SOME"
        fresh = side.requests(ask(ZERO))[0]["value"]
        return without_order(answers), fresh["errorCode"], fresh["clientInstanceId"] not in (ZERO, ONE)

    answers, *_ = pair.same(script)
    assert answers[4]["value"]["requestedMetrics"] == ["org.apache.kafka.producer."]
    assert answers[5]["value"]["errorCode"] == THROTTLED


def test_subscriptions_are_checked_alike(pair):
    lines = [
        subscribe("bad", **settings)
        for settings in (
            {"interval_ms": "99"},
            {"interval_ms": "3600001"},
            {"interval_ms": "soon"},
            {"match": "client_id"},
            {"match": "colour=red"},
            {"match": "client_id=((("},
            {"nothing": "1"},
        )
    ] + [subscribe("", metrics="*"), subscribe("fine", validate_only=True, metrics="*")]
    lines.append(request("ListConfigResources", 1, {"resourceTypes": [CLIENT_METRICS]}))

    def script(side):
        answers = side.requests(*lines)
        return [
            {**row, "errorMessage": None} for answer in answers for row in answer["value"].get("responses", [])
        ] + answers[-1:]

    pair.same(script)


def test_pushes_are_checked_alike(pair):
    told = ask(**{"as": "told"})
    fine = otlp(metric("org.apache.kafka.x", 1.0))
    lines = [
        subscribe("all", metrics="*", interval_ms="3600000"),
        {"pause_ms": 300},
        push(fine, subscription=7, instance="AAAAAAAAAAAAAAAAAAAB6A"),
        ask("AAAAAAAAAAAAAAAAAAAB6A"),
        ask("AAAAAAAAAAAAAAAAAAAB6A"),
        told,
        push(fine),
        push(fine),
        push(fine, terminating=True),
        push(fine),
        push(fine, terminating=True),
        push(fine, instance=ZERO),
        push(fine, instance=ONE),
    ]
    wrong = []
    for letter, options in (
        ("C", {"codec": 5}),
        ("D", {"codec": -1}),
        ("E", {"codec": 4, "metrics": b"no zstd at all"}),
        ("F", {"metrics": bytes(1001)}),
        ("G", {"subscription": 12}),
        ("H", {"codec": 1, "metrics": gzip.compress(fine)}),
        ("I", {}),
    ):
        instance = f"AAAAAAAAAAAAAAAAAAA{letter}6A"
        wrong.append(ask(instance, **{"as": f"told{letter}"}))
        wrong.append(push(**{"instance": instance, "subscription": f"#{{told{letter}.subscriptionId}}", **options}))
    answers = pair.same(lambda side: side.requests(*lines, *wrong))
    codes = [answer["value"]["errorCode"] for answer in answers if "errorCode" in answer["value"]]
    assert codes[:11] == [UNKNOWN_SUBSCRIPTION, 0, THROTTLED, 0, 0, THROTTLED, 0, 42, 0, 42, 42]
    assert codes[11::2] == [0] * 7
    assert codes[12::2] == [BAD_CODEC, BAD_CODEC, INVALID_RECORD, TOO_LARGE, UNKNOWN_SUBSCRIPTION, 0, 0]


def test_the_tool_manages_subscriptions(pair):
    def script(side):
        def tool(*arguments):
            told = side.tool("kafka-client-metrics", *arguments)
            return sorted(told["out"].splitlines()), told["exit"]

        return [
            tool("--list"),
            tool("--alter", "--name", "one", "--metrics", "org.apache.kafka.producer.", "--interval", "30000"),
            tool("--alter", "--name", "two", "--metrics", "*", "--match", "client_id=x"),
            tool("--list"),
            tool("--describe", "--name", "one"),
            tool("--describe"),
            tool("--alter", "--name", "one", "--interval", "1"),
            tool("--delete", "--name", "one"),
            tool("--list"),
            tool("--describe", "--name", "gone"),
        ]

    pair.same(script)


def test_pushed_values_are_shown_to_prometheus(make_broker, jvm):
    broker = make_broker()
    broker.start()
    side = Side(broker, jvm)
    told = ask(**{"as": "told"})
    side.requests(
        subscribe("all", metrics="*", interval_ms="100"),
        told,
        push(otlp(metric("lag.max", 3.5), metric("sent", 10, total=True, delta=True))),
        {"pause_ms": 150},
        push(gzip.compress(otlp(metric("lag.max", 1.5), metric("sent", 5, total=True, delta=True))), codec=1),
        {"pause_ms": 150},
        push(b"\xff\xff\xff", terminating=True),
    )
    _, text = broker.http("/metrics")
    assert 'milena_client_metric{client_id="raw",metric="lag.max"} 1.5' in text
    assert 'milena_client_metric_total{client_id="raw",metric="sent"} 15' in text
    assert "milena_client_metrics_refused_pushes_total 1" in text


def test_a_java_producer_tells_of_itself(make_broker, jvm):
    broker = make_broker()
    broker.start()
    side = Side(broker, jvm)
    side.requests(subscribe("all", metrics="*", interval_ms="100"))
    made = side.tool("kafka-topics", "--create", "--topic", "told", "--partitions", "1")
    assert made["exit"] == 0, made
    rate = ("--num-records", "200", "--record-size", "10", "--throughput", "100", "--topic", "told")
    assert side.tool("kafka-producer-perf-test", *rate)["exit"] == 0
    shown = re.compile(r'milena_client_metric\w*\{client_id="[^"]*",metric="org\.apache\.kafka\.producer')
    until(
        lambda: shown.search(broker.http("/metrics")[1]),
        "the metrics of the producer are shown",
        10.0,
    )
