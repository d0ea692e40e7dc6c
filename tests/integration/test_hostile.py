"""Nonsense over raw sockets: the connection is closed or refused, memory stays bounded, and everyone else is served."""

import contextlib
import os
import pathlib
import resource
import socket
import struct
import threading
import time
import zlib

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from harness import records, tools, wire
from harness.batches import batch, record, unsigned_varint, varint
from harness.process import until

REQUESTS_OF_NOBODY = 60_000  # no API has this key


# ThreadSanitizer remembers of each word of memory who touched it, which takes several times as much.
SHADOW = 5 if "TSAN_OPTIONS" in os.environ else 1


@pytest.fixture(scope="module")
def side(sides):
    """The shared Milena with one topic, and a check after each test that ordinary clients are still served."""
    for one in sides:
        records.create_topic(one.bootstrap, "hostile", 1)
    return sides[0]


@pytest.fixture
def milena(side):
    """For attacks that real Kafka doesn't survive with the heap it has here."""
    if side.broker.name == "kafka":
        pytest.skip("only asked of Milena")
    return side


@pytest.fixture(autouse=True)
def everyone_else_is_served(side):
    memory = side.broker.process.rss_bytes()
    yield
    text = f"{time.monotonic()}\n".encode()
    assert tools.kcat("-b", side.bootstrap, "-P", "-t", "hostile", stdin=text)["exit"] == 0
    got = tools.kcat("-b", side.bootstrap, "-C", "-t", "hostile", "-o", "-1", "-c", "1", "-q")
    assert got["out"] == text
    grown = side.broker.process.rss_bytes() - memory
    assert grown < (300 if side.broker.name == "kafka" else 48 * SHADOW) << 20, f"{grown} bytes more"


def array(count):
    return struct.pack(">i", count)


def produce_body(batch, topic="hostile", acks=-1):
    """Produce v3 with one batch for partition 0."""
    return (
        b"\xff\xff"
        + struct.pack(">hi", acks, 5000)
        + array(1)
        + wire.string(topic)
        + array(1)
        + struct.pack(">i", 0)
        + struct.pack(">i", len(batch))
        + batch
    )


def produce_error(side, body):
    """The error code of the one partition, or None when the broker closed the connection."""
    try:
        with wire.connect(side.broker.port) as link:
            answer = wire.call(link, wire.PRODUCE, 3, produce_body(body))
    except ConnectionError:
        return None
    return struct.unpack_from(">h", answer, 4 + 2 + len("hostile") + 4 + 4)[0]


def log_lines_of(side, link):
    """How often the log names this client."""
    return side.broker.log_tail(1 << 20).count(f":{link.getsockname()[1]}")


JOINING = wire.string("g") + struct.pack(">ii", 60_000, 60_000) + wire.string("") + wire.string("consumer")

FRAMES = {
    "a negative size": struct.pack(">i", -1),
    "the smallest size": struct.pack(">i", -1 << 31),
    "no bytes at all": struct.pack(">i", 0),
    "two gigabytes": struct.pack(">i", (1 << 31) - 1) + b"x" * 100,
    "a header cut short": struct.pack(">i", 3) + b"\0\3\0",
    "an unknown API": wire.frame(REQUESTS_OF_NOBODY % 32768, 0, b""),
    "a negative API": wire.frame(-5, 0, b""),
    "an API that only controllers serve": wire.frame(52, 0, b"\0" * 20),
    "an unknown version": wire.frame(wire.METADATA, 99, b"\0" * 20),
    "a negative version": wire.frame(wire.METADATA, -1, b"\0" * 20),
    "a client id longer than the frame": struct.pack(">ihhih", 10, 3, 1, 1, 5000),
    "an array longer than the frame": wire.frame(wire.METADATA, 1, array(1 << 30)),
    "a string longer than the frame": wire.frame(wire.METADATA, 1, array(1) + struct.pack(">h", 30000) + b"abc"),
    "a body cut short": wire.frame(wire.PRODUCE, 3, b"\xff\xff\0"),
    "a compact array of 2^31 elements": wire.frame(wire.METADATA, 12, b"\0" + b"\xff\xff\xff\xff\x07" + b"\0" * 8),
    "tagged fields without end": wire.frame(wire.METADATA, 12, b"\xff\xff\xff\xff\x07" + b"\0" * 8),
    "a varint without end": wire.frame(wire.METADATA, 12, b"\x80" * 50),
    "a group id longer than the frame": wire.frame(11, 5, struct.pack(">h", 30000) + b"abc"),
    "more protocols than the frame holds": wire.frame(11, 3, JOINING + array(1 << 30)),
    "a protocol of two gigabytes": wire.frame(11, 3, JOINING + array(1) + wire.string("range") + array((1 << 31) - 1)),
    "a negative size of a protocol": wire.frame(11, 3, JOINING + array(1) + wire.string("range") + array(-2)),
    "more assignments than the frame holds": wire.frame(
        14, 0, wire.string("g") + array(1) + wire.string("m") + array(1 << 30)
    ),
    "a heartbeat cut short": wire.frame(12, 0, wire.string("g") + b"\0\0"),
    "more members that leave than the frame holds": wire.frame(13, 3, wire.string("g") + array(1 << 30)),
    "more commits than the frame holds": wire.frame(
        8, 6, wire.string("g") + array(-1) + wire.string("") + array(1) + wire.string("t") + array(1 << 30)
    ),
    "more offsets to fetch than the frame holds": wire.frame(9, 5, wire.string("g") + array(1 << 30)),
    "more groups to describe than the frame holds": wire.frame(15, 0, array(1 << 30)),
    "more groups to delete than the frame holds": wire.frame(42, 0, array(1 << 30)),
    "more offsets to delete than the frame holds": wire.frame(47, 0, wire.string("g") + array(1 << 30)),
    "more states of groups than the frame holds": wire.frame(16, 4, b"\0" + b"\xff\xff\xff\xff\x07"),
    "more quotas to describe than the frame holds": wire.frame(48, 0, array(1 << 30)),
    "more quotas to alter than the frame holds": wire.frame(49, 0, array(1 << 30)),
    "a quota of an entity without end": wire.frame(49, 0, array(1) + array(1 << 30)),
    "metrics longer than the frame": wire.frame(72, 0, b"\0" + bytes(16 + 4 + 1 + 1) + b"\xff\xff\xff\xff\x07"),
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100c8010000c40303") + bytes(196),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_lying_frame_closes_the_connection_with_one_log_line(side, name):
    with wire.connect(side.broker.port) as link:
        link.sendall(FRAMES[name])
        assert wire.is_closed_by_peer(link), "the broker keeps the connection"
        if side.broker.name == "milena":
            until(lambda: log_lines_of(side, link) > 0, "the log names the client", 5)
            assert log_lines_of(side, link) == 1


def test_a_negative_array_is_answered_or_closes_the_connection(side):
    with wire.connect(side.broker.port) as link:
        link.sendall(wire.frame(wire.METADATA, 1, array(-7)))
        try:
            wire.receive(link)
        except ConnectionError:
            pass


# The second is how librdkafka asks for all topics from version 9 on: four bytes for a length that takes one.
@pytest.mark.parametrize(
    ("version", "body"), [(1, array(0) + b"left over"), (13, b"\0" + bytes.fromhex("00000000010000"))]
)
def test_bytes_behind_a_request_are_passed_over(both, version, body):
    def script(side):
        with wire.connect(side.broker.port) as link:
            return len(wire.call(link, wire.METADATA, version, body)) > 20

    assert both.same(script)


def fate(side, *request):
    with wire.connect(side.broker.port) as link:
        try:
            wire.call(link, *request)
            return "answered"
        except ConnectionError:
            return "closed"


@pytest.mark.parametrize("body", [b"", b"\0"], ids=["empty", "no tagged fields"])
def test_a_request_without_a_body_has_the_same_fate_in_every_version(both, body):
    """The second one ends the header of newer versions; a few requests consist of nothing more."""
    advertised = [wire.api_versions(side.broker.port) for side in both.sides]
    keys = sorted(key for key, versions in advertised[0].items() if advertised[1].get(key) == versions)

    def script(side):
        return {
            f"{key}, v{version}": fate(side, key, version, body)
            for key in keys
            for version in range(advertised[0][key][0], advertised[0][key][1] + 1)
        }

    assert "closed" in both.same(script).values()


def test_api_versions_of_an_unknown_version_is_answered_with_version_0(both):
    def script(side):
        with wire.connect(side.broker.port) as link:
            answers = [wire.call(link, wire.API_VERSIONS, version, b"\0" * 10)[:2].hex() for version in (99, 5, 32767)]
            return answers, struct.unpack(">h", wire.call(link, wire.API_VERSIONS, 0, b"")[:2])

    assert both.same(script)[0] == ["0023"] * 3


def test_a_frame_that_comes_byte_by_byte_is_answered(side):
    with wire.connect(side.broker.port) as link:
        for byte in wire.frame(wire.API_VERSIONS, 0, b""):
            link.sendall(bytes([byte]))
        assert wire.receive(link)[0] == 7


def test_many_requests_in_flight_are_answered_in_order(side):
    with wire.connect(side.broker.port) as link:
        link.sendall(b"".join(wire.frame(wire.API_VERSIONS, 0, b"", correlation=index) for index in range(500)))
        assert [wire.receive(link)[0] for _ in range(500)] == list(range(500))


def bomb():
    """Gzip of 200 MB of zeros in 200 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()


def dependent_lz4(content):
    """A frame with one block, not compressed, of a kind that Kafka's reader doesn't take."""
    head = bytes.fromhex("04224d18 40 70 df")
    return head + struct.pack("<I", 1 << 31 | len(content)) + content + bytes(4)


BATCHES = {
    "a wrong CRC": lambda: batch(crc=1),
    "an old magic": lambda: batch(magic=1),
    "a future magic": lambda: batch(magic=3),
    "a negative count": lambda: batch(payload=b"", count=-1),
    "no records": lambda: batch(payload=b"", count=0),
    "more records than there are": lambda: batch(payload=record(0, b"v"), count=1000),
    "fewer records than there are": lambda: batch(payload=record(0, b"v") + record(1, b"v"), count=1),
    "a last offset that does not add up": lambda: batch(count=3, last_delta=77),
    "offsets out of order": lambda: batch(payload=record(1, b"v") + record(0, b"v"), count=2),
    "a record longer than the batch": lambda: batch(payload=varint(5000) + b"abc", count=1),
    "a value of negative length": lambda: batch(payload=record(0, b"")[:5] + varint(-50) + b"\0", count=1),
    "an unknown codec": lambda: batch(attributes=7),
    "garbage as gzip": lambda: batch(payload=b"no gzip at all", attributes=1),
    "garbage as snappy": lambda: batch(payload=b"\xff" * 40, attributes=2),
    "garbage as lz4": lambda: batch(payload=b"\xff" * 40, attributes=3),
    "garbage as zstd": lambda: batch(payload=b"\xff" * 40, attributes=4),
    "lz4 blocks that depend on each other": lambda: batch(payload=dependent_lz4(record(0, b"v")), attributes=3),
    "a decompression bomb": lambda: batch(payload=bomb(), attributes=1, count=1),
    "a size beyond the set": lambda: batch(size=100_000),
    "a negative size": lambda: batch(size=-1),
    "a size smaller than the header": lambda: batch(size=20),
    "a control batch": lambda: batch(attributes=0x20),
    "a transaction nobody began": lambda: batch(attributes=0x10),
    "two batches at once": lambda: batch() + batch(),
    "half a batch": lambda: batch()[:40],
    "nothing": lambda: b"",
    "a producer's first sequence that is not 0": lambda: batch(producer=(424242, 0, 5)),
}


# Of these Kafka accepts some, as it does not look into an uncompressed batch that closely, and of others it reports an
# internal error: Milena may say more precisely what is wrong.
CLEARER = {
    "offsets out of order",
    "a value of negative length",
    "an unknown codec",
    "garbage as gzip",
    "garbage as lz4",
    "garbage as snappy",
    "garbage as zstd",
    "lz4 blocks that depend on each other",
}
CORRUPT_MESSAGE, UNSUPPORTED_COMPRESSION_TYPE, INVALID_RECORD = 2, 76, 87


@pytest.mark.parametrize("name", BATCHES)
def test_a_bad_batch_is_refused_with_the_error_that_kafka_gives(both, name):
    content = BATCHES[name]()
    milena, kafka = both.answers(lambda one: produce_error(one, content))
    if name in CLEARER:
        assert milena in (kafka, CORRUPT_MESSAGE, UNSUPPORTED_COMPRESSION_TYPE, INVALID_RECORD)
    else:
        assert milena == kafka


def test_a_right_batch_is_accepted(side):
    """Else the test above would prove nothing."""
    assert produce_error(side, batch()) == 0
    assert produce_error(side, batch(count=10)) == 0


def slowest_answer_s(port, count=200):
    """Of so many requests, each on a connection of its own."""
    slowest = 0
    for _ in range(count):
        begin = time.monotonic()
        with wire.connect(port) as link:
            assert wire.call(link, wire.API_VERSIONS, 0, b"")[:2] == b"\0\0"
        slowest = max(slowest, time.monotonic() - begin)
    return slowest


def test_idle_connections_cost_little_and_disturb_nobody(side, request):
    count = request.config.getoption("--idle-connections")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 1000)), hard))
    process = side.broker.process
    descriptors = process.descriptors()
    memory = {"before": process.rss_bytes()}
    alone_s = slowest_answer_s(side.broker.port)
    with contextlib.ExitStack() as links:
        for index in range(count):
            link = links.enter_context(wire.connect(side.broker.port))
            if index % 2:
                link.sendall(struct.pack(">i", 1000) + b"\0\3")  # half of a request
        crowded_s = slowest_answer_s(side.broker.port)
        rows = [(0, None, b"%d" % index, None, 0) for index in range(1000)]
        records.produce(side.bootstrap, "hostile", rows, acks="all")
        memory["during"] = process.rss_bytes()
    until(lambda: process.descriptors() < descriptors + 100, "the connections are gone", 30)
    memory["after"] = process.rss_bytes()
    each = (memory["during"] - memory["before"]) / count
    print(
        f"{count} idle connections: {each:.0f} bytes each, resident {memory}; "
        f"slowest of 200 answers {alone_s * 1000:.1f} ms alone, {crowded_s * 1000:.1f} ms among them"
    )
    assert side.broker.name == "kafka" or each < 16 << 10
    assert crowded_s < alone_s + 1


def test_announced_but_unsent_frames_reserve_no_memory(milena):
    """A hundred clients announce 100 MB each, and send nothing."""
    memory = milena.broker.process.rss_bytes()
    with contextlib.ExitStack() as links:
        for _ in range(100):
            link = links.enter_context(wire.connect(milena.broker.port))
            link.sendall(struct.pack(">i", 100_000_000) + b"\0\0\0\3")
        with wire.connect(milena.broker.port) as link:
            assert wire.call(link, wire.API_VERSIONS, 0, b"")[:2] == b"\0\0"
        assert milena.broker.process.rss_bytes() - memory < 32 << 20


def fetch_body(topic, bytes_max, offset=0):
    """Fetch v4 of partition 0."""
    return (
        struct.pack(">iiiib", -1, 0, 1, 50 << 20, 0)
        + array(1)
        + wire.string(topic)
        + array(1)
        + struct.pack(">iqi", 0, offset, bytes_max)
    )


def test_clients_that_never_read_are_held_back(milena):
    """Each asks again and again for a megabyte and reads nothing; the broker stops listening, and stays small."""
    rows = ((0, None, bytes(100_000), None, 0) for _ in range(20))
    records.create_topic(milena.bootstrap, "hostile-big", 1, retention_ms=-1)
    records.produce(milena.bootstrap, "hostile-big", rows)
    fetch = fetch_body("hostile-big", 1 << 20)
    memory = milena.broker.process.rss_bytes()
    links = []
    for _ in range(20):
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(("127.0.0.1", milena.broker.port))
        link.setblocking(False)
        links.append(link)
    sent = 0
    for _ in range(300):
        for link in links:
            try:
                sent += link.send(wire.frame(1, 4, fetch))
            except BlockingIOError:
                pass
    with wire.connect(milena.broker.port) as link:
        assert wire.call(link, wire.API_VERSIONS, 0, b"")[:2] == b"\0\0"
    grown = milena.broker.process.rss_bytes() - memory
    for link in links:
        link.close()
    print(f"{sent} bytes of requests from clients that never read: {grown >> 20} MiB more")
    assert grown < 64 << 20


def test_an_answer_under_way_arrives_whole_though_its_topic_is_deleted(milena):
    """Large batches are sent out of their file, which must stay there as long as the client takes."""
    rows = ((0, None, os.urandom(900_000), None, 0) for _ in range(20))
    records.create_topic(milena.bootstrap, "hostile-gone", 1, file_delete_delay_ms=0)
    records.produce(milena.bootstrap, "hostile-gone", rows, queue_buffering_max_kbytes=100_000)
    admin = AdminClient({"bootstrap.servers": milena.bootstrap})
    (log,) = milena.broker.data.glob("hostile-gone-0/*.log")
    content = log.read_bytes()
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.settimeout(30)
        link.connect(("127.0.0.1", milena.broker.port))
        link.sendall(wire.frame(1, 4, fetch_body("hostile-gone", 40 << 20, offset=10)))
        begun = wire.receive_exactly(link, 4)
        admin.delete_topics(["hostile-gone"])["hostile-gone"].result(30)
        until(lambda: not any(milena.broker.data.glob("hostile-gone-0*")), "the data are gone")
        answer = wire.receive_exactly(link, struct.unpack(">i", begun)[0])
    got = answer[48 + len("hostile-gone") :]
    assert len(got) > 3_000_000 and got in content


def test_a_flood_of_connections_that_close_at_once_is_survived(side):
    descriptors = side.broker.process.descriptors()

    def flood():
        for _ in range(300):
            link = wire.connect(side.broker.port)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
            link.sendall(b"\0\0\0\x20\0\3")
            link.close()

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: side.broker.process.descriptors() < descriptors + 20, "the descriptors are closed", 20)


JOIN_GROUP, GROUP_MAX_SIZE_REACHED, MEMBER_ID_REQUIRED = 11, 81, 79


def join_body(group, metadata):
    """JoinGroup v3 and v4 of a member that has no id yet and would stay for a minute."""
    protocols = array(1) + wire.string("range") + struct.pack(">i", len(metadata)) + metadata
    return (
        wire.string(group)
        + struct.pack(">ii", 60_000, 60_000)
        + wire.string("")
        + wire.string("consumer")
        + protocols
    )


def test_a_storm_of_members_stays_bounded(milena, make_broker):
    """Hundreds of members with much to say, and thousands that ask for an id, in one group or each in its own, and
    never come back; another group goes on meanwhile."""
    broker = make_broker()  # its own: the storm goes on for a minute
    broker.start()
    records.create_topic(broker.bootstrap, "hostile-groups", 1)
    bystander = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "bystander"})
    position = [TopicPartition("hostile-groups", 0, 0)]
    until(lambda: bystander.commit(offsets=position, asynchronous=False), "groups are served", 30)
    memory = broker.process.rss_bytes()
    with contextlib.ExitStack() as stack:
        links = [stack.enter_context(wire.connect(broker.port)) for _ in range(300)]
        wordy = wire.frame(JOIN_GROUP, 3, join_body("storm", bytes(100_000)))
        for link in links:
            link.sendall(wordy)
        asks = wire.frame(JOIN_GROUP, 4, join_body("storm-of-ids", b""))
        ids = stack.enter_context(wire.connect(broker.port))
        for _ in range(200):
            ids.sendall(asks * 100)
            errors = {struct.unpack_from(">ih", wire.receive(ids)[1])[1] for _ in range(100)}
            assert errors == {MEMBER_ID_REQUIRED}
        for many in range(200):
            bodies = [join_body(f"storm-of-groups-{many}-{one}", b"") for one in range(100)]
            ids.sendall(b"".join(wire.frame(JOIN_GROUP, 4, body) for body in bodies))
            errors = {struct.unpack_from(">ih", wire.receive(ids)[1])[1] for _ in range(100)}
            assert errors == {MEMBER_ID_REQUIRED}
        begin = time.monotonic()
        assert bystander.commit(offsets=[TopicPartition("hostile-groups", 0, 1)], asynchronous=False)[0].offset == 1
        assert time.monotonic() - begin < 5
        grown = broker.process.rss_bytes() - memory
        # Those who found no room have their answer; the others wait for each other.
        refused = 0
        for link in links:
            link.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                refused += struct.unpack_from(">ih", wire.receive(link)[1])[1] == GROUP_MAX_SIZE_REACHED
    bystander.close()
    print(f"300 members with 100 kB each and 40,000 without an id: {grown >> 20} MiB more, {refused} refused")
    assert refused > 200
    assert grown < 60 * SHADOW << 20


# --- valid requests that name the same again and again ---------------------------------------------------------------

FETCH, OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, DESCRIBE_GROUPS = 1, 8, 9, 10, 15
DESCRIBE_CONFIGS, OFFSET_DELETE = 32, 47
COORDINATOR_NOT_AVAILABLE = 15


@contextlib.contextmanager
def stays_small(broker, mib):
    """Not larger by more than that at any moment: what is freed before anybody looks has been there all the same."""
    process = broker.process
    pathlib.Path(f"/proc/{process.pid}/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    memory = process.rss_bytes()
    yield
    grown = process.rss_peak_bytes() - memory
    print(f"{grown / (1 << 20):.1f} MiB more")
    assert grown < mib * SHADOW << 20, f"{grown} bytes more"


def commit_errors(link, group, count):
    """Of OffsetCommit v5 that names partition 0 so often."""
    head = wire.string(group) + struct.pack(">i", -1) + wire.string("") + array(1) + wire.string("hostile")
    entries = struct.pack(">iqh", 0, 5, 0) * count
    answer = wire.call(link, OFFSET_COMMIT, 5, head + array(count) + entries)
    at = 4 + 4 + 2 + len("hostile") + 4
    return {struct.unpack_from(">ih", answer, at + 6 * index)[1] for index in range(count)}


def test_a_partition_that_is_committed_again_and_again_is_written_once(milena):
    """Each record has the name of its group, which may be long."""
    group = "g" * 32_000
    count = 5_000
    with wire.connect(milena.broker.port, 60) as link:
        wire.call(link, FIND_COORDINATOR, 0, wire.string(group))  # which creates the topic
        until(lambda: commit_errors(link, group, 1) == {0}, "the group is served", 30)
        with stays_small(milena.broker, 32):
            assert commit_errors(link, group, count) == {0}
            entries = array(count) + struct.pack(">i", 0) * count
            deletion = wire.string(group) + array(1) + wire.string("hostile") + entries
            assert wire.call(link, OFFSET_DELETE, 0, deletion)[:2] == b"\0\0"


def session_of(link, topic, partitions, session=(0, 0)):
    """Fetch v7 of so many partitions: the id of the session that it has opened, 0: none."""
    wishes = b"".join(struct.pack(">iqqi", index, 0, -1, 1 << 20) for index in range(partitions))
    body = struct.pack(">iiiibii", -1, 0, 1, 50 << 20, 0, *session) + array(1) + wire.string(topic)
    answer = wire.call(link, FETCH, 7, body + array(partitions) + wishes + array(0))
    _, error, session_id, topics = struct.unpack_from(">ihii", answer)
    assert (error, topics) == (0, 1)
    return session_id


def test_a_long_name_in_a_fetch_is_there_once_and_not_for_each_partition(milena):
    with stays_small(milena.broker, 32), wire.connect(milena.broker.port, 60) as link:
        assert session_of(link, "t" * 30_000, 5_000) == 0


def test_fetch_sessions_are_bounded_by_what_they_take(milena):
    with wire.connect(milena.broker.port, 60) as link:
        with stays_small(milena.broker, 48):
            opened = [session_of(link, "nowhere", 20_000) for _ in range(60)]
        assert 0 < sum(session != 0 for session in opened) < 10
        for session in opened:
            session_of(link, "nowhere", 1, (session, -1))
        last = session_of(link, "hostile", 1)
        assert last != 0
        session_of(link, "hostile", 1, (last, -1))


def test_settings_that_are_asked_for_again_and_again_end_the_connection(make_broker):
    broker = make_broker()  # its own: what it had to allocate may take a while to go
    broker.start()
    entry = struct.pack(">b", 4) + wire.string("") + array(-1)
    with wire.connect(broker.port, 60) as link:
        assert len(wire.call(link, DESCRIBE_CONFIGS, 1, array(2) + entry * 2 + b"\0")) > 20
        broker_entry = struct.pack(">b", 4) + wire.string(str(broker_id(link))) + array(-1)
        with stays_small(broker, 320):
            link.sendall(wire.frame(DESCRIBE_CONFIGS, 1, array(30_000) + broker_entry * 30_000 + b"\0"))
            assert wire.is_closed_by_peer(link, 60)
    with wire.connect(broker.port) as link:
        assert len(wire.call(link, DESCRIBE_CONFIGS, 1, array(1) + broker_entry + b"\0")) > 1000


def broker_id(link):
    """Of the only broker, out of Metadata v1."""
    return struct.unpack_from(">ii", wire.call(link, wire.METADATA, 1, array(0)))[1]


NAME = b"\x09eightish"
MANY = 100_000
REPEATED = {
    "groups to describe": (DESCRIBE_GROUPS, 0, array(MANY) + wire.string("eightish") * MANY),
    "groups to delete": (42, 0, array(MANY) + wire.string("eightish") * MANY),
    "coordinators": (FIND_COORDINATOR, 4, b"\0\0" + unsigned_varint(MANY + 1) + NAME * MANY + b"\0"),
    "groups with offsets": (
        OFFSET_FETCH,
        8,
        b"\0" + unsigned_varint(MANY + 1) + (NAME + b"\0\0") * MANY + b"\0\0",
    ),
}


@pytest.mark.parametrize("name", REPEATED)
def test_who_is_asked_for_again_and_again_is_answered_a_few_times(milena, name):
    with wire.connect(milena.broker.port, 60) as link, stays_small(milena.broker, 32):
        assert len(wire.call(link, *REPEATED[name])) < 300


def test_members_of_all_groups_together_are_bounded(make_broker):
    """Each in a group of its own, with long names of what it can do."""
    small = {"milena.memory.requests.bytes": 16 << 20, "socket.request.max.bytes": 16 << 20}
    broker = make_broker({**small, "group.initial.rebalance.delay.ms": 0})
    broker.start()
    names = b"".join(wire.string(f"{index:030000}") + array(0) for index in range(30))
    errors = []
    with wire.connect(broker.port, 60) as link:
        wire.call(link, FIND_COORDINATOR, 0, wire.string("wordy"))

        def join(group):
            head = wire.string(group) + struct.pack(">ii", 60_000, 60_000) + wire.string("") + wire.string("consumer")
            return struct.unpack_from(">ih", wire.call(link, JOIN_GROUP, 3, head + array(30) + names))[1]

        until(lambda: join("wordy") == 0, "groups are served", 30)
        with stays_small(broker, 64):
            errors += [join(f"wordy-{index}") for index in range(200)]
    assert set(errors) == {0, COORDINATOR_NOT_AVAILABLE}
    assert errors.count(0) < 20
