"""What the Python programs of this directory share: the records of the script, and how its steps are printed."""

import json
import time

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
PARTITIONS = 3
CONFIGS = {"retention.ms": "-1"}  # the records are old
EACH = 6
ALL = len(CODECS) * EACH
BEGIN_MS = 1_700_000_000_000
MIDDLE_MS = BEGIN_MS + 9500


def records(codec):
    """(partition, key, value, headers, time in ms) of all records that are written with a codec."""
    first = CODECS.index(codec) * EACH
    for index in range(EACH):
        yield (
            index % PARTITIONS,
            f"{codec} {index}".encode(),
            f"value of {codec} {index}{' ' * 40}".encode(),
            [("codec", codec.encode()), ("index", str(index).encode())],
            BEGIN_MS + (first + index) * 1000,
        )


def row(partition, offset, time_ms, key, value, headers):
    return [partition, offset, time_ms, key.decode(), value.decode(), [[name, text.decode()] for name, text in headers]]


def show(step, value):
    print(json.dumps({"step": step, "value": value}), flush=True)


def until(what, condition, deadline_s=30.0):
    """Calls condition, which waits itself, until it is truthy."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline_s} s")
