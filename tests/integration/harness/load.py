"""Idempotent producers whose every record follows from its name, and the count of what a broker made of them."""

import collections
import random
import subprocess
import threading
import time
import zlib

import confluent_kafka

PADDING = random.Random(7).randbytes(4096).hex().encode()


def value(producer, partition, sequence):
    """Everything about it follows from its name, so that a reader can tell a corrupted one."""
    name = b"%d:%d:%d:" % (producer, partition, sequence)
    return name + PADDING[sequence % 512 : sequence % 512 + 50 + sequence * 37 % 950] + b"%08x" % zlib.crc32(name)


class Load(threading.Thread):
    """An idempotent producer that sends as fast as it can, and remembers which offset acknowledged which record."""

    def __init__(self, bootstrap, topic, partitions, number, codec="none"):
        super().__init__(daemon=True)
        self.topic, self.partitions, self.number = topic, partitions, number
        self.offsets = [[] for _ in range(partitions)]
        self.sent = [0] * partitions
        self.acknowledged = 0
        self.failures = []
        self.stopping = threading.Event()
        self.pausing = threading.Event()  # nothing new is sent; what was sent is still to be acknowledged
        self.producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": codec,
                "linger.ms": 2,
                "message.timeout.ms": 300_000,
                "reconnect.backoff.ms": 10,
                "reconnect.backoff.max.ms": 100,
                "retry.backoff.ms": 10,
                "retry.backoff.max.ms": 100,
                "queue.buffering.max.messages": 20_000,
                "socket.timeout.ms": 5000,
                "log_level": 2,
                "error_cb": self.on_error,
            }
        )

    def on_error(self, error):
        if error.fatal():
            self.failures.append(str(error))

    def on_delivery(self, error, message):
        if error:
            self.failures.append(str(error))
            return
        self.acknowledged += 1
        self.offsets[message.partition()].append(message.offset())

    def run(self):
        sent = 0
        while not self.stopping.is_set() and not self.failures:
            early_s = self.early_s()
            if early_s > 0:
                self.producer.poll(early_s)
            elif self.send(sent % self.partitions, sent // self.partitions):
                sent += 1
        if self.producer.flush(90):
            self.failures.append("records stayed unacknowledged")

    def early_s(self):
        """How long nothing new is to be sent."""
        return 0.05 if self.pausing.is_set() else 0

    def send(self, partition, sequence):
        """False where the producer has no room for it at present."""
        try:
            self.producer.produce(
                self.topic,
                value(self.number, partition, sequence),
                partition=partition,
                on_delivery=self.on_delivery,
            )
        except BufferError:
            self.producer.poll(0.05)
            return False
        self.sent[partition] += 1
        self.producer.poll(0)
        return True

    def stop(self):
        """Returns when everything that was sent is acknowledged."""
        self.stopping.set()
        self.join(120)
        assert not self.is_alive() and not self.failures, self.failures[:3]


class PacedLoad(Load):
    """One that leaves the machine to others: so many records a second, in bursts."""

    per_second = 300
    burst = 30

    def early_s(self):
        ahead = sum(self.sent) - (time.monotonic() - self.begun_at) * self.per_second
        return max(super().early_s(), 0.02 if ahead > self.burst else 0)

    def run(self):
        self.begun_at = time.monotonic()
        super().run()


def stream(bootstrap, topic):
    """(partition, offset, value) of every record, as kcat reads them."""
    reader = subprocess.Popen(
        ["kcat", "-b", bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-X", "check.crcs=true"]
        + ["-f", "%p %o %s\n"],
        stdout=subprocess.PIPE,
    )
    with reader:
        for line in reader.stdout:
            partition, offset, content = line.rstrip(b"\n").split(b" ", 2)
            yield int(partition), int(offset), content
    assert reader.returncode == 0


def count_faults(bootstrap, loads, starts=None):
    """How many records are not as they were acknowledged, by kind, with a few examples. Nothing is expected below
    `starts`, the log starts of the partitions."""
    topic, partitions = loads[0].topic, loads[0].partitions
    starts = starts or [0] * partitions
    counts = dict.fromkeys(["records", "gaps", "corrupted", "doubled", "out_of_order", "elsewhere", "lost"], 0)
    examples = []
    seen, offset_next = collections.defaultdict(list), list(starts)

    def fault(kind, *where):
        counts[kind] += 1
        if len(examples) < 10:
            examples.append((kind, *where))

    for partition, offset, content in stream(bootstrap, topic):
        counts["records"] += 1
        if offset != offset_next[partition]:
            fault("gaps", partition, offset, offset_next[partition])
        offset_next[partition] = offset + 1
        name = content.split(b":", 3)[:3]
        if len(name) < 3 or not all(word.isdigit() for word in name) or content != value(*map(int, name)):
            fault("corrupted", partition, offset)
            continue
        producer, home, sequence = map(int, name)
        sequences = seen[producer, partition]
        acknowledged = loads[producer].offsets[partition]
        # None: acknowledged as a duplicate of something too long ago for the broker to know where that is.
        if home != partition or sequence >= len(acknowledged) or acknowledged[sequence] not in (offset, None):
            fault("elsewhere", partition, offset, producer, sequence)
        if sequences and sequence < sequences[-1]:
            fault("out_of_order", partition, offset, producer, sequence)
        sequences.append(sequence)
    for load in loads:
        for partition, offsets in enumerate(load.offsets):
            found = seen[load.number, partition]
            if len(found) != len(set(found)):
                fault("doubled", partition, load.number)
                counts["doubled"] += len(found) - len(set(found)) - 1
            start = starts[partition]
            expected = {sequence for sequence, offset in enumerate(offsets) if offset is None or offset >= start}
            if missing := expected - set(found):
                fault("lost", partition, load.number, min(missing))
                counts["lost"] += len(missing) - 1
    return counts, examples
