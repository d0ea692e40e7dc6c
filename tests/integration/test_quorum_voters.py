"""Controllers come and go while the cluster runs (KIP-853): the same steps on Milena and real Kafka, equal answers."""

import json
import re
import shutil

import pytest

from harness.broker import Milena, RealKafka, free_port
from harness.cluster import Cluster, Clusters, KafkaNode, Node
from harness.compare import Side, plain
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
        # The first one is told of nobody else; Kafka's has to be formatted for that, too.
        self.nodes[0].settings["controller.quorum.bootstrap.servers"] = servers[0]
        self.nodes[0].format_arguments = ["--standalone"]

    def is_grown(self):
        """From now on the first one is like the others."""
        for name in ("settings", "format_arguments"):
            setattr(self.nodes[0], name, getattr(self.nodes[1], name))


class Joining(Growing):
    """The others become controllers by themselves."""

    def __init__(self, directory, kind):
        super().__init__(directory, kind)
        for node in self.nodes:
            node.settings["controller.quorum.auto.join.enable"] = "true"


class Fixed(Cluster):
    """All three are named by the settings."""

    def __init__(self, directory, kind):
        super().__init__(directory, settings={key: SETTINGS[key] for key in SETTINGS if key.startswith("broker.")},
                         kind=kind)  # fmt: skip


@pytest.fixture(name="clusters")
def both_clusters(run_directory, request, sides):
    """A cluster of each kind, as the test's parameter says."""
    directory = run_directory / re.sub(r"\W+", "-", request.node.name)
    kind_here = Node if isinstance(sides[0].broker, Milena) else KafkaNode
    made = [request.param(directory / name, kind) for name, kind in (("milena", kind_here), ("kafka", KafkaNode))]
    try:
        pair = Clusters(made, [side.jvm for side in sides])
        pair.start(1, 2, 3)
        yield pair
    finally:
        for cluster in made:
            cluster.close()


def clusters_that_are(kind):
    return pytest.mark.parametrize("clusters", [kind], indirect=True, ids=[kind.__name__.lower()])


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


def rows_of_any(side):
    """With kraft.version 0 nobody's directory is told."""
    said = side.tool("kafka-metadata-quorum", "describe", "--replication")
    lines = [line.split() for line in said["out"].splitlines()[1:]] if said["exit"] == 0 else []
    return [line for line in lines if int(line[4]) > 0]


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


# Processes begin and end in the tests themselves, whose thread stays; not in what is run on both sides.


def of_each(clusters, choose):
    return {id(side): side.broker.node(choose(side)) for side in clusters.sides}


def launch(clusters, nodes):
    for side in clusters.sides:
        nodes[id(side)].launch()
    for side in clusters.sides:
        until(nodes[id(side)].serves, f"{nodes[id(side)].directory} serves", SETTLED_S)


def with_an_empty_disk(clusters, nodes):
    for side in clusters.sides:
        nodes[id(side)].stop()
        shutil.rmtree(nodes[id(side)].data)
    launch(clusters, nodes)


@clusters_that_are(Growing)
def test_one_controller_becomes_three_and_each_of_them_is_replaced(clusters):
    def grow(side):
        answers = [settled(side, [1], [2, 3])]
        for node_id, voters in ((2, [1, 2]), (3, [1, 2, 3])):
            answers.append(added(side, node_id))
            answers.append(settled(side, voters, [one for one in (2, 3) if one not in voters]))
        works(side, "grown")
        return answers

    clusters.same(grow)
    for side in clusters.sides:
        side.broker.is_grown()

    killed = of_each(clusters, leader)
    for side in clusters.sides:
        killed[id(side)].kill()

    def without_one(side):
        gone = killed[id(side)].node_id
        until(lambda: rows(side) and leader(side) != gone, "another one leads", SETTLED_S)
        works(side, "without-one")

    clusters.same(without_one)
    launch(clusters, killed)
    for side in clusters.sides:
        settled(side, [1, 2, 3], [])
    removed = of_each(clusters, leader)
    formerly = {id(side): directory_id(removed[id(side)]) for side in clusters.sides}

    def without_its_leader(side):
        gone = removed[id(side)].node_id
        said = remove(side, gone)
        settled(side, [node for node in (1, 2, 3) if node != gone], [gone], but=gone)
        works(side, "without-its-leader")
        return said["exit"]

    clusters.same(without_its_leader)
    with_an_empty_disk(clusters, removed)

    def with_a_fresh_disk(side):
        node = removed[id(side)]
        said = added(side, node.node_id)
        settled(side, [1, 2, 3], [])
        works(side, "complete")
        topics = sorted(side.tool("kafka-topics", "--list")["out"].split())
        return said["exit"], directory_id(node) != formerly[id(side)], topics

    clusters.same(with_a_fresh_disk)


@clusters_that_are(Growing)
def test_what_is_no_change_of_the_controllers_is_refused_in_kafkas_words(clusters):
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

    clusters.same(script)


@clusters_that_are(Joining)
def test_controllers_join_by_themselves_and_replace_their_lost_disks(clusters):
    def joined(side):
        return settled(side, [1, 2, 3], [])

    clusters.same(joined)
    for side in clusters.sides:
        side.broker.is_grown()
    for choose in (lambda side: next(node for node in (1, 2, 3) if node != leader(side)), leader):
        with_an_empty_disk(clusters, of_each(clusters, choose))
        clusters.same(joined)
    clusters.same(lambda side: works(side, "after"))


def control_records(side):
    """What the log says of its voters, as kafka-dump-log shows it; which change has come when, is not compared."""
    log = side.broker.node(1).data / "__cluster_metadata-0" / "00000000000000000000.log"
    done = side.jvm.run("kafka-dump-log", "--cluster-metadata-decoder", "--files", log)
    assert done["exit"] == 0, done
    found = re.findall(r"(KRaftVersion|KRaftVoters) (\{.*\})", done["out"])
    assert found, done["out"]
    versions = [json.loads(text) for name, text in found if name == "KRaftVersion"]
    newest = json.loads([text for name, text in found if name == "KRaftVoters"][-1])
    newest["voters"].sort(key=lambda voter: voter["voterId"])
    return versions, newest


@clusters_that_are(Growing)
def test_a_controller_that_has_moved_is_found_where_it_is(clusters):
    def grown(side):
        for node_id in (2, 3):
            added(side, node_id)
        settled(side, [1, 2, 3], [])

    clusters.same(grown)
    for side in clusters.sides:
        node = side.broker.node(2)
        node.stop()
        node.controller_port = free_port()
    launch(clusters, of_each(clusters, lambda side: 2))

    def found(side):
        where = f"CONTROLLER://127.0.0.1:{side.broker.node(2).controller_port}"
        shown = until(
            lambda: (voters := settled(side, [1, 2, 3], []))[1]["endpoints"] == [where] and voters,
            f"{side.broker.directory}: 2 is at {where}",
            SETTLED_S,
        )
        return shown, control_records(side)

    clusters.same(found)


@clusters_that_are(Fixed)
def test_controllers_of_the_settings_come_into_the_log(clusters):
    def features(side, *arguments):
        said = plain(side.tool("kafka-features", *arguments))
        said["out"] = re.sub(r"Local controller [123] ", "Local controller N ", said["out"])
        return said

    def possible(side, *arguments):
        """As soon as the leader knows what it has to of the other voters."""
        last = []

        def is_done():
            last[:] = [features(side, *arguments)]
            return last[0]["exit"] == 0

        try:
            until(is_done, "it can be done", SETTLED_S)
        except TimeoutError as late:
            raise AssertionError(f"{side.broker.directory}: {last}") from late
        return last[0]

    def level(side):
        described = side.tool("kafka-features", "describe")
        return re.search(r"Feature: kraft.version\s+.*", described["out"])[0].split("Epoch")[0]

    def script(side):
        until(lambda: len(rows_of_any(side)) == 3, "all have fetched", SETTLED_S)
        answers = [
            level(side),
            remove(side, 2),
            features(side, "upgrade", "--feature", "kraft.version=2"),
            possible(side, "upgrade", "--feature", "kraft.version=1", "--dry-run"),
            level(side),
            features(side, "upgrade", "--feature", "kraft.version=1"),
            until(lambda: (now := level(side)).split()[-1] == "1" and now, f"{side.broker.directory}: level 1", 10),
            features(side, "upgrade", "--feature", "kraft.version=1"),
            features(side, "downgrade", "--feature", "kraft.version=0"),
            settled(side, [1, 2, 3], []),
            control_records(side),
        ]
        return answers

    clusters.same(script)
    removed = of_each(clusters, leader)

    def shrunk(side):
        gone = removed[id(side)].node_id
        said = remove(side, gone)
        settled(side, [node for node in (1, 2, 3) if node != gone], [gone], but=gone)
        return said["exit"]

    clusters.same(shrunk)


ALONE = {
    "controller.quorum.voters": "",
    # So that what is read is a snapshot, too.
    "metadata.log.max.record.bytes.between.snapshots": 200,
}


def alone(make_broker, kind):
    broker = make_broker(ALONE, kind)
    broker.settings["controller.quorum.bootstrap.servers"] = f"{broker.host}:{broker.controller_port}"
    broker.format_arguments = ["--standalone"]
    return broker


def test_a_log_that_names_its_voters_is_read_by_the_other_broker(make_broker, sides):
    """What Kafka has formatted and written goes on in Milena, and the other way round, and back."""
    for first, second in ((RealKafka, Milena), (Milena, RealKafka)):
        writer, reader = alone(make_broker, first), alone(make_broker, second)
        directory = None
        for number, broker in enumerate((writer, reader, writer)):
            if number > 0:
                shutil.rmtree(broker.data, ignore_errors=True)
                shutil.copytree((reader, writer)[number % 2].data, broker.data)
            broker.start()
            side = Side(broker, sides[0].jvm)
            works(side, f"made-{number}")
            assert len(side.tool("kafka-topics", "--list")["out"].split()) == number + 1
            listed = quorum(side, "describe", "--replication")["out"].splitlines()[1:]
            assert [line.split()[1] for line in listed] == [directory_id(broker)]
            assert directory in (None, directory_id(broker))
            directory = directory_id(broker)
            broker.stop()
