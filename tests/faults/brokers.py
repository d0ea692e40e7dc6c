"""Three brokers, each a controller too, on a host and a disk of its own."""

import collections
import functools
import os
import pathlib
import signal
import subprocess

import network
import protocol
from harness import paths, wire
from harness.cluster import Cluster, Node
from harness.failing_disk import FailingDisk
from harness.process import until

CLIENT_PORT, CONTROLLER_PORT, REPLICATION_PORT, METRICS_PORT = 9092, 9093, 9094, 9095
DISK_BYTES = 1 << 30
LINK_TIMEOUT_S = 2.0
FAILING_DISK, CLOCK = paths.BUILD / "faults/failing_disk.so", paths.BUILD / "faults/clock.so"


class FaultyNode(Node):
    """A broker whose disk, clock and process can be harmed. Its log goes where it outlives the namespaces."""

    http_timeout_s = 2

    def __init__(self, directory, node_id, settings, logs, disk_bytes):
        super().__init__(directory, node_id, settings)
        self.host = network.address(node_id)
        self.log = logs / f"node-{node_id}.log"
        self.port, self.controller_port = CLIENT_PORT, CONTROLLER_PORT
        self.replication_port, self.metrics_port = REPLICATION_PORT, METRICS_PORT
        self.preloaded = {}
        self.failing_disk = None
        self.is_paused = False
        self.disk_bytes = disk_bytes
        self.mount_disk()

    def properties(self):
        return {
            **super().properties(),
            "metadata.log.dir": self.directory / "metadata",
            "offsets.topic.num.partitions": 12,
            **self.settings,
        }

    def command(self, properties):
        return [*network.inside(self.node_id), *super().command(properties)]

    def environment(self):
        return {**super().environment(), **self.preloaded}

    def offline_directories(self):
        """As each of its shards counts them."""
        lines = self.http("/metrics")[1].splitlines()
        return {float(line.split()[-1]) for line in lines if line.startswith("milena_offline_log_directories{")}

    def is_up(self):
        return super().is_up() and not self.is_paused

    def brokers(self):
        """The ids of the brokers that it knows."""
        with self.link() as link:
            return protocol.brokers(link)

    def link(self):
        return wire.connect(self.port, LINK_TIMEOUT_S, self.host)

    def pause(self):
        """Returns when it stands still: on a busy machine its threads run on for a while."""
        self.process.popen.send_signal(signal.SIGSTOP)
        self.is_paused = True
        threads = pathlib.Path(f"/proc/{self.process.pid}/task")
        until(lambda: all(is_stopped(thread) for thread in threads.iterdir()), "it stands still")

    def resume(self):
        self.process.popen.send_signal(signal.SIGCONT)
        self.is_paused = False

    # The disk.

    def mount_disk(self):
        self.data.mkdir(exist_ok=True)
        network.run("mount", "-t", "tmpfs", "-o", f"size={self.disk_bytes}", f"disk-{self.node_id}", self.data)

    def replace_disk(self):
        """With an empty one; the broker must be down."""
        network.run("umount", self.data)
        self.mount_disk()

    def copy_disk(self, copy):
        """As a snapshot of the volume would be: whatever is there at this moment."""
        subprocess.run(["cp", "-a", "--sparse=always", f"{self.data}/.", copy], check=True)

    def restore_disk(self, copy):
        """The broker must be down."""
        self.replace_disk()
        subprocess.run(["cp", "-a", "--sparse=always", f"{copy}/.", self.data], check=True)

    def fill_disk(self):
        """Until nothing at all fits any more; what was written stays."""
        ballast = self.data / "ballast"
        with open(ballast, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError:
                pass

    def empty_disk(self):
        (self.data / "ballast").unlink()

    def can_fail_io(self, below=""):
        """To be said before it starts."""
        self.failing_disk = FailingDisk(FAILING_DISK, self.data / below, self.directory / "io-errors")
        self.preloaded |= self.failing_disk.environment

    def logs(self):
        """{partition: its bytes}, those of all its segments together: where one ends and the next begins is each
        replica's own affair."""
        found = collections.defaultdict(bytes)
        for path in sorted(self.data.rglob("*.log")):
            if not path.parent.name.endswith(("-delete", "-stray")):
                found[path.parent.name] += path.read_bytes()
        return found

    # The clock.

    def has_clock_of_its_own(self, offset):
        """To be said before it starts. Only the time of day; what measures intervals is as everywhere."""
        self.preloaded |= {
            "LD_PRELOAD": str(CLOCK),
            "FAULTS_CLOCK": str(self.directory / "clock"),
        }
        self.set_clock(offset)

    def set_clock(self, offset):
        fresh = self.directory / "clock.new"
        fresh.write_text(f"{offset}\n")
        os.replace(fresh, self.directory / "clock")


def is_stopped(thread):
    return (thread / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


class FaultyCluster(Cluster):
    def __init__(self, directory, logs, settings, disk_bytes):
        kind = functools.partial(FaultyNode, logs=logs, disk_bytes=disk_bytes)
        super().__init__(directory, 3, settings, kind)

    def controller(self):
        def active():
            for node in self.nodes:
                try:
                    if node.is_up() and node.is_controller():
                        return node
                except OSError:
                    continue

        return until(active, "a node is the active controller", 30)

    def metadata(self, topic, node=None):
        """{partition: what is known of it}, as this node knows it, or any that answers."""
        failure = None
        for one in [node] if node else self.nodes:
            if one.is_up():
                try:
                    with one.link() as link:
                        return protocol.partitions(link, topic)
                except (OSError, IndexError) as problem:
                    failure = problem
        raise ConnectionError(f"no node answers: {failure!r}")

    def are_in_sync(self, topic, nodes=None):
        """Whether every one of these nodes says so."""
        return all(
            found and all(len(one.isr) == len(one.replicas) == 3 and one.leader > 0 for one in found.values())
            for found in (self.metadata(topic, node) for node in nodes or self.nodes)
        )

    def differing_partitions(self):
        """Partitions whose replicas haven't the same bytes; nobody may write meanwhile."""
        logs = [node.logs() for node in self.nodes]
        names = {name for one in logs for name in one}
        return sorted(name for name in names if len({one.get(name) for one in logs}) != 1)

    def keep(self, directory):
        """What lies on the disks, for whoever looks for the reason of a failure."""
        for node in self.nodes:
            target = directory / f"node-{node.node_id}"
            target.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", "--sparse=always", node.data, node.directory / "metadata", target])
