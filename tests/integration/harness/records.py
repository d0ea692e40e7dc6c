"""Writing records through librdkafka as its Python package brings it (newer than kcat's), and reading them back."""

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from harness import tools
from harness.process import until


def create_topic(bootstrap, name, partitions=1, **configs):
    """Configs are given with _ for the dots of their names; returns when every partition has a leader."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    settings = {key.replace("_", "."): str(value) for key, value in configs.items()}
    admin.create_topics([NewTopic(name, partitions, 1, config=settings)])[name].result(30)

    def has_leaders():
        found = admin.list_topics(name, timeout=5).topics[name].partitions
        return len(found) == partitions and all(one.leader >= 0 for one in found.values())

    until(has_leaders, f"{name} has leaders", 30)


def produce(bootstrap, topic, rows, **settings):
    """rows: (partition, key, value, headers, time in ms). Raises unless every record is acknowledged."""
    failures = []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 5,
            **{key.replace("_", "."): value for key, value in settings.items()},
        }
    )
    for partition, key, value, headers, time_ms in rows:
        while True:
            try:
                producer.produce(
                    topic,
                    value,
                    key,
                    partition,
                    timestamp=time_ms,
                    headers=headers,
                    on_delivery=lambda error, _: failures.append(error) if error else None,
                )
                break
            except BufferError:
                producer.poll(0.1)
    left = producer.flush(60)
    if left or failures:
        raise KafkaException(failures[0] if failures else KafkaError(KafkaError._MSG_TIMED_OUT))


def read_all(bootstrap, topic, partitions=1, deadline_s=60.0):
    """{partition: [(offset, key, value, headers, time in ms)]}, from the log start to the high watermark.

    Read with kcat, whose simple consumer needs no group coordinator. Keys, values and headers must be plain text."""
    done = tools.kcat(
        "-b",
        bootstrap,
        "-C",
        "-t",
        topic,
        "-o",
        "beginning",
        "-e",
        "-q",
        "-X",
        "check.crcs=true",
        "-X",
        "fetch.wait.max.ms=20",
        "-f",
        "%p\t%o\t%T\t%h\t%k\t%s\n",
        deadline_s=deadline_s,
    )
    assert done["exit"] == 0, (topic, done["err"])
    rows = {index: [] for index in range(partitions)}
    for line in done["out"].split(b"\n")[:-1]:
        partition, offset, time_ms, headers, key, value = line.split(b"\t", 5)
        rows[int(partition)].append((int(offset), key, value, headers, int(time_ms)))
    return rows
