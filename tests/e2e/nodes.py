"""The nodes of the Kubernetes, and what may happen to one of them: by $NODE_FAULT, a command that is called with a
fault or "start", and the node's name. Without it the nodes are kind's."""

import contextlib
import json
import os
import pathlib
import shlex

import kube
from conftest import SYSTEM

COMMAND = shlex.split(os.environ.get("NODE_FAULT") or str(pathlib.Path(__file__).with_name("node-fault")))
HOST_NAME = "kubernetes.io/hostname"
DNS = ("kube-system", "k8s-app=kube-dns")
OPERATOR = (SYSTEM, "app.kubernetes.io/name=milena-operator")


def listed():
    """By name, those that take pods."""

    def is_closed(node):
        taints = node["spec"].get("taints", [])
        return any(taint["effect"] in ("NoSchedule", "NoExecute") for taint in taints)

    every = json.loads(kube.kubectl("get", "nodes", "--output", "json"))["items"]
    return {node["metadata"]["name"]: node for node in every if not is_closed(node)}


def spare(cluster):
    """(broker, node) whose loss takes neither the operator with it nor the names of services: those who must tell what
    happens, and those who look."""
    pods = [pod for where in (DNS, OPERATOR) for pod in kube.listed("pods", *where)]
    needed = {pod["spec"]["nodeName"] for pod in pods}
    lines = cluster.resource()["status"]["brokers"]
    found = [(line["id"], line["node"]) for line in lines if line["node"] not in needed]
    assert found, f"every node with a broker has the operator or the DNS as well: {sorted(needed)}"
    return found[0]


@contextlib.contextmanager
def struck(fault, node):
    """stop: without its kubelet, all else goes on. off: nothing goes on there. Afterwards it is whole again."""
    kube.run(*COMMAND, fault, node, seconds=60)
    try:
        yield
    finally:
        kube.run(*COMMAND, "start", node, seconds=180)
        kube.kubectl("wait", f"node/{node}", "--for=condition=Ready", "--timeout=120s", seconds=150)


@contextlib.contextmanager
def given_up(node):
    """As an administrator says that a node won't come back as it was."""
    taint = "node.kubernetes.io/out-of-service"
    kube.kubectl("taint", "node", node, f"{taint}=nodeshutdown:NoExecute")
    try:
        yield
    finally:
        kube.kubectl("taint", "node", node, f"{taint}-")
