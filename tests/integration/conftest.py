"""Fixtures. SUBJECT=kafka puts real Kafka in Milena's place: oracle against oracle, which proves the tests."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from harness import compatibility, paths
from harness.broker import Milena, RealKafka
from harness.cluster import Cluster, Clusters, KafkaNode, Node, serving
from harness.compare import Pair, Side
from harness.tools import ToolServer

SUBJECT = RealKafka if os.environ.get("SUBJECT") == "kafka" else Milena


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=5, help="how often the crash test kills the broker")
    parser.addoption("--out", help="where the crash test writes what it counted, as JSON")
    parser.addoption("--idle-connections", type=int, default=10_000, help="how many clients idle in the hostile test")
    parser.addoption("--keep", action="store_true", help="keep the directories under build/tmp")


def pytest_sessionfinish():
    if SUBJECT is Milena:
        compatibility.save()


@pytest.fixture(scope="session")
def run_directory(request):
    directory = paths.data_directory("milena-integration-", 6e9)
    yield directory
    if request.session.testsfailed != 0 or request.config.getoption("--keep"):
        kept = paths.TEMPORARY / directory.name
        print(f"\nlogs and data: {kept}", file=sys.stderr)
        if kept == directory:
            return
        paths.TEMPORARY.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "--archive", "--sparse=always", directory, kept], check=True)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def cluster(run_directory, request):
    """Three nodes that all know each other; tests that want another one have their own."""
    with serving(Cluster(run_directory / request.node.name)) as made:
        yield made


@pytest.fixture(scope="session")
def sides(run_directory):
    """The two long-lived brokers that most tests share, each with its JVM of tools."""
    brokers = [SUBJECT(run_directory / "milena"), RealKafka(run_directory / "kafka")]
    jvms = [ToolServer(broker.directory) for broker in brokers]
    RealKafka.formatter = jvms[1]
    pair = [Side(broker, jvm) for broker, jvm in zip(brokers, jvms)]
    try:
        for broker in brokers:
            broker.start()
        yield pair
    finally:
        for thing in (*brokers, *jvms):
            thing.close()


@pytest.fixture(scope="session")
def both(sides):
    return Pair(*sides)


@pytest.fixture(scope="module")
def clusters_of_three(run_directory, request):
    """Three brokers of each kind for all tests of a file, with the settings and racks that it names."""
    directory = run_directory / request.module.__name__
    settings = request.module.CLUSTER_SETTINGS
    made = [
        Cluster(directory / name, settings=settings, kind=kind)
        for name, kind in (("milena", Node if SUBJECT is Milena else KafkaNode), ("kafka", KafkaNode))
    ]
    jvms = [ToolServer(cluster.directory) for cluster in made]
    for cluster in made:
        for node in cluster.nodes:
            node.settings["broker.rack"] = f"rack-{node.node_id}"
    try:
        pair = Clusters(made, jvms)
        pair.start(1, 2, 3)
        yield pair
    finally:
        for thing in (*made, *jvms):
            thing.close()


@pytest.fixture
def three(clusters_of_three):
    """Both clusters, complete, whatever the test before has done to them."""
    clusters_of_three.start(1, 2, 3)
    return clusters_of_three


@pytest.fixture
def make_broker(run_directory, request):
    """Brokers of a test's own: make_broker(settings, kind). They are killed when the test ends."""
    made = []

    def make(settings=None, kind=SUBJECT):
        directory = run_directory / re.sub(r"\W+", "-", request.node.name) / f"{kind.name}-{len(made)}"
        made.append(kind(directory, settings))
        return made[-1]

    yield make
    for broker in made:
        broker.close()


@pytest.fixture
def jvm(sides):
    """A JVM of tools for what isn't asked of both brokers."""
    sides[1].jvm.revive()
    return sides[1].jvm
