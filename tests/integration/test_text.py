"""Real text of some megabytes: the changelogs and copyright files of the installed Debian packages."""

import pytest

from harness import tools
from harness.text import lines_of_packages

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


@pytest.fixture(scope="module")
def text():
    return b"".join(line + b"\n" for line in lines_of_packages(6_000_000))


@pytest.mark.parametrize("codec", CODECS)
def test_a_text_goes_in_line_by_line_and_comes_out_identical(sides, text, codec):
    bootstrap, topic = sides[0].bootstrap, f"text-{codec}"
    put = tools.kcat("-b", bootstrap, "-P", "-t", topic, "-K", "\t", "-z", codec, stdin=text)
    assert put["exit"] == 0, put["err"]
    got = tools.kcat("-b", bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-K", "\t")
    assert got["exit"] == 0, got["err"]
    assert got["out"] == text


def test_a_text_spread_over_partitions_keeps_the_order_of_every_partition(sides, text):
    side, topic = sides[0], "text-partitions"
    side.tool("kafka-topics", "--create", "--topic", topic, "--partitions", "4")
    put = tools.kcat("-b", side.bootstrap, "-P", "-t", topic, "-K", "\t", "-z", "lz4", stdin=text)
    assert put["exit"] == 0, put["err"]
    got = tools.kcat("-b", side.bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%p\t%k\t%s\n")[
        "out"
    ]
    place = {line: index for index, line in enumerate(text.splitlines())}
    last, seen = {}, 0
    for line in got.splitlines():
        partition, _, record = line.partition(b"\t")
        assert place[record] > last.get(partition, -1)
        last[partition] = place[record]
        seen += 1
    assert seen == len(place)
