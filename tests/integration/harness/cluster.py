"""Several brokers that are one cluster: each a controller and a broker, with ports and a directory of its own."""

import contextlib

from harness.broker import CLUSTER_ID, Milena, free_port
from harness.process import until


class Node(Milena):
    """One of the brokers of a cluster."""

    def __init__(self, directory, node_id, settings=None):
        super().__init__(directory, settings)
        self.node_id = node_id
        self.replication_port = free_port()
        self.voters = ""

    def properties(self):
        return {
            **super().properties(),
            "node.id": self.node_id,
            "milena.cluster.id": CLUSTER_ID,
            "controller.quorum.voters": self.voters,
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port},"
            f"REPLICATION://127.0.0.1:{self.replication_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port},"
            f"REPLICATION://127.0.0.1:{self.replication_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:GRPC,REPLICATION:GRPC",
            "inter.broker.listener.name": "REPLICATION",
            "default.replication.factor": 3,
            "offsets.topic.replication.factor": 3,
            "min.insync.replicas": 2,
            **self.settings,
        }


    def is_up(self):
        return self.process is not None and self.process.is_alive()

    def is_controller(self):
        return "\nmilena_active_controller 1\n" in self.http("/metrics")[1]


class Cluster:
    def __init__(self, directory, count=3, settings=None):
        self.nodes = [Node(directory / f"node-{index}", index, settings) for index in range(1, count + 1)]
        for node in self.nodes:
            node.voters = ",".join(f"{other.node_id}@127.0.0.1:{other.controller_port}" for other in self.nodes)

    @property
    def bootstrap(self):
        return ",".join(node.bootstrap for node in self.nodes)

    def node(self, node_id):
        return self.nodes[node_id - 1]

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
