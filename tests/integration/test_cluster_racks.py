"""Consumers read from the replica that is near them (KIP-392)."""

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import NewTopic

from harness.cluster import Cluster, admin, serving
from harness.process import until
from test_cluster_metrics import samples

LEADER, NEAR = 1, 3
RECORDS = 200
VALUE = b"x" * 1000


@pytest.fixture
def cluster(run_directory, request):
    made = Cluster(
        run_directory / request.node.name,
        settings={"replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector"},
    )
    for node in made.nodes:
        node.settings["broker.rack"] = f"rack-{node.node_id}"
    with serving(made):
        yield made


def produce(cluster, topic):
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})
    for _ in range(RECORDS):
        producer.produce(topic, VALUE, partition=0)
    assert producer.flush(30) == 0


def consume(consumer, count):
    got = 0

    def is_complete():
        nonlocal got
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            assert message.value() == VALUE
            got += 1
        return got == count

    until(is_complete, f"{count} records are consumed", 30, poll_s=0)


def fetched_bytes(node, topic):
    return samples(node, "milena_topic_fetched_bytes_total").get(f'topic="{topic}"', 0)


def test_consumer_reads_from_the_replica_in_its_rack_and_from_the_leader_without_it(cluster):
    topic = "near"
    client = admin(cluster.node(1))
    client.create_topics([NewTopic(topic, 1, replica_assignment=[[LEADER, 2, NEAR]])])[topic].result(20)
    produce(cluster, topic)
    consumer = Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": "near",
            "client.rack": f"rack-{NEAR}",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
        }
    )
    try:
        consumer.subscribe([topic])
        consume(consumer, RECORDS)
        assert fetched_bytes(cluster.node(NEAR), topic) >= RECORDS * len(VALUE)
        assert fetched_bytes(cluster.node(LEADER), topic) == fetched_bytes(cluster.node(2), topic) == 0

        cluster.node(NEAR).kill()
        produce(cluster, topic)
        consume(consumer, RECORDS)
        assert fetched_bytes(cluster.node(LEADER), topic) >= RECORDS * len(VALUE)
    finally:
        consumer.close()
