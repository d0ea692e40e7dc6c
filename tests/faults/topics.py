"""A topic that is deleted and made again by the same name while somebody writes to it."""

import threading

import confluent_kafka
from harness.load import stream
from harness.process import until
from lab import scenario

TOPIC = "made-again"
PARTITIONS = 3
TIMES = 4


class Counter(threading.Thread):
    """Writes ascending numbers to each partition, whatever becomes of them, and remembers which were acknowledged. A
    producer of its own for each incarnation would see nothing of the change: this one doesn't know of it."""

    def __init__(self, bootstrap):
        super().__init__(daemon=True)
        self.sent = [0] * PARTITIONS
        self.acknowledged = [[] for _ in range(PARTITIONS)]
        self.stopping = threading.Event()
        self.producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "max.in.flight": 1,
                "retries": 0,
                "linger.ms": 2,
                "message.timeout.ms": 2000,
                "topic.metadata.refresh.interval.ms": 200,
                "log_level": 2,
            }
        )

    def run(self):
        while not self.stopping.wait(0.002):
            for partition in range(PARTITIONS):
                number = self.sent[partition]
                try:
                    self.producer.produce(TOPIC, b"%d" % number, partition=partition, on_delivery=self._delivered)
                    self.sent[partition] += 1
                except (BufferError, confluent_kafka.KafkaException):
                    continue
            self.producer.poll(0)
        self.producer.flush(20)

    def _delivered(self, error, message):
        if not error:
            self.acknowledged[message.partition()].append((int(message.value()), message.offset()))

    def counts(self):
        return list(self.sent), [len(one) for one in self.acknowledged]

    def goes_on_from(self, numbers):
        return all(one and one[-1][0] > number for one, number in zip(self.acknowledged, numbers))


def are_led(lab):
    found = [lab.cluster.metadata(TOPIC, node) for node in lab.cluster.nodes]
    return all(len(one) == PARTITIONS and all(part.leader > 0 for part in one.values()) for one in found)


def is_gone(lab):
    return not any(lab.cluster.metadata(TOPIC, node) for node in lab.cluster.nodes)


@scenario(bound_s=3, settings={"auto.create.topics.enable": "false"})
def topic_is_deleted_and_made_again(lab):
    """Nothing of one incarnation is in the next, and what the last has acknowledged is in it, once and in order. In
    which order librdkafka sends what has waited for the topic to come back is its own affair."""
    lab.create(TOPIC, PARTITIONS)
    counter = Counter(lab.cluster.bootstrap)
    counter.start()
    for _ in range(TIMES):
        _, before = counter.counts()
        until(
            lambda before=before: all(now > count + 100 for now, count in zip(counter.counts()[1], before)),
            "numbers are acknowledged",
            30,
        )
        oldest = [numbers[-1][0] for numbers in counter.acknowledged]
        client = lab.admin()
        client.delete_topics([TOPIC])[TOPIC].result(20)
        until(lambda: is_gone(lab), "the topic is gone everywhere")
        lab.create(TOPIC, PARTITIONS)
        until(lambda: are_led(lab), "the topic is there everywhere")
        newest, _ = counter.counts()
    until(lambda: counter.goes_on_from(newest), "the last one is written to", 30)
    counter.stopping.set()
    counter.join(30)
    found = [[] for _ in range(PARTITIONS)]
    for partition, offset, content in stream(lab.cluster.bootstrap, TOPIC):
        lab.expect(offset == len(found[partition]), f"{partition}:{offset} comes after {len(found[partition])} records")
        found[partition].append(int(content))
    for partition, numbers in enumerate(found):
        lab.expect(len(numbers) == len(set(numbers)), f"numbers of partition {partition} are doubled")
        lab.expect(min(numbers) > oldest[partition], f"{min(numbers)} is of an incarnation that was deleted")
        later = [number for number in numbers if number > newest[partition]]
        lab.expect(later == sorted(later), f"numbers of partition {partition} are not in order")
        places = {number: offset for offset, number in enumerate(numbers)}
        must_be_there = [one for one in counter.acknowledged[partition] if one[0] > newest[partition]]
        lost = [one for one in must_be_there if places.get(one[0]) != one[1]]
        lab.expect(not lost, f"acknowledged and not there: {lost[:3]}")
    lab.outcome["numbers"] = sum(map(len, found))
