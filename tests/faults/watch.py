"""What the brokers say of themselves while all this happens: each is asked four times a second which partitions it
leads, in which epoch, and up to where they are committed."""

import collections
import threading

import protocol

INTERVAL_S = 0.25


class Watch:
    def __init__(self, nodes, topic, partitions):
        self.topic, self.partitions = topic, partitions
        self.lock = threading.Lock()
        self.leaders = collections.defaultdict(set)  # (partition, epoch) → the brokers that led
        self.lowest, self.highest = {}, {}  # (partition, epoch) → high watermarks
        self.answers = 0
        self.faults = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._ask, args=(node,), daemon=True) for node in nodes]
        for thread in self.threads:
            thread.start()

    def _ask(self, node):
        link = None
        while not self.stopping.wait(INTERVAL_S):
            try:
                link = link or node.link()
                found = protocol.latest_offsets(link, self.topic, self.partitions)
            except OSError:
                link = link and link.close()
                continue
            with self.lock:
                self.answers += 1
                for partition, (epoch, offset) in found.items():
                    self._note(node.node_id, (partition, epoch), offset)

    def _note(self, node_id, at, offset):
        self.leaders[at].add(node_id)
        if offset < self.highest.get(at, offset):
            before = self.highest[at]
            self.faults.append(f"high watermark of partition {at[0]} went from {before} to {offset} in epoch {at[1]}")
        self.lowest[at] = min(offset, self.lowest.get(at, offset))
        self.highest[at] = max(offset, self.highest.get(at, offset))

    def elections(self):
        """How often a partition was seen to get another leader."""
        return len(self.leaders) - len({partition for partition, _ in self.leaders})

    def stop(self):
        """Returns what was wrong. A leader of an earlier epoch may go on answering, but it can't have committed what
        its successor hasn't: that one doesn't say how far it is before it has all that was committed."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        for (partition, epoch), brokers in self.leaders.items():
            if len(brokers) > 1:
                self.faults.append(f"partition {partition} has leaders {sorted(brokers)} in epoch {epoch}")
        reached = {}
        for partition, epoch in sorted(self.leaders):
            before, now = reached.get(partition, 0), self.lowest[partition, epoch]
            if now < before:
                went = f"went from {before} to {now} with epoch {epoch}"
                self.faults.append(f"high watermark of partition {partition} {went}")
            reached[partition] = max(before, self.highest[partition, epoch])
        return self.faults
