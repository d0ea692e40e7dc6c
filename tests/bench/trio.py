"""Three brokers of one kind behind the interface of one, so that a duel and its measurements take either."""

import contextlib
import time

from confluent_kafka.admin import AdminClient

from harness.cluster import Cluster, KafkaNode, Node
from harness.process import until

from duel import KafkaAsShipped


def metadata(node, topic=None):
    """What this node says of the cluster."""
    return AdminClient({"bootstrap.servers": node.bootstrap, "log_level": 2}).list_topics(topic, timeout=5)


class KafkaNodeAsShipped(KafkaNode):
    jvm = KafkaAsShipped.jvm


class MilenaNodeAsShipped(Node):
    def properties(self):
        return {**super().properties(), "milena.shards": 0}


class Trio(Cluster):
    name = ""
    node_kind = None

    def __init__(self, directory, settings=None):
        super().__init__(directory, 3, settings, self.node_kind)

    def start(self):
        super().start()
        until(lambda: all(len(metadata(node).brokers) == 3 for node in self.nodes), "all three know each other", 60)

    def log_tail(self, bytes_max=4000):
        return "\n".join(f"{node.name}: {node.log_tail(bytes_max // 3)}" for node in self.nodes)

    def start_again(self, node):
        """Seconds from its start until it serves clients as a broker of the cluster. It says so itself: for the others
        it may not have gone yet."""
        begin = time.monotonic()
        node.start(120)
        until(lambda: node.node_id in metadata(node).brokers, f"broker {node.node_id} is back", 120, 0.005)
        return time.monotonic() - begin


class KafkaTrio(Trio):
    name = "kafka-trio"
    node_kind = KafkaNodeAsShipped


class MilenaTrio(Trio):
    name = "milena-trio"
    node_kind = MilenaNodeAsShipped


@contextlib.contextmanager
def running(bench, kind, **settings):
    """One trio; what it said last is shown if the measurement breaks."""
    trio = bench.broker(kind, **settings)
    try:
        trio.start()
        yield trio
    except BaseException:
        print(f"{trio.name} said last:\n{trio.log_tail(6000)}")
        raise
    finally:
        trio.close()
