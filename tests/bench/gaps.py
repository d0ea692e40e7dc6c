"""How long a producer waits for its next acknowledgement when a broker is killed, stands still or is stopped."""

import signal
import threading
import time

from confluent_kafka import ElectionType, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from harness.process import until
from statistic import Row
from trio import KafkaTrio, MilenaTrio, metadata, running

SESSION_S = 9  # broker.session.timeout.ms of both


# What the client adds to a gap by its own defaults: a tenth of a second before it tries again what a broker has
# refused, up to ten before it connects again to one that was down, and a minute until it takes a silent host for one.
PATIENCE = {"retry.backoff.ms": 10, "reconnect.backoff.max.ms": 500, "socket.timeout.ms": 3000}


class Steady(threading.Thread):
    """A thousand records in a second through librdkafka; remembers the longest time between two acknowledgements. A
    context: it leaves when all is acknowledged, and fails if a record wasn't."""

    def __init__(self, trio, topic):
        super().__init__(daemon=True)
        self.topic, self.stopping, self.failures = topic, threading.Event(), []
        self.producer = Producer({"bootstrap.servers": trio.bootstrap, "linger.ms": 0, "log_level": 2, **PATIENCE})
        self.last, self.longest_ms, self.count = None, 0, 0

    def on_delivery(self, error, _message):
        if error:
            self.failures.append(str(error))
            return
        now = time.monotonic()
        if self.last is not None:
            self.longest_ms = max(self.longest_ms, (now - self.last) * 1000)
        self.last = now
        self.count += 1

    def run(self):
        while not self.stopping.is_set():
            self.producer.produce(self.topic, b"x" * 100, partition=0, on_delivery=self.on_delivery)
            self.producer.poll(0.001)
        self.producer.flush(60)

    def goes_on(self, records=300, deadline_s=60):
        count = self.count
        until(lambda: self.count > count + records or self.failures, "the producer goes on", deadline_s, 0.005)

    def longest_during(self, disturbance):
        """Milliseconds, from before the disturbance until records flow again."""
        self.longest_ms = 0
        disturbance()
        self.goes_on()
        return self.longest_ms

    def __enter__(self):
        self.start()
        self.goes_on()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        self.join(90)
        assert kind is not None or not self.failures, self.failures[:3]


def make(trio, name, replicas):
    """One partition with these replicas, all of them in sync."""
    client = AdminClient({"bootstrap.servers": trio.bootstrap, "log_level": 2})
    client.create_topics([NewTopic(name, 1, replica_assignment=[[node.node_id for node in replicas]])])[name].result(30)
    is_whole(trio, name)


def partition(trio, name, node=None):
    return metadata(node or trio.nodes[0], name).topics[name].partitions[0]


def is_whole(trio, name, node=None):
    until(
        lambda: len(partition(trio, name, node).isrs) == len(partition(trio, name, node).replicas)
        and partition(trio, name, node).leader >= 0,
        f"{name} is in sync",
        60,
        0.01,
    )


def kills(trio, role, count):
    """The longest gap of each of `count` kills -9 of the leader, or of a follower, with a restart after each."""
    make(trio, role, trio.nodes)
    gaps = []
    with Steady(trio, role) as steady:
        for _ in range(count):
            leader = trio.node(partition(trio, role).leader)
            victim = leader if role == "leader" else trio.others(leader)[len(gaps) % 2]
            gaps.append(steady.longest_during(victim.kill))
            trio.start_again(victim)
            is_whole(trio, role)
            steady.goes_on()
    return gaps


def gaps_of_kills(bench):
    rows = []
    counts = {MilenaTrio: 10 if bench.quick else 50, KafkaTrio: 0 if bench.quick else 5}
    for role in ("leader", "follower"):
        found = {}
        for kind, count in counts.items():
            if count:
                with running(bench, kind) as trio:
                    found[kind] = kills(trio, role, count)
        ours, theirs = found[MilenaTrio], found.get(KafkaTrio)
        rows += [
            Row(f"longest gap, {len(ours)} kills of a {role}", "ms", [max(ours)], theirs=theirs and [max(theirs)],
                at_most=1000),
            Row("  the median of them", "ms", ours, theirs=theirs),
        ]  # fmt: skip
    return rows


def gaps_of_moves(bench):
    """Leaderships that are handed over: to the preferred replica, and by a broker that is stopped."""
    moves, stops = [], []
    with running(bench, MilenaTrio, auto_leader_rebalance_enable="false") as trio:
        make(trio, "moved", trio.nodes)
        preferred = trio.nodes[0]
        client = AdminClient({"bootstrap.servers": trio.bootstrap, "log_level": 2})

        def elect():
            done = client.elect_leaders(ElectionType.PREFERRED, [TopicPartition("moved", 0)]).result(30)
            assert not any(done.values()), done

        with Steady(trio, "moved") as steady:
            for _ in range(bench.rounds):
                stops.append(steady.longest_during(preferred.stop))
                trio.start_again(preferred)
                is_whole(trio, "moved")
                steady.goes_on()
                moves.append(steady.longest_during(elect))
    return [
        Row("longest gap, preferred leader elected", "ms", moves, at_most=50),
        Row("longest gap, leader stopped with SIGTERM", "ms", stops, at_most=50),
    ]


def gaps_without_controller(bench):
    """The active controller is killed: how soon a topic can be made, and what a producer on the others sees of it."""
    seconds, gaps = [], []
    with running(bench, MilenaTrio) as trio:
        for number in range(bench.rounds):
            controller = trio.controller()
            rest, name = trio.others(controller), f"elsewhere-{number}"
            make(trio, name, rest)
            client = AdminClient({"bootstrap.servers": ",".join(node.bootstrap for node in rest), "log_level": 2})
            client.list_topics(timeout=10)
            with Steady(trio, name) as steady:

                def kill():
                    controller.kill()
                    begin = time.monotonic()
                    client.create_topics([NewTopic(f"made-{number}", 1, 2)])[f"made-{number}"].result(30)
                    seconds.append(time.monotonic() - begin)

                gaps.append(steady.longest_during(kill))
            trio.start_again(controller)
    return [
        Row("controller killed: a topic is made after", "s", [max(seconds)], at_most=1),
        Row("  longest gap of a producer on the others", "ms", gaps, at_most=50),
    ]


def gaps_of_silence(bench):
    """The leader's host falls silent without closing a connection: SIGSTOP."""
    gaps = []
    with running(bench, MilenaTrio) as trio:
        make(trio, "silent", trio.nodes)
        with Steady(trio, "silent") as steady:
            for _ in range(1 if bench.quick else 3):
                victim = trio.node(partition(trio, "silent").leader)
                witness = trio.others(victim)[0]

                def stop(victim=victim):
                    victim.process.popen.send_signal(signal.SIGSTOP)

                gaps.append(steady.longest_during(stop) / 1000)
                victim.process.popen.send_signal(signal.SIGCONT)
                is_whole(trio, "silent", witness)
                steady.goes_on()
    return [Row("longest gap, leader silent", "s", [max(gaps)], at_most=SESSION_S + 1)]
