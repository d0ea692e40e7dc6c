"""Kafka's own tools, of Maven Central: as a pod in the cluster, and from outside through a NodePort."""

import kube
import pytest
from clusters import TOOLS_IMAGE, wait_for_topic
from harness.tools import MAINS

JAVA = ["java", "-Xmx256M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", "/opt/kafka/lib/*"]
NAMES = ["ada", "grace", "margaret"]


class Inside:
    """A pod that does nothing until a tool is started in it."""

    def __init__(self, cluster):
        self.cluster, self.bootstrap = cluster, f"{cluster.name}-bootstrap:9092"
        container = {
            "name": "tools",
            "image": TOOLS_IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "command": ["sleep", "infinity"],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
        spec = {
            "containers": [container],
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": 1,
        }
        self.metadata = {"name": "kafka-tools", "namespace": cluster.namespace}
        kube.apply({"apiVersion": "v1", "kind": "Pod", "metadata": self.metadata, "spec": spec})
        where = ["--namespace", cluster.namespace, "--timeout=60s"]
        kube.kubectl("wait", "pod/kafka-tools", "--for=condition=Ready", *where)

    def run(self, tool, *arguments, given=""):
        words = [*JAVA, MAINS[tool], "--bootstrap-server", self.bootstrap, *arguments]
        where = ["--namespace", self.cluster.namespace, "--stdin", "kafka-tools"]
        return kube.kubectl("exec", *where, "--", *words, given=given)


class Outside:
    def __init__(self, cluster, tools):
        self.tools, self.bootstrap = tools, cluster.bootstrap()

    def run(self, tool, *arguments, given=""):
        answer = self.tools.run(tool, "--bootstrap-server", self.bootstrap, *arguments, stdin=given)
        assert answer["exit"] == 0, answer
        return answer["out"]


@pytest.mark.parametrize("where", ["inside", "outside"])
def test_kafkas_tools_describe_produce_and_consume(where, cluster, tools):
    client = Inside(cluster) if where == "inside" else Outside(cluster, tools)
    cluster.topic(where, partitions=3)
    wait_for_topic(cluster, where)
    assert "PartitionCount: 3" in client.run("kafka-topics", "--describe", "--topic", where)
    client.run("kafka-console-producer", "--topic", where, given="".join(f"{name}\n" for name in NAMES))
    reader = ["--topic", where, "--group", where, "--from-beginning", "--max-messages", "2", "--timeout-ms", "30000"]
    first = client.run("kafka-console-consumer", *reader).split()
    assert len(first) == 2 and set(first) < set(NAMES)
    lines = client.run("kafka-consumer-groups", "--describe", "--group", where).splitlines()
    (head,) = [line.split() for line in lines if line.startswith("GROUP")]
    lags = [line.split()[head.index("LAG")] for line in lines if line.split()[:2] == [where, where]]
    assert sorted(lag for lag in lags if lag not in ("-", "0")) == ["1"], lines
