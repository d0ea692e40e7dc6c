"""One operator for all tests, installed as the README says; namespaces as strict as they get. Most tests take the
cluster of their file, and leave it as they have found it: three brokers that serve."""

import pathlib
import re
import sys

import kube
import pytest
from clusters import IMAGE, NUMBERS, OPERATOR_IMAGE, Cluster
from harness.tools import ToolServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/milena"
SYSTEM = "milena-system"
STRICT = {"pod-security.kubernetes.io/enforce": "restricted"}
# Nothing has happened yet: no alert fires. Few topics have gone yet: the operator still deletes some. A node that
# doesn't come back harms few others. When a thousand topics have gone at once, none is deleted for a while.
ORDER = {"test_monitoring.py": -2, "test_topics.py": -1, "test_nodes.py": 1, "test_figures.py": 2}


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: ORDER.get(item.path.name, 0))


def operator_values():
    repository, _, tag = OPERATOR_IMAGE.rpartition(":")
    broker, _, _ = IMAGE.rpartition(":")
    return ["--set", f"image.repository={repository},image.tag={tag},brokerImageRepository={broker}"]


def install(*values, chart=CHART):
    kube.helm("upgrade", "--install", "milena", chart, "--namespace", SYSTEM, *operator_values(), *values, "--wait")


def uninstall():
    kube.helm("uninstall", "milena", "--namespace", SYSTEM, "--wait")


def kill_operator():
    own = ["--namespace", SYSTEM, "--selector", "app.kubernetes.io/name=milena-operator"]
    kube.kubectl("delete", "pods", "--force", "--grace-period=0", *own)


def make_namespace(name, **labels):
    labels.update(STRICT)
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})


def make_test_namespace(title):
    """Numbered, for names are cut, and the one before may still be going."""
    words = re.sub(r"[^a-z0-9]+", "-", title.removeprefix("test_").removesuffix(".py").lower())
    name = f"e2e-{next(NUMBERS)}-{words[:45]}".strip("-")
    make_namespace(name, **{"e2e.milena.dev/test": "true"})
    return name


def forget_namespace(name):
    kube.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def forget_namespaces():
    """What it has forgotten."""
    every = ["--selector", "e2e.milena.dev/test=true", "--ignore-not-found"]
    return kube.kubectl("delete", "namespaces", *every, "--timeout=600s", seconds=610).split()


@pytest.fixture(scope="session")
def operator():
    make_namespace(SYSTEM)
    install()
    if forget_namespaces():  # of an earlier run; whoever has seen that deletes nothing for a while
        uninstall()
        install()
    yield SYSTEM
    forget_namespaces()  # while there is somebody who lets go of their topics
    uninstall()


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """Kafka's own, on this machine."""
    server = ToolServer(tmp_path_factory.mktemp("tools"))
    yield server
    server.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.has_failed = report.failed


def has_failed(request):
    return getattr(request.node, "has_failed", True)


def tell(namespace):
    """What somebody would look at first."""
    for question in (
        ["get", "kafkaclusters,kafkatopics,pods,persistentvolumeclaims", "--output", "wide", "--namespace", namespace],
        ["get", "kafkaclusters", "--output", "yaml", "--namespace", namespace],
        ["get", "events", "--sort-by=.lastTimestamp", "--namespace", namespace],
        ["logs", "deployment/milena-operator", "--tail=60", "--namespace", SYSTEM],
    ):
        try:
            print(kube.kubectl(*question), file=sys.stderr)
        except kube.Refused as refused:
            print(refused, file=sys.stderr)


@pytest.fixture
def namespace(operator, request):
    name = make_test_namespace(request.node.name)
    yield name
    if has_failed(request):
        tell(name)
    forget_namespace(name)


@pytest.fixture
def own_cluster(namespace):
    """For a test that leaves nothing of it."""
    return Cluster(namespace).apply().settle()


class Kept:
    """A cluster for the tests of a file: the same one as long as none fails."""

    def __init__(self, title, **spec):
        self.title, self.spec = title, spec
        self.cluster = None

    def take(self):
        if not self.cluster:
            self.cluster = Cluster(make_test_namespace(self.title), **self.spec).apply()
        return self.cluster.settle().begin()

    def forget(self):
        if self.cluster:
            forget_namespace(self.cluster.namespace)
        self.cluster = None

    def lend(self, request):
        try:
            yield self.take()
        finally:
            if has_failed(request):
                tell(self.cluster.namespace)
                self.forget()


@pytest.fixture(scope="module")
def kept(operator, request):
    kept = Kept(request.path.name)
    yield kept
    kept.forget()


@pytest.fixture
def cluster(kept, request):
    """Three brokers that serve."""
    yield from kept.lend(request)
