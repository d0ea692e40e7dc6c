"""The few questions that are asked of one broker alone, over a raw connection: what it says is what it believes."""

import dataclasses
import struct

from harness import batches, wire

PRODUCE, LIST_OFFSETS, METADATA, FIND_COORDINATOR, ALTER_REASSIGNMENTS = 0, 2, 3, 10, 45
LATEST = -1


class Reader:
    """Takes one answer apart, from its beginning on."""

    def __init__(self, content):
        self.content, self.position = content, 0

    def take(self, layout):
        found = struct.unpack_from(">" + layout, self.content, self.position)
        self.position += struct.calcsize(">" + layout)
        return found[0] if len(found) == 1 else found

    def string(self):
        size = self.take("h")
        if size < 0:
            return None
        self.position += size
        return self.content[self.position - size : self.position].decode()

    def list(self, one):
        return [one() for _ in range(self.take("i"))]


def call(link, api, version, body):
    return Reader(wire.call(link, api, version, body))


@dataclasses.dataclass
class Partition:
    error: int
    index: int
    leader: int
    replicas: list
    isr: list


def metadata(link, *topics):
    """(ids of the brokers, [partitions of each topic]) as this broker knows them."""
    names = b"".join(wire.string(topic) for topic in topics)
    answer = call(link, METADATA, 1, struct.pack(">i", len(topics)) + names)
    brokers = answer.list(lambda: (answer.take("i"), answer.string(), answer.take("i"), answer.string())[0])
    answer.take("i")

    def partition():
        error, index, leader = answer.take("hii")
        replicas, isr = (answer.list(lambda: answer.take("i")) for _ in range(2))
        return Partition(error, index, leader, replicas, isr)

    def one_topic():
        answer.take("h"), answer.string(), answer.take("b")
        return {found.index: found for found in answer.list(partition)}

    return brokers, answer.list(one_topic)


def brokers(link):
    return metadata(link)[0]


def partitions(link, topic):
    """{index: Partition}; none of a topic that isn't there."""
    return metadata(link, topic)[1][0]


def latest_offsets(link, topic, partitions):
    """{index: (epoch, high watermark)} of the partitions that this broker takes itself for the leader of."""
    asked = b"".join(struct.pack(">iiq", index, -1, LATEST) for index in range(partitions))
    body = struct.pack(">ibi", -1, 0, 1) + wire.string(topic) + struct.pack(">i", partitions) + asked
    answer = call(link, LIST_OFFSETS, 4, body)
    answer.take("i")

    def one_topic():
        answer.string()
        return answer.list(lambda: answer.take("ihqqi"))

    rows = [row for topic_rows in answer.list(one_topic) for row in topic_rows]
    return {index: (epoch, offset) for index, error, _, offset, epoch in rows if error == 0}


def coordinator(link, group):
    """The id of the broker that this one takes for the coordinator of the group; None if it knows none."""
    answer = call(link, FIND_COORDINATOR, 1, wire.string(group) + b"\0")
    _, error, _, node = answer.take("i"), answer.take("h"), answer.string(), answer.take("i")
    return node if error == 0 else None


def compact(items):
    """An array of a flexible version, and the length of a string: short ones only."""
    assert len(items) < 127
    return bytes([len(items) + 1]) + b"".join(items)


def reassign(link, topic, replicas):
    """{partition: error} of {partition: brokers}."""
    rows = [
        struct.pack(">i", index) + compact([struct.pack(">i", broker) for broker in brokers]) + b"\0"
        for index, brokers in replicas.items()
    ]
    name = compact([bytes([letter]) for letter in topic.encode()])
    body = b"\0" + struct.pack(">i", 20_000) + compact([name + compact(rows) + b"\0"]) + b"\0"
    answer = call(link, ALTER_REASSIGNMENTS, 0, body)

    def text():
        size = answer.take("B") - 1
        answer.position += max(size, 0)

    answer.take("b"), answer.take("i")
    if error := answer.take("h"):
        return dict.fromkeys(replicas, error)
    text(), answer.take("b"), text()
    errors = {}
    for _ in range(answer.take("B") - 1):
        index, error = answer.take("ih")
        text(), answer.take("b")
        errors[index] = error
    return errors


def produce_request(topic, index, content, acks=-1, timeout_ms=10_000):
    """A frame that writes one record; nothing but acks=all may count on it."""
    records = batches.batch(batches.record(0, content))
    body = wire.string(None) + struct.pack(">hii", acks, timeout_ms, 1) + wire.string(topic)
    body += struct.pack(">iii", 1, index, len(records)) + records
    return wire.frame(PRODUCE, 3, body)


def produce_answer(link):
    """The error that one partition was answered with."""
    answer = Reader(wire.receive(link)[1])
    answer.take("i"), answer.string(), answer.take("i")
    return answer.take("ih")[1]
