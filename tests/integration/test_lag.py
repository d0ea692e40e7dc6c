"""The lag of consumers in Prometheus: what kafka-consumer-groups shows."""

import re
import statistics
import time

import pytest

from harness.broker import Milena
from harness.compare import Side
from harness.process import until

SAMPLE = re.compile(r'milena_consumer_lag_(\w+)\{group="([^"]*)",topic="([^"]*)",partition="(\d+)"\} (\S+)')


def shown(broker, group):
    """{kind: {partition: value}} of one group."""
    lags = {"records": {}, "seconds": {}}
    for kind, name, _, partition, value in SAMPLE.findall(broker.http("/metrics")[1]):
        if name == group:
            lags[kind][int(partition)] = float(value)
    return lags


def described(side, group):
    """{partition: lag} as the tool says."""
    done = side.tool("kafka-consumer-groups", "--describe", "--group", group)
    rows = [line.split() for line in done["out"].splitlines()]
    return {int(row[2]): int(row[5]) for row in rows if row and row[0] == group}


@pytest.fixture
def side(make_broker, jvm):
    broker = make_broker({})
    if not isinstance(broker, Milena):
        pytest.skip("Milena's own metrics")
    broker.start()
    return Side(broker, jvm)


def consume(side, name, count):
    done = side.tool("kafka-console-consumer", "--topic", name, "--group", name, "--from-beginning", "--max-messages",
                     count, "--command-property", "group.protocol=classic")  # fmt: skip
    assert done["exit"] == 0


def test_the_lag_is_what_the_tool_shows_and_zero_at_the_end(side):
    assert side.tool("kafka-topics", "--create", "--topic", "behind", "--partitions", 3)["exit"] == 0
    for partition, count in enumerate((20, 30, 40)):
        lines = "".join(f"{index}\n" for index in range(count)).encode()
        assert side.kcat("-P", "-t", "behind", "-p", partition, stdin=lines)["exit"] == 0
    consume(side, "behind", 35)
    lags = shown(side.broker, "behind")
    assert lags["records"] == described(side, "behind") and sum(lags["records"].values()) == 55
    assert set(lags["seconds"]) == {0, 1, 2}
    assert all((lags["seconds"][at] > 0) == (lag > 0) for at, lag in lags["records"].items())
    assert max(lags["seconds"].values()) < 300

    consume(side, "behind", 55)
    nothing = {0: 0, 1: 0, 2: 0}
    assert described(side, "behind") == nothing
    assert shown(side.broker, "behind") == {"records": nothing, "seconds": nothing}

    # What is deleted is no longer behind anything.
    assert side.tool("kafka-topics", "--delete", "--topic", "behind")["exit"] == 0
    assert shown(side.broker, "behind")["records"] == {}


def test_ten_thousand_partitions_are_shown_quickly_and_no_more(side):
    for name, records in (("many", 20_000), ("more", 0)):
        assert side.tool("kafka-topics", "--create", "--topic", name, "--partitions", 10_000)["exit"] == 0
        reset = side.tool("kafka-consumer-groups", "--reset-offsets", "--group", name, "--topic", name, "--to-offset",
                          0, "--execute", deadline_s=120)  # fmt: skip
        assert reset["exit"] == 0, reset
        spread = ("-X", "partitioner=random", "-X", "sticky.partitioning.linger.ms=0", "-X", "linger.ms=100")
        lines = "".join(f"{index}\n" for index in range(records)).encode()
        assert side.kcat("-P", "-t", name, *spread, stdin=lines)["exit"] == 0
        times = []
        for _ in range(8):
            begin = time.monotonic()
            text = side.broker.http("/metrics")[1]
            times.append(time.monotonic() - begin)

        def with_all_times():
            told = side.broker.http("/metrics")[1]
            return told if len(re.findall(r"^milena_consumer_lag_seconds\{", told, re.M)) >= 10_000 else None

        # A reading looks into logs for 20 ms at most, and leaves the rest to the next one.
        text = until(with_all_times, "every lag is known in time")
        assert len(re.findall(r"^milena_consumer_lag_records\{", text, re.M)) == 10_000
        assert len(re.findall(r"^milena_consumer_lag_seconds\{", text, re.M)) == 10_000
        usual, first = statistics.median(times) * 1e3, times[0] * 1e3
        print(f"scrape of 10,000 partitions, {records} records of lag: median {usual:.1f} ms, first {first:.1f} ms")
        assert statistics.median(times) < 0.5  # 50 ms where nothing else runs
    # Both are as large; the one whose name comes first is shown.
    assert "\nmilena_consumer_lag_left_out_groups 1\nmilena_consumer_lag_left_out_partitions 10000\n" in re.sub(
        r"(?m)^#.*\n", "", text
    )
