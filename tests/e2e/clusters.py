"""A KafkaCluster and its topics under test, and what clients do to it meanwhile."""

import contextlib
import copy
import itertools
import os
import subprocess

import kube
from confluent_kafka.admin import AdminClient
from harness import paths
from harness.clients import STEADY_COMMANDS, SteadyClient
from harness.leader_watch import LeaderWatch
from harness.load import PacedLoad, count_faults

IMAGE = os.environ.get("IMAGE") or "milena:0.1.0"
NEXT_IMAGE = os.environ.get("NEXT_IMAGE") or "milena:0.2.0"  # the version after IMAGE
OPERATOR_IMAGE = os.environ.get("OPERATOR_IMAGE") or "milena-operator:0.1.0"
TOOLS_IMAGE = os.environ.get("TOOLS_IMAGE") or "kafka-tools:4.3.1"
LISTENERS = [{"name": "plain", "type": "Internal", "port": 9092}, {"name": "nodes", "type": "NodePort", "port": 9094}]

NUMBERS = itertools.count(1)


def live_setting():
    """One that was never given before."""
    return {"log.retention.ms": str(86_400_000 + 1000 * next(NUMBERS))}


def restart_setting(name="socket.send.buffer.bytes"):
    return {name: str(131072 + 1024 * next(NUMBERS))}


def merged(into, changes):
    """As a merge patch: None takes a key away."""
    result = copy.deepcopy(into)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key, {}), value)
        else:
            result[key] = value
    return result


class Cluster:
    def __init__(self, namespace, name="demo", replicas=3, **spec):
        self.namespace, self.name = namespace, name
        own = {
            "image": IMAGE,
            "brokers": {"replicas": replicas, "storage": {"size": "1Gi", "deletionPolicy": "Delete"}},
            "listeners": LISTENERS,
        }
        self.spec = merged(own, spec)
        self.events_before = {}

    # --- what is wanted

    def apply(self, **changes):
        self.spec = merged(self.spec, changes)
        resource = {
            "apiVersion": "milena.dev/v1alpha1",
            "kind": "KafkaCluster",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": self.spec,
        }
        kube.apply(resource)
        return self

    def scale(self, replicas):
        kube.kubectl("scale", "--namespace", self.namespace, f"kafkacluster/{self.name}", f"--replicas={replicas}")
        self.spec["brokers"]["replicas"] = replicas

    def topic(self, name, partitions=6, replication_factor=3, **spec):
        own = {
            "clusterRef": {"name": self.name},
            "partitions": partitions,
            "replicationFactor": replication_factor,
            "deletionPolicy": "Delete",
        }
        kube.apply(
            {
                "apiVersion": "milena.dev/v1alpha1",
                "kind": "KafkaTopic",
                "metadata": {"name": name, "namespace": self.namespace},
                "spec": merged(own, spec),
            }
        )
        return name

    def forget_topic(self, name):
        kube.kubectl("delete", "kafkatopic", name, "--namespace", self.namespace, "--timeout=60s")

    # --- what is there

    @property
    def selector(self):
        return f"milena.dev/cluster={self.name}"

    def resource(self):
        return kube.read("kafkacluster", self.name, self.namespace)

    def is_processed(self, resource):
        generation = resource["metadata"]["generation"]
        return resource.get("status", {}).get("observedGeneration") == generation

    def condition(self, kind):
        return kube.condition(self.resource(), kind)

    def wait(self, kind="Ready", status="True", reason=None, seconds=120, said=""):
        """Of the generation that was applied last: (status, reason, message), where the message has what was `said`."""

        def look():
            resource = self.resource()
            found = kube.condition(resource, kind)
            is_it = found[0] == status and reason in (None, found[1]) and said in (found[2] or "")
            return found if is_it and self.is_processed(resource) else None

        return kube.wait_until(f"{kind} {status} {reason or ''} {said} of {self.name}", look, seconds)

    def settle(self, seconds=180):
        """Until there is nothing left to be done, by what the operator says and by the pods themselves."""

        def look():
            resource = self.resource()
            told = [kube.condition(resource, kind)[0] for kind in ("Ready", "Reconciling", "Stalled")]
            is_done = self.is_processed(resource) and told == ["True", "False", "False"]
            return is_done and self.are_ready(self.listed_pods())

        kube.wait_until(f"{self.name} as wanted", look, seconds)
        return self

    def listed_pods(self):
        return kube.listed("pods", self.namespace, self.selector)

    def are_ready(self, pods):
        def is_ready(pod):
            return kube.condition(pod, "Ready")[0] == "True" and "deletionTimestamp" not in pod["metadata"]

        pools = [self.spec["brokers"], *self.spec.get("nodePools", [])]
        return len(pods) == sum(pool["replicas"] for pool in pools) and all(is_ready(pod) for pod in pods)

    def wait_for_successors(self, before, names):
        """Until there are other pods of these names, and all serve; the operator isn't asked."""

        def look():
            pods = self.listed_pods()
            now = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods}
            return self.are_ready(pods) and all(now[name] != before[name] for name in names)

        kube.wait_until(f"successors of {names}", look, 120)

    def begin(self):
        """From here on counts what events say."""
        self.events_before = kube.events(self.namespace)
        return self

    def notes(self, reason):
        """Of the events with that reason."""
        now = kube.events(self.namespace)
        return [now[one][1] for one in now.keys() - self.events_before.keys() if now[one][0] == reason]

    def pods(self):
        """name → uid"""
        return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in self.listed_pods()}

    def claims(self):
        """name → uid"""
        found = kube.listed("persistentvolumeclaims", self.namespace, self.selector)
        return {claim["metadata"]["name"]: claim["metadata"]["uid"] for claim in found}

    def pod(self, node_id=0):
        return f"{self.name}-brokers-{node_id}"

    def bootstrap(self):
        """As it is reached from outside."""

        def look():
            listeners = self.resource()["status"].get("listeners", [])
            return next((one.get("bootstrap") for one in listeners if one["name"] == "nodes"), None)

        return kube.wait_until("an address of the listener nodes", look, 60)

    def admin(self, *words):
        return kube.kubectl("exec", "--namespace", self.namespace, self.pod(), "--", "milena", "admin", *words)

    def active_controller(self):
        (line,) = [line for line in self.admin("health").splitlines() if "active controller" in line]
        return int(line.split()[0])

    # --- what happens meanwhile

    def watched(self):
        return kube.PodWatch(self.namespace, self.selector)

    @contextlib.contextmanager
    def under_load(self, partitions=6):
        """A client writes at a steady pace; in the end nothing has failed, and everything is there once, in order."""
        topic = self.topic(f"load-{next(NUMBERS)}", partitions)
        wait_for_topic(self, topic)
        bootstrap = self.bootstrap()
        load = PacedLoad(bootstrap, topic, partitions, 0)
        load.start()
        kube.wait_until("records acknowledged", lambda: load.acknowledged > 500, 30)
        yield load
        load.stop()
        counts, examples = count_faults(self.bootstrap(), [load])
        found = {kind: count for kind, count in counts.items() if kind != "records" and count}
        assert not found and counts["records"] == load.acknowledged, examples

    @contextlib.contextmanager
    def noticed_by_nobody(self):
        """Producers and consumers, librdkafka's and Kafka's own in Java: none of them shows an error, each record is
        read once, and no look finds a partition without a leader."""
        bootstrap, partitions = self.bootstrap(), 6
        with self.under_load(partitions) as load:
            topic = self.topic(f"steady-{next(NUMBERS)}", partitions)
            wait_for_topic(self, topic)
            java = SteadyClient(STEADY_COMMANDS["java"], paths.BUILD / "steady.log", bootstrap, topic, partitions)
            try:
                java.wait_until_begun()
                watch = LeaderWatch(AdminClient({"bootstrap.servers": bootstrap, "log_level": 2}), [load.topic, topic])
                watch.start()
                yield load
                watch.stop()
                outcome = java.end()
            finally:
                java.process.kill()
        assert outcome["errors"] == [] and outcome["repeated"] == 0, outcome
        assert outcome["read"] == outcome["acknowledged"] > 100, outcome


def topic_condition(cluster, name, kind):
    return kube.condition(kube.read("kafkatopic", name, cluster.namespace), kind)


def wait_for_topic(cluster, name, status="True", reason=None, seconds=60):
    def look():
        found = topic_condition(cluster, name, "Ready")
        return found if found[0] == status and reason in (None, found[1]) else None

    return kube.wait_until(f"topic {name} Ready {status} {reason or ''}", look, seconds)


def produce(bootstrap, topic, records, partition=-1):
    """-1: wherever the client likes."""
    text = "".join(f"{record}\n" for record in records)
    command = ["kcat", "-b", bootstrap, "-P", "-t", topic, "-p", str(partition), "-X", "acks=all"]
    subprocess.run(command, input=text, text=True, check=True, timeout=60)


def consume(bootstrap, topic):
    command = ["kcat", "-b", bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
