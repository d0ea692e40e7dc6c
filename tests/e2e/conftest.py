"""One operator for all tests, installed as the README says; a namespace for each test, as strict as they get."""

import itertools
import pathlib
import re
import sys

import kube
import pytest
from clusters import IMAGE, OPERATOR_IMAGE, Cluster

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/milena"
SYSTEM = "milena-system"
NUMBERS = itertools.count(1)  # names are cut, and the namespace before may still be going
STRICT = {"pod-security.kubernetes.io/enforce": "restricted"}


def operator_values():
    repository, _, tag = OPERATOR_IMAGE.rpartition(":")
    broker, _, _ = IMAGE.rpartition(":")
    return ["--set", f"image.repository={repository},image.tag={tag},brokerImageRepository={broker}"]


def install(*values):
    kube.helm("upgrade", "--install", "milena", CHART, "--namespace", SYSTEM, *operator_values(), *values, "--wait")


def make_namespace(name, **labels):
    labels.update(STRICT)
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})


def forget_namespaces():
    every = ["--selector", "e2e.milena.dev/test=true", "--ignore-not-found"]
    kube.kubectl("delete", "namespaces", *every, "--timeout=150s", seconds=160)


@pytest.fixture(scope="session")
def operator():
    make_namespace(SYSTEM)
    install()
    forget_namespaces()
    yield SYSTEM
    forget_namespaces()  # while there is somebody who lets go of their topics
    kube.helm("uninstall", "milena", "--namespace", SYSTEM, "--wait")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.has_failed = report.failed


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
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())
    name = f"e2e-{next(NUMBERS)}-{words[:45]}".strip("-")
    make_namespace(name, **{"e2e.milena.dev/test": "true"})
    yield name
    if getattr(request.node, "has_failed", True):
        tell(name)
    kube.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@pytest.fixture
def cluster(namespace):
    """Three brokers that serve."""
    return Cluster(namespace).apply().settle()
