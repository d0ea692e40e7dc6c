"""Controllers come and go while the cluster runs (KIP-853): the same steps on Milena and real Kafka, equal answers."""

import json
import re
import shutil

import pytest

from harness.cluster import Cluster, Clusters, KafkaNode, Node
from harness.compare import plain
from harness.process import until

SETTLED_S = 60

SETTINGS = {
    "broker.session.timeout.ms": 4000,
    "broker.heartbeat.interval.ms": 500,
    "controller.quorum.voters": "",
}


class Growing(Cluster):
    """Node 1 is the only controller of the log at first; the others copy it."""

    def __init__(self, directory, kind):
        super().__init__(directory, settings=SETTINGS, kind=kind)
        servers = [f"{node.host}:{node.controller_port}" for node in self.nodes]
        for node in self.nodes:
            node.settings["controller.quorum.bootstrap.servers"] = ",".join(servers)
            node.format_arguments = ["--no-initial-controllers"]
        # Milena's first one isn't told of others, Kafka's is formatted as such.
        self.nodes[0].format_arguments = ["--standalone"]
        if kind is Node:
            self.nodes[0].settings["controller.quorum.bootstrap.servers"] = ""

    def is_grown(self):
        """From now on the first one is like the others."""
        for name in ("settings", "format_arguments"):
            setattr(self.nodes[0], name, getattr(self.nodes[1], name))


@pytest.fixture(name="growing")
def growing_clusters(run_directory, request, sides):
    from conftest import SUBJECT

    directory = run_directory / request.node.name
    kinds = (("milena", Node if SUBJECT.name == "milena" else KafkaNode), ("kafka", KafkaNode))
    made = [Growing(directory / name, kind) for name, kind in kinds]
    jvms = [side.jvm for side in sides]
    for cluster, jvm in zip(made, jvms):
        for node in cluster.nodes:
            node.formatter = jvm
    try:
        pair = Clusters(made, jvms)
        pair.start(1)
        pair.start(2, 3)
        yield pair
    finally:
        for cluster in made:
            cluster.close()


KEY = r"ReplicaKey\(id=\d+, directoryId=[^)]*\)"


def quorum(side, *arguments):
    """A set of voters has no order that means anything."""
    said = plain(side.tool("kafka-metadata-quorum", *arguments))
    for index, line in enumerate(said["err"]):
        line = re.sub(rf"\[{KEY}(, {KEY})*\]", lambda found: str(sorted(re.findall(KEY, found[0]))), line)
        said["err"][index] = re.sub(r"directoryId=[^)]*", "directoryId=ID", line)
    return said


def add(side, node_id):
    """As an operator does, with the settings of the controller that is added."""
    node = side.broker.node(node_id)
    return quorum(side, "--command-config", node.directory / "server.properties", "add-controller")


def directory_id(node):
    return re.search(r"^directory\.id=(.*)$", (node.data / "meta.properties").read_text(), re.MULTILINE)[1]


def remove(side, node_id, directory=None):
    directory = directory or directory_id(side.broker.node(node_id))
    return quorum(side, "remove-controller", "-i", node_id, "-d", directory)


def rows(side):
    """[(node, directory, status)] as the tool prints them, without those who were there with another directory and are
    remembered for a while; nothing while nobody leads."""
    said = side.tool("kafka-metadata-quorum", "describe", "--replication")
    lines = [line.split() for line in said["out"].splitlines()[1:]] if said["exit"] == 0 else []
    found = sorted((int(line[0]), line[1], line[-1]) for line in lines)
    return [row for row in found if row[1] == directory_id(side.broker.node(row[0]))]


def settled(side, voters, observers, but=None):
    """Waits until these are the voters and the observers, and one that isn't `but` leads; says how that is shown."""

    def shown():
        now = rows(side)
        leaders = [node for node, _, status in now if status == "Leader"]
        return (
            [node for node, _, status in now if status != "Observer"] == voters
            and [node for node, _, status in now if status == "Observer"] == observers
            and leaders != [but]
        )

    until(shown, f"{side.broker.directory}: {voters} vote and {observers} observe", SETTLED_S)
    status = side.tool("kafka-metadata-quorum", "describe", "--status")
    assert status["exit"] == 0, status
    listed = json.loads(re.search(r"CurrentVoters:\s+(\[.*\])", status["out"])[1])
    return sorted(listed, key=lambda one: one["id"])


def added(side, node_id):
    """It may be asked before it has copied the log: then it is asked again."""
    said = until(lambda: (said := add(side, node_id))["exit"] == 0 and said, f"{node_id} is a controller", SETTLED_S)
    return said


def works(side, topic):
    made = side.tool("kafka-topics", "--create", "--topic", topic, "--partitions", "1", "--replication-factor", "1")
    assert made["exit"] == 0, made


def leader(side):
    return next(node for node, _, status in rows(side) if status == "Leader")


def test_one_controller_becomes_three_and_each_of_them_is_replaced(growing):
    def grow(side):
        answers = [settled(side, [1], [2, 3])]
        for node_id, voters in ((2, [1, 2]), (3, [1, 2, 3])):
            answers.append(added(side, node_id))
            answers.append(settled(side, voters, [one for one in (2, 3) if one not in voters]))
        works(side, "grown")
        return answers

    growing.same(grow)
    for side in growing.sides:
        side.broker.is_grown()

    # Processes begin and end here, whose thread stays.
    def of_each(choose):
        return {id(side): side.broker.node(choose(side)) for side in growing.sides}

    def launch(nodes):
        for side in growing.sides:
            nodes[id(side)].launch()
        for side in growing.sides:
            until(nodes[id(side)].serves, f"{nodes[id(side)].directory} serves", SETTLED_S)

    killed = of_each(leader)
    for side in growing.sides:
        killed[id(side)].kill()

    def without_one(side):
        gone = killed[id(side)].node_id
        until(lambda: rows(side) and leader(side) != gone, "another one leads", SETTLED_S)
        works(side, "without-one")

    growing.same(without_one)
    launch(killed)
    for side in growing.sides:
        settled(side, [1, 2, 3], [])
    removed = of_each(leader)
    formerly = {id(side): directory_id(removed[id(side)]) for side in growing.sides}

    def without_its_leader(side):
        gone = removed[id(side)].node_id
        said = remove(side, gone)
        settled(side, [node for node in (1, 2, 3) if node != gone], [gone], but=gone)
        works(side, "without-its-leader")
        return said["exit"]

    growing.same(without_its_leader)
    for side in growing.sides:
        removed[id(side)].stop()
        shutil.rmtree(removed[id(side)].data)
    launch(removed)

    def with_a_fresh_disk(side):
        node = removed[id(side)]
        said = added(side, node.node_id)
        settled(side, [1, 2, 3], [])
        works(side, "complete")
        topics = sorted(side.tool("kafka-topics", "--list")["out"].split())
        return said["exit"], directory_id(node) != formerly[id(side)], topics

    growing.same(with_a_fresh_disk)


def test_what_is_no_change_of_the_controllers_is_refused_in_kafkas_words(growing):
    def script(side):
        settled(side, [1], [2, 3])
        assert added(side, 2)["exit"] == 0
        settled(side, [1, 2], [3])
        broken = side.broker.directory / "broken.properties"
        broken.write_text("process.roles=controller\n")
        return [
            add(side, 2),
            remove(side, 3),
            remove(side, 2, "AAAAAAAAAAAAAAAAAAAAAQ"),
            remove(side, 2, "not-an-id"),
            remove(side, -1),
            quorum(side, "--command-config", broken, "add-controller"),
            quorum(side, "add-controller"),
            quorum(side, "remove-controller", "-i", 2, "-d", directory_id(side.broker.node(2)), "--dry-run"),
            settled(side, [1, 2], [3]),
            remove(side, 2)["exit"],
            remove(side, 1),
        ]

    growing.same(script)
