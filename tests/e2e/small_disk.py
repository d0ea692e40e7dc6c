"""A disk that is small enough to be filled, for one broker: in a node's memory, as a volume that Kubernetes binds."""

import contextlib

import kube
from clusters import NUMBERS, TOOLS_IMAGE

NAMESPACE = "e2e-disks"
ON_NODE = "/var/tmp"  # kubelet needs a path there
SCRIPT = """
trap 'umount --lazy {path}; rmdir {path}; exit' TERM
mkdir {path} && mount -t tmpfs -o size={mebibytes}m,mode=0777 {name} {path} || exit
sleep infinity &
wait
"""


def mounter(name, mebibytes):
    """A pod whose mount is its node's as well."""
    path = f"/disks/{name}"
    container = {
        "name": "mount",
        "image": TOOLS_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", SCRIPT.format(name=name, path=path, mebibytes=mebibytes)],
        "securityContext": {"privileged": True, "runAsUser": 0},
        "readinessProbe": {"exec": {"command": ["mountpoint", path]}, "periodSeconds": 1},
        "volumeMounts": [{"name": "disks", "mountPath": "/disks", "mountPropagation": "Bidirectional"}],
    }
    spec = {
        "containers": [container],
        "volumes": [{"name": "disks", "hostPath": {"path": ON_NODE, "type": "Directory"}}],
        "terminationGracePeriodSeconds": 5,
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


def volume(name, mebibytes, node):
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    spec = {
        "capacity": {"storage": f"{mebibytes}Mi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": name,
        "local": {"path": f"{ON_NODE}/{name}"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


def storage_class(name):
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


@contextlib.contextmanager
def small_disk(mebibytes):
    """What spec.brokers.storage says then."""
    name = f"e2e-small-{next(NUMBERS)}"
    labels = {"pod-security.kubernetes.io/enforce": "privileged", "e2e.milena.dev/test": "true"}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
    kube.apply(mounter(name, mebibytes))
    try:
        where = ["--namespace", NAMESPACE, "--timeout=60s"]
        kube.kubectl("wait", f"pod/{name}", "--for=condition=Ready", *where)
        node = kube.read("pod", name, NAMESPACE)["spec"]["nodeName"]
        kube.apply(storage_class(name), volume(name, mebibytes, node))
        yield {"class": name, "size": f"{mebibytes}Mi"}
    finally:
        kube.kubectl("delete", "storageclass,persistentvolume", name, "--ignore-not-found", "--wait=false")
        kube.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
