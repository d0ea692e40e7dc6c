"""produce.py BOOTSTRAP COUNT"""

import sys

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

TOPIC = "greetings-python"


def create_topic(bootstrap):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    if TOPIC not in admin.list_topics(timeout=10).topics:
        admin.create_topics([NewTopic(TOPIC, 3, 1)])[TOPIC].result()


def delivered(failure, message):
    if failure:
        raise KafkaException(failure)


def main(bootstrap, count):
    create_topic(bootstrap)
    # What was acknowledged is there, once and in order.
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": "zstd"})
    for number in range(count):
        producer.produce(TOPIC, f"greeting {number}", f"guest-{number % 7}", on_delivery=delivered)
        producer.poll(0)
    producer.flush()
    print("produced", count)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
