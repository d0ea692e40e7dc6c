"""Idempotent producers with five requests in flight that send at a steady pace, so that a gap between two of their
acknowledgements is a gap in service: librdkafka's, and the Java client's behind the same interface."""

import collections
import pathlib
import queue
import subprocess
import threading
import time

from harness import paths
from harness.load import Load
from harness.process import Process
from harness.tools import JVM

CLASSES = paths.BUILD / "faults/classes"


class PacedLoad(Load):
    """A load that sends so many records a second, in turn to each partition."""

    def __init__(self, bootstrap, topic, partitions, number, per_second):
        super().__init__(bootstrap, topic, partitions, number)
        self.per_second = per_second
        self.due = 0.0
        self.last_acknowledged = [None] * partitions
        self.longest_gap_s = 0.0

    def on_delivery(self, error, message):
        super().on_delivery(error, message)
        if not error:
            now, partition = time.monotonic(), message.partition()
            if self.last_acknowledged[partition] is not None:
                self.longest_gap_s = max(self.longest_gap_s, now - self.last_acknowledged[partition])
            self.last_acknowledged[partition] = now

    def run(self):
        self.due = time.monotonic()
        super().run()

    def early_s(self):
        return min(0.01, self.due - time.monotonic())

    def send(self, partition, sequence):
        is_sent = super().send(partition, sequence)
        self.due = self.due + 1 / self.per_second if is_sent else time.monotonic()
        return is_sent


class JavaMessage:
    def __init__(self, partition, offset):
        self._partition, self._offset = partition, offset

    def partition(self):
        return self._partition

    def offset(self):
        return self._offset


class JavaProducer:
    """As much of librdkafka's interface as a load uses, over a JVM that is given a line for each record. Made by the
    main thread, used by one other."""

    QUEUED_MAX = 20_000

    def __init__(self, bootstrap, topic, log):
        # Two of them in namespaces have one process id, and would have one file of /tmp/hsperfdata.
        java = [JVM[0], "-XX:-UsePerfData", *JVM[1:-1], f"{CLASSES}:{paths.KAFKA_LIB}/*"]
        command = [*java, "ProducerByLines", bootstrap, topic]
        self.process = Process(command, log, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.waiting = collections.defaultdict(collections.deque)  # by partition, in the order of the records
        self.answers = queue.SimpleQueue()
        self.outstanding = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.popen.stdout:
            self.answers.put(line.decode().split(maxsplit=2))
        self.answers.put(None)

    def produce(self, _topic, content, partition, on_delivery):
        if self.outstanding >= self.QUEUED_MAX:
            raise BufferError
        self.process.popen.stdin.write(b"%d %s\n" % (partition, content))
        self.process.popen.stdin.flush()
        self.waiting[partition].append(on_delivery)
        self.outstanding += 1

    def poll(self, timeout_s):
        try:
            answer = self.answers.get(timeout=timeout_s) if timeout_s else self.answers.get_nowait()
            while True:
                self._tell(answer)
                answer = self.answers.get_nowait()
        except queue.Empty:
            return

    def _tell(self, answer):
        if answer is None:
            raise RuntimeError(f"the Java producer has ended, see {self.process.log}")
        partition, offset = int(answer[0]), int(answer[1])
        self.outstanding -= 1
        failure = answer[2] if offset < 0 and len(answer) > 2 else None
        self.waiting[partition].popleft()(failure, JavaMessage(partition, offset))

    def flush(self, timeout_s):
        end = time.monotonic() + timeout_s
        while self.outstanding and time.monotonic() < end:
            self.poll(0.05)
        if not self.outstanding:
            self.process.popen.stdin.close()
        return self.outstanding


class JavaLoad(PacedLoad):
    """The same load through the Java client."""

    def __init__(self, bootstrap, topic, partitions, number, per_second, log):
        super().__init__(bootstrap, topic, partitions, number, per_second)
        self.producer = JavaProducer(bootstrap, topic, pathlib.Path(log))
