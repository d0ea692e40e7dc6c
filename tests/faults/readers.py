"""A group of consumers that reads along and commits: what it has read must still be there in the end, and what it has
committed must never be forgotten."""

import threading
import time
import zlib

import confluent_kafka
from confluent_kafka import TopicPartition

COMMIT_INTERVAL_S = 0.3


class Group:
    """Members share what they know, under one lock."""

    def __init__(self, bootstrap, topic, partitions, members):
        self.bootstrap, self.topic, self.partitions = bootstrap, topic, partitions
        self.name = f"readers-of-{topic}"
        self.lock = threading.Lock()
        self.read = [{} for _ in range(partitions)]  # offset → checksum of the value
        self.committed = [0] * partitions
        self.owners = [None] * partitions
        self.commits = 0
        self.refused_commits = 0
        self.checks = 0
        self.faults = []
        self.stopping = threading.Event()
        self.members = [Member(self, number) for number in range(members)]
        self.checker = threading.Thread(target=self._check_commits, daemon=True)

    def start(self):
        for thread in (*self.members, self.checker):
            thread.start()

    def settings(self, **more):
        return {
            "bootstrap.servers": self.bootstrap,
            "group.id": self.name,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 10_000,
            "heartbeat.interval.ms": 1000,
            "fetch.wait.max.ms": 100,
            "reconnect.backoff.ms": 10,
            "reconnect.backoff.max.ms": 100,
            "socket.timeout.ms": 5000,
            "log_level": 2,
            **more,
        }

    def fault(self, text):
        with self.lock:
            if len(self.faults) < 10:
                self.faults.append(text)

    def saw(self, partition, offset, content):
        checksum = zlib.crc32(content)
        with self.lock:
            if self.read[partition].setdefault(offset, checksum) == checksum:
                return
        self.fault(f"the record at {partition}:{offset} was read twice with different content")

    def _check_commits(self):
        """An offset that was committed before it was asked for is the least that may be answered."""
        asker = confluent_kafka.Consumer(self.settings())
        asked = [TopicPartition(self.topic, index) for index in range(self.partitions)]
        while not self.stopping.wait(COMMIT_INTERVAL_S):
            with self.lock:
                least = list(self.committed)
            try:
                answer = asker.committed(asked, timeout=5)
            except confluent_kafka.KafkaException:
                continue
            self.checks += 1
            for one in answer:
                at_least = least[one.partition]
                if one.error is None and max(one.offset, 0) < at_least:
                    self.fault(f"partition {one.partition} was committed to {at_least}, told is {one.offset}")
        asker.close()

    def has_read(self, ends):
        with self.lock:
            return all(len(self.read[index]) >= end for index, end in enumerate(ends))

    def stop(self):
        """Returns what was wrong."""
        self.stopping.set()
        for thread in (*self.members, self.checker):
            thread.join(30)
            if thread.is_alive():
                self.faults.append("a member doesn't leave")
        if not self.commits or not self.checks:
            self.faults.append(f"{self.commits} commits, {self.checks} looks at them: nothing was checked")
        return self.faults

    def compare(self, partition, offset, content):
        """Takes out what was read there; returns whether it was the same."""
        return self.read[partition].pop(offset, None) in (None, zlib.crc32(content))


class Member(threading.Thread):
    def __init__(self, group, number):
        super().__init__(daemon=True)
        self.group, self.number = group, number
        self.next = {}  # partition → the offset that must come next
        self.consumer = confluent_kafka.Consumer(group.settings(**{"client.id": f"member-{number}"}))

    def run(self):
        self.consumer.subscribe(
            [self.group.topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked
        )
        due = 0
        while not self.group.stopping.is_set():
            for message in self.consumer.consume(500, 0.1):
                if not message.error():
                    self._take(message.partition(), message.offset(), message.value())
            if time.monotonic() > due and self.next:
                self._commit()
                due = time.monotonic() + COMMIT_INTERVAL_S
        self.consumer.close()

    def _assigned(self, _, partitions):
        self.next = {}
        with self.group.lock:
            for one in partitions:
                self.group.owners[one.partition] = self.number

    def _revoked(self, *_):
        self.next = {}

    def _take(self, partition, offset, content):
        self.group.saw(partition, offset, content)
        if offset != self.next.get(partition, offset):
            self.group.fault(f"{partition}:{offset} was read where {self.next[partition]} comes next")
        self.next[partition] = offset + 1

    def _commit(self):
        wanted = dict(self.next)
        with self.group.lock:
            owned = {index for index in wanted if self.group.owners[index] == self.number}
        try:
            done = self.consumer.commit(
                offsets=[TopicPartition(self.group.topic, index, offset) for index, offset in wanted.items()],
                asynchronous=False,
            )
        except confluent_kafka.KafkaException:
            self.group.refused_commits += 1
            return
        for one in done:
            if one.error is not None:
                continue
            if one.partition not in owned:
                self.group.fault(f"member {self.number} has committed {one.partition}, which was another's by then")
            with self.group.lock:
                self.group.commits += 1
                self.group.committed[one.partition] = max(self.group.committed[one.partition], one.offset)
