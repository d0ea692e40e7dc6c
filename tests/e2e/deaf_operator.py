"""An operator of a namespace that is empty, whose API server stops to answer: connections stay, and nothing comes."""

import contextlib

import kube
from clusters import OPERATOR_IMAGE, TOOLS_IMAGE
from conftest import SYSTEM, forget_namespace, make_test_namespace

NAME = "deaf-operator"
STRICT = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
# API servers of kind and minikube say that they are 127.0.0.1, too.
PROXY = "socat TCP-LISTEN:6443,fork TCP:$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT & wait"
ADDRESS = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}


def pod(watched):
    operator = {
        "name": "operator",
        "image": OPERATOR_IMAGE,
        "args": [f"--namespace={watched}", "--no-leader-election", "--metrics-port=8080"],
        "env": [{"name": name, "value": value} for name, value in ADDRESS.items()],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 1},
        "securityContext": STRICT,
    }
    proxy = {"name": "proxy", "image": TOOLS_IMAGE, "command": ["sh", "-c", PROXY], "securityContext": STRICT}
    spec = {
        "serviceAccountName": "milena-operator",
        "containers": [{**one, "imagePullPolicy": "IfNotPresent"} for one in (proxy, operator)],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 1,
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME, "namespace": SYSTEM}, "spec": spec}


@contextlib.contextmanager
def deaf_operator():
    """The pod; it has seen everything, and has heard nothing since."""
    watched = make_test_namespace("deaf")
    own = ["--namespace", SYSTEM]
    forget = ["delete", "pod", NAME, *own, "--ignore-not-found"]
    kube.kubectl(*forget)  # of an earlier run
    kube.apply(pod(watched))
    try:
        kube.kubectl("wait", f"pod/{NAME}", *own, "--for=condition=Ready", "--timeout=60s")
        kube.kubectl("exec", NAME, *own, "--container=proxy", "--", "sh", "-c", "kill -s STOP -- -1")
        yield kube.read("pod", NAME, SYSTEM)
    finally:
        kube.kubectl(*forget, "--wait=false")
        forget_namespace(watched)
