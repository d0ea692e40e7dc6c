"""Several brokers that are one cluster, each a controller too: Milena's, and real Kafka's as the oracle."""

import contextlib
import pathlib

from confluent_kafka.admin import AdminClient

from harness.broker import CLUSTER_ID, Milena, RealKafka, free_port
from harness.compare import Pair, Side
from harness.process import until


class Member:
    """A broker that isn't alone, with a kind of broker behind it."""

    def __init__(self, directory, node_id, settings=None):
        super().__init__(directory, settings)
        self.node_id = node_id
        self.voters = ""

    def properties(self):
        return {
            **super().properties(),
            "node.id": self.node_id,
            "controller.quorum.voters": self.voters,
            "default.replication.factor": 3,
            "offsets.topic.replication.factor": 3,
            "min.insync.replicas": 2,
            **self.settings,
        }

    def masks(self):
        return {word: f"{mask}-{self.node_id}" for word, mask in super().masks().items()}

    def is_up(self):
        return self.process is not None and self.process.is_alive()


class Node(Member, Milena):
    def __init__(self, directory, node_id, settings=None):
        super().__init__(directory, node_id, settings)
        self.replication_port = free_port()

    def properties(self):
        return {
            **super().properties(),
            "milena.cluster.id": CLUSTER_ID,
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{self.host}:{self.controller_port},"
            f"REPLICATION://{self.host}:{self.replication_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap},REPLICATION://{self.host}:{self.replication_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:GRPC,REPLICATION:GRPC",
            "inter.broker.listener.name": "REPLICATION",
            **self.settings,
        }

    def is_controller(self):
        return "\nmilena_active_controller 1\n" in self.http("/metrics")[1]


class KafkaNode(Member, RealKafka):
    pass


class Cluster:
    def __init__(self, directory, count=3, settings=None, kind=Node):
        self.directory = pathlib.Path(directory)
        self.nodes = [kind(self.directory / f"node-{index}", index, settings) for index in range(1, count + 1)]
        for node in self.nodes:
            node.voters = ",".join(f"{other.node_id}@{other.host}:{other.controller_port}" for other in self.nodes)

    @property
    def bootstrap(self):
        """Of those that are up, if any is."""
        return ",".join(node.bootstrap for node in [node for node in self.nodes if node.is_up()] or self.nodes)

    def masks(self):
        return {word: mask for node in self.nodes for word, mask in node.masks().items()}

    def node(self, node_id):
        return self.nodes[node_id - 1]

    def others(self, *nodes):
        return [node for node in self.nodes if node not in nodes]

    def controller(self):
        """The node that decides for the cluster now."""
        return until(
            lambda: next((node for node in self.nodes if node.is_up() and node.is_controller()), None),
            "a node is the active controller",
        )

    def start(self):
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            until(node.serves, f"node {node.node_id} serves, see {node.log}", 30, poll_s=0.005)

    def close(self):
        with contextlib.ExitStack() as all_of_them:
            for node in self.nodes:
                all_of_them.callback(node.close)


class Clusters(Pair):
    """A cluster of Milena's and one of Kafka's, to which the same happens."""

    def __init__(self, clusters, jvms):
        super().__init__(*(Side(cluster, jvm) for cluster, jvm in zip(clusters, jvms)))

    def nodes(self, node_id):
        return [side.broker.node(node_id) for side in self.sides]

    def stop(self, node_id):
        for node in self.nodes(node_id):
            node.process.popen.terminate()
        for node in self.nodes(node_id):
            node.stop()

    def kill(self, node_id):
        for node in self.nodes(node_id):
            node.kill()

    def start(self, *node_ids):
        """Those that aren't up."""
        down = [node for node_id in node_ids for node in self.nodes(node_id) if not node.is_up()]
        for node in down:
            node.launch()
        for node in down:
            until(node.serves, f"node {node.node_id} serves, see {node.log}", 120, poll_s=0.01)


def admin(node):
    return AdminClient({"bootstrap.servers": node.bootstrap, "log_level": 2})


def all_see(nodes, count):
    return until(
        lambda: all(len(admin(node).list_topics(timeout=5).brokers) == count for node in nodes),
        f"every node sees {count} brokers",
    )


@contextlib.contextmanager
def serving(cluster):
    """A cluster whose three nodes all know each other; it ends with the block."""
    try:
        cluster.start()
        all_see(cluster.nodes, 3)
        yield cluster
    finally:
        cluster.close()
