"""One scenario: three brokers under load, whatever is done to them, and the comparison of what was promised with what
is there in the end.

A scenario is a function that gets a `Lab` and harms it. Its bound is the longest time for which any producer may be
without an acknowledgement on any partition, the time that the fault itself lasts included where nothing can go on
meanwhile."""

import contextlib
import dataclasses
import random
import re
import time

from confluent_kafka.admin import AdminClient, NewTopic

import protocol
from brokers import DISK_BYTES, FaultyCluster
from harness.load import count_faults, stream
from harness.process import until
from network import Network
from producers import JavaLoad, PacedLoad
from readers import Group
from watch import Watch

PARTITIONS = 6
PER_SECOND = 500
TOPIC = "promised"


class Broken(Exception):
    """A promise was not kept."""


@dataclasses.dataclass
class Scenario:
    body: object
    bound_s: float
    has_java: bool = False
    members: int = 2
    settings: dict = dataclasses.field(default_factory=dict)
    leader: str = ""  # "other" or "controller": that one leads all partitions, "other" being none of the controller
    disk_bytes: int = DISK_BYTES
    prepare: object = None  # what is done to the nodes before they start
    left_out: str = ""  # why it isn't run unless it is asked for: what Milena doesn't do yet

    @property
    def name(self):
        return self.body.__name__

    @property
    def place(self):
        return f"tests/faults/{self.body.__module__}.py::{self.name}"


SCENARIOS = {}


def scenario(bound_s, **options):
    def register(body):
        SCENARIOS[body.__name__] = Scenario(body, bound_s, **options)
        return body

    return register


class Lab:
    def __init__(self, chosen, seed, directory, logs):
        self.chosen, self.logs = chosen, logs
        self.random = random.Random(seed)
        self.network = Network([1, 2, 3])
        self.cluster = FaultyCluster(directory, logs, chosen.settings, chosen.disk_bytes)
        if chosen.prepare:
            chosen.prepare(self.cluster)
        self.loads, self.group, self.watch = [], None, None
        self.outcome = {"resumed_s": []}

    # Before and after the scenario.

    def begin(self):
        self.cluster.start()
        until(lambda: all(len(node.brokers()) == 3 for node in self.cluster.nodes), "all know all three", 30)
        self.create(TOPIC, PARTITIONS, self.first_leader())
        self.is_whole()
        bootstrap = self.cluster.bootstrap
        self.loads = [PacedLoad(bootstrap, TOPIC, PARTITIONS, 0, PER_SECOND)]
        if self.chosen.has_java:
            self.loads.append(JavaLoad(bootstrap, TOPIC, PARTITIONS, 1, PER_SECOND, self.logs / "java.log"))
        else:
            self.loads.append(PacedLoad(bootstrap, TOPIC, PARTITIONS, 1, PER_SECOND))
        self.group = Group(bootstrap, TOPIC, PARTITIONS, self.chosen.members)
        self.watch = Watch(self.cluster.nodes, TOPIC, PARTITIONS)
        for one in (*self.loads, self.group):
            one.start()
        self.goes_on()
        until(lambda: self.group.commits > 0, "the group commits", 30)

    def conclude(self):
        """Nothing is broken any more: all must be whole again, and everything that was promised be there."""
        self.network.heal()
        self.is_whole(60)
        self.goes_on()
        for load in self.loads:
            load.stop()
        self.check_history()
        self.check_readers()
        self.expect(not (faults := self.watch.stop()), f"{faults[:3]}")
        self.outcome |= {"answers_watched": self.watch.answers, "elections": self.watch.elections()}
        longest = max(load.longest_gap_s for load in self.loads)
        self.expect(longest <= self.chosen.bound_s, f"{longest:.1f} s without an acknowledgement")
        self.check_disks()

    def check_history(self):
        acknowledged = sum(load.acknowledged for load in self.loads)
        counts, examples = count_faults(self.cluster.bootstrap, self.loads)
        self.outcome |= {"acknowledged": acknowledged, **counts}
        self.expect(counts.pop("records") == acknowledged and not any(counts.values()), f"{counts} {examples}")

    def check_readers(self):
        ends = [sum(len(load.offsets[index]) for load in self.loads) for index in range(PARTITIONS)]
        until(lambda: self.group.has_read(ends), "the group reads to the end", 30)
        faults = self.group.stop()
        for partition, offset, content in stream(self.cluster.bootstrap, TOPIC):
            if not self.group.compare(partition, offset, content):
                faults.append(f"what was read at {partition}:{offset} is not what is there now")
        beyond = sum(len(left) for left in self.group.read)
        self.expect(not faults and not beyond, f"{faults[:3]}, {beyond} were read that aren't there now")
        self.outcome |= {"commits": self.group.commits, "refused_commits": self.group.refused_commits}

    def check_disks(self):
        """Divergence would show here. The group's last words may still be on their way."""
        with contextlib.suppress(TimeoutError):
            until(lambda: not self.cluster.differing_partitions(), "all replicas are equal", 10, poll_s=0.2)
        self.expect(not (names := self.cluster.differing_partitions()), f"replicas of {names} differ")

    def measured(self):
        if self.loads:
            gap = max(load.longest_gap_s for load in self.loads)
            acknowledged = sum(load.acknowledged for load in self.loads)
            self.outcome |= {"longest_gap_s": round(gap, 3), "acknowledged": acknowledged}
        return self.outcome

    def close(self):
        for load in self.loads:
            load.stopping.set()
        if self.group:
            self.group.stopping.set()
        self.cluster.close()

    # What scenarios are made of.

    def expect(self, kept, text):
        if not kept:
            raise Broken(text)

    def leader(self, partition=0):
        return self.cluster.node(self.cluster.metadata(TOPIC)[partition].leader)

    def coordinator(self):
        def found():
            with self.cluster.nodes[0].link() as link:
                return protocol.coordinator(link, self.group.name)

        return self.cluster.node(until(found, "the group has a coordinator"))

    def first_leader(self):
        if not self.chosen.leader:
            return None
        controller = self.cluster.controller()
        return controller if self.chosen.leader == "controller" else self.cluster.others(controller)[0]

    def admin(self):
        return AdminClient({"bootstrap.servers": self.cluster.bootstrap, "log_level": 2, "socket.timeout.ms": 5000})

    def create(self, topic, partitions=1, leader=None):
        """With the leaders spread evenly, or all at one broker."""
        wanted = NewTopic(topic, partitions, 3)
        if leader:
            replicas = [leader.node_id, *(node.node_id for node in self.cluster.others(leader))]
            wanted = NewTopic(topic, partitions, replica_assignment=[replicas] * partitions)
        client = self.admin()  # which has to live as long as what it was asked for
        client.create_topics([wanted], request_timeout=20)[topic].result(25)

    def restart(self, *nodes):
        for node in nodes:
            node.launch()
        for node in nodes:
            until(node.serves, f"node {node.node_id} serves", 30, poll_s=0.01)
        self.is_whole()

    def is_whole(self, within_s=40):
        until(lambda: self.cluster.are_in_sync(TOPIC), "all replicas in sync", within_s)

    def goes_on(self):
        """Waits until each producer has been acknowledged, on each partition, a record that it sent from now on."""
        begin = time.monotonic()
        before = [list(load.sent) for load in self.loads]

        def is_acknowledged():
            failures = [one for load in self.loads for one in load.failures]
            self.expect(not failures, f"a producer has failed: {failures[:2]}")
            return not self.stuck(before)

        patience_s = 2 * self.chosen.bound_s + 20
        end = begin + patience_s
        while not is_acknowledged():
            self.expect(time.monotonic() < end, f"nothing goes on for {patience_s:.0f} s: {self.stuck(before)}")
            time.sleep(0.01)
        return time.monotonic() - begin

    def stuck(self, before):
        return {
            f"producer {load.number} partition {index}": len(load.offsets[index])
            for load, sent in zip(self.loads, before)
            for index in range(PARTITIONS)
            if len(load.offsets[index]) <= sent[index]
        }

    def resumes(self):
        self.outcome["resumed_s"].append(round(self.goes_on(), 3))

    def runs_for(self, seconds):
        """The fault lasts; this is no wait for a condition."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            failures = [one for load in self.loads for one in load.failures]
            self.expect(not failures, f"a producer has failed: {failures[:2]}")
            time.sleep(0.05)

    def said(self, pattern):
        """What the nodes have said so far."""
        return [one for node in self.cluster.nodes for one in re.findall(pattern, node.log.read_text(errors="replace"))]

    def controller_epochs(self):
        """Those in which somebody has led the metadata log so far."""
        return set(self.said(r"metadata log led: node=\d+ epoch=(\d+)"))

    def place(self, topic, replicas):
        """{partition: brokers, the preferred leader first}"""
        with self.cluster.controller().link() as link:
            errors = protocol.reassign(link, topic, replicas)
        self.expect(not any(errors.values()), f"replicas aren't moved: {errors}")

    @contextlib.contextmanager
    def timed(self, name, at_most_s):
        """How long what is done inside takes; more than so long breaks a promise."""
        begin = time.monotonic()
        yield
        took = time.monotonic() - begin
        self.outcome.setdefault(name, []).append(round(took, 3))
        self.expect(took <= at_most_s, f"{name}: {took:.1f} s")

    @contextlib.contextmanager
    def cut_for(self, seconds):
        """What is done inside loses packets: producers go on meanwhile, and after it all becomes whole."""
        with self.lasting(seconds):
            yield
            self.resumes()
        self.network.heal()
        self.is_whole()

    @contextlib.contextmanager
    def lasting(self, seconds):
        """What is done inside is part of a fault that lasts at least that long."""
        begin = time.monotonic()
        yield
        self.runs_for(max(0.0, begin + seconds - time.monotonic()))
