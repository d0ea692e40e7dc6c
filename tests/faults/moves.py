"""Replicas that move while brokers die."""

import confluent_kafka
from harness.process import until
from lab import PARTITIONS, TOPIC, scenario

HEAVY = "heavy"
RECORDS, RECORD_BYTES = 1500, 100_000


@scenario(bound_s=20)
def replicas_are_copied_while_brokers_are_killed(lab):
    """Three times each partition, also those of a topic that takes a while to copy, gives up a replica and gets one
    again, in another order; while those are copied a broker is killed. Where two replicas are left and one of them
    dies, records wait for the third one's copy."""
    everywhere = [node.node_id for node in lab.cluster.nodes]
    lab.create(HEAVY, PARTITIONS)
    fill(lab.cluster.bootstrap)
    for _ in range(3):
        fewer = {topic: two_of_each(lab, topic, everywhere) for topic in (TOPIC, HEAVY)}
        for topic, wanted in fewer.items():
            lab.place(topic, wanted)
        until(lambda fewer=fewer: are_placed(lab, fewer), "two replicas of each are left", 30)
        for topic in (HEAVY, TOPIC):
            lab.place(topic, {index: lab.random.sample(everywhere, 3) for index in range(PARTITIONS)})
        lab.runs_for(lab.random.uniform(0, 0.5))
        lab.outcome.setdefault("copied_before", []).append(lab.cluster.are_in_sync(HEAVY))
        victim = lab.random.choice(lab.cluster.nodes)
        victim.kill()
        lab.resumes()
        lab.restart(victim)
        until(lambda: lab.cluster.are_in_sync(HEAVY), "all is copied", 60)


def fill(bootstrap):
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "acks": "all", "log_level": 2})
    for index in range(RECORDS):
        producer.produce(HEAVY, bytes(RECORD_BYTES), partition=index % PARTITIONS)
        producer.poll(0)
        if index % 200 == 0:
            producer.flush(60)
    assert producer.flush(60) == 0


def two_of_each(lab, topic, everywhere):
    """Its leader, and one more."""
    leaders = {index: one.leader for index, one in lab.cluster.metadata(topic).items()}
    return {
        index: [leader, lab.random.choice([one for one in everywhere if one != leader])]
        for index, leader in leaders.items()
    }


def are_placed(lab, wanted):
    return all(
        sorted(one.replicas) == sorted(wanted[topic][index]) == sorted(one.isr)
        for topic in wanted
        for node in lab.cluster.nodes
        for index, one in lab.cluster.metadata(topic, node).items()
    )
