"""Real clients: the programs of tests/clients do the same against Milena and against real Kafka, with equal answers."""

import concurrent.futures
import re

import pytest

from harness import compatibility
from harness.clients import CLIENTS

PARTITIONS, EACH = 3, 6
BEGIN_MS = 1_700_000_000_000
MIDDLE_MS = BEGIN_MS + 9500


def expected_rows(codecs):
    """What every program writes, as it must read it."""
    rows, ends = [], [0] * PARTITIONS
    for first, codec in enumerate(codecs):
        for index in range(EACH):
            partition = index % PARTITIONS
            time_ms = BEGIN_MS + (first * EACH + index) * 1000
            headers = [["codec", codec], ["index", str(index)]]
            value = f"value of {codec} {index}{' ' * 40}"
            rows.append([partition, ends[partition], time_ms, f"{codec} {index}", value, headers])
            ends[partition] += 1
    return sorted(rows, key=lambda row: row[:2])


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: re.sub(r"\W+", "-", client.name))
def test_the_script_of_clients_has_the_same_answers(both, client):
    name = f"script-{re.sub('[^a-z]', '', client.name)}"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answer, oracle = pool.map(lambda side: client.run(side.bootstrap, name), both.sides)
    assert answer == oracle
    rows = expected_rows(client.codecs)
    places = [row[:2] for row in rows]
    end = len(rows) // PARTITIONS
    late = [row for row in rows if row[2] >= MIDDLE_MS]
    assert answer["read"] == rows
    assert answer["read from a time"] == [row[:2] for row in late]
    assert answer["offsets"] == {
        "earliest": [0] * PARTITIONS,
        "latest": [end] * PARTITIONS,
        "time": [min(row[1] for row in late if row[0] == partition) for partition in range(PARTITIONS)],
    }
    assert answer["group read"] == places, "nothing is lost, nothing is read twice"
    assert answer["committed"] == [end] * PARTITIONS
    assert answer["resumed"] == [[partition, end] for partition in range(PARTITIONS)]
    assert answer["groups"] is True
    compatibility.record_client(client, answer)
