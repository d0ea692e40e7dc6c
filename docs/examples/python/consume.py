"""consume.py BOOTSTRAP COUNT"""

import sys

from confluent_kafka import Consumer, KafkaException

TOPIC = "greetings-python"


def main(bootstrap, count):
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "greetings-python",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([TOPIC])
    try:
        for _ in range(count):
            message = None
            while message is None:
                message = consumer.poll(1.0)
            if message.error():
                raise KafkaException(message.error())
            print(f"{message.key().decode()}: {message.value().decode()}")
            # Committed when the work is done: a crash repeats some of it, and skips nothing.
            consumer.commit(message)
    finally:
        consumer.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
