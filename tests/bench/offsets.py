"""A million committed offsets: how soon after a start the broker answers for all of them. And commits as such."""

import struct
import time

from duel import SUBJECT, Admin, KafkaAsShipped
from harness import wire
from harness.process import until
from statistic import Row

OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 8, 9, 10
GROUPS, PARTITIONS = 1000, 1000
AT_ONCE = 20  # requests on their way


def ask(link, api, version, bodies):
    """The answers to all of these requests, in order."""
    for begin in range(0, len(bodies), AT_ONCE):
        some = bodies[begin : begin + AT_ONCE]
        link.sendall(b"".join(wire.frame(api, version, body) for body in some))
        for _ in some:
            yield wire.receive(link)[1]


def find_coordinator(link, group):
    def is_found():
        (answer,) = ask(link, FIND_COORDINATOR, 0, [wire.string(group)])
        return answer.startswith(b"\0\0")

    until(is_found, f"{group} has a coordinator", 60)


def commit(link, group, topic, partitions):
    """Offset 0 for each of them, as soon as the coordinator has loaded what there is."""
    rows = b"".join(struct.pack(">iqh", partition, 0, 0) for partition in partitions)
    topics = struct.pack(">i", 1) + wire.string(topic) + struct.pack(">i", len(partitions)) + rows
    body = wire.string(group) + struct.pack(">i", -1) + wire.string("") + topics
    done = b"".join(struct.pack(">ih", partition, 0) for partition in partitions)
    until(lambda: next(ask(link, OFFSET_COMMIT, 5, [body])).endswith(done), f"{group} commits", 60)


def answers_for_all(port):
    """Each group is asked for all that it has committed; with an error, or less than that, the answer is shorter."""
    bytes_whole = 4 + 4 + len(wire.string("orders")) + 4 + PARTITIONS * (4 + 8 + 4 + 2 + 2) + 2
    with wire.connect(port, 60) as link:
        bodies = [wire.string(f"group-{number}") + struct.pack(">i", -1) for number in range(GROUPS)]
        return all(len(answer) == bytes_whole for answer in ask(link, OFFSET_FETCH, 5, bodies))


def restarts(broker, count):
    broker.start()
    Admin(broker).create("orders", PARTITIONS)
    with wire.connect(broker.port, 60) as link:
        find_coordinator(link, "group-0")
        for number in range(GROUPS):
            commit(link, f"group-{number}", "orders", range(PARTITIONS))
    assert answers_for_all(broker.port)
    for _ in range(count):
        broker.stop()
        begin = broker.launch()
        until(lambda: answers_for_all(broker.port), "all offsets are there", 120, poll_s=0.005)
        yield time.monotonic() - begin


def million_offsets(bench):
    """1,000 groups that have committed 1,000 partitions each."""
    seconds = {}
    for kind, count in ((KafkaAsShipped, 1 if bench.quick else 3), (SUBJECT, 3 if bench.quick else 7)):
        broker = bench.broker(kind)
        try:
            seconds[kind.name] = list(restarts(broker, count))
        finally:
            broker.close()
    return [
        Row("from start to a million committed offsets", "s", seconds[SUBJECT.name],
            theirs=seconds[KafkaAsShipped.name], at_most=2)
    ]  # fmt: skip
