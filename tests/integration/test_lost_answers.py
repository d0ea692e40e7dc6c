"""Answers that never arrive: what was appended is sent again, and is there once."""

import pytest
from confluent_kafka import Producer

from harness import records
from harness.broker import free_port
from harness.process import until
from harness.proxy import LossyProxy

PARTITIONS = 3


@pytest.fixture
def behind_proxy(make_broker):
    """behind_proxy(every, cuts): a broker that clients reach through a proxy only, and the proxy."""
    proxies = []

    def make(every, cuts):
        port = free_port()
        broker = make_broker({"advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"})
        broker.start()
        proxies.append(LossyProxy(broker.port, every, cuts))
        proxies[-1].listen(port)
        return broker, proxies[-1], f"127.0.0.1:{port}"

    yield make
    for proxy in proxies:
        proxy.close()


def assert_each_once(bootstrap, topic, count, partitions):
    """Record n is in partition n % partitions, in order, once."""
    rows = records.read_all(bootstrap, topic, partitions)
    for partition in range(partitions):
        values = [int(value) for _, _, value, _, _ in rows[partition]]
        assert values == list(range(partition, count, partitions))


def test_a_thousand_lost_answers_leave_no_duplicate_no_gap_and_no_sequence_error(behind_proxy):
    cuts = 1000
    _, proxy, bootstrap = behind_proxy(2, cuts)
    records.create_topic(bootstrap, "lossy", PARTITIONS)
    failures, fatal = [], []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "enable.gapless.guarantee": True,  # an error of sequence is fatal
            "linger.ms": 0,
            "batch.num.messages": 5,
            "retry.backoff.ms": 1,
            "reconnect.backoff.ms": 0,
            "reconnect.backoff.max.ms": 1,
            "socket.nagle.disable": True,
            "error_cb": lambda error: fatal.append(error) if error.fatal() else None,
            "log_level": 0,
        }
    )
    count = 0

    def more():
        nonlocal count
        for _ in range(30):
            producer.produce("lossy", str(count), partition=count % PARTITIONS,
                             on_delivery=lambda error, _: failures.append(error) if error else None)  # fmt: skip
            count += 1
        producer.poll(0)
        while len(producer) > 300:
            producer.poll(0.01)
        return proxy.cuts >= cuts

    until(more, f"{cuts} answers are lost", 120, poll_s=0)
    assert producer.flush(60) == 0
    assert not failures and not fatal
    assert proxy.cuts == cuts
    assert_each_once(bootstrap, "lossy", count, PARTITIONS)


def test_kafkas_own_producer_sends_again_what_it_got_no_answer_to(behind_proxy, jvm):
    cuts, count = 50, 3000
    _, proxy, bootstrap = behind_proxy(3, cuts)
    records.create_topic(bootstrap, "lossy-java", 1)
    settings = {"batch.size": 64, "linger.ms": 0, "reconnect.backoff.ms": 1, "reconnect.backoff.max.ms": 5,
                "retry.backoff.ms": 1, "retries": 1000, "acks": "all"}  # fmt: skip
    options = [word for item in settings.items() for word in ("--command-property", "=".join(map(str, item)))]
    done = jvm.run("kafka-console-producer", "--bootstrap-server", bootstrap, "--topic", "lossy-java", *options,
                   stdin="".join(f"{number}\n" for number in range(count)))  # fmt: skip
    assert done["exit"] == 0 and "ERROR" not in done["err"] + done["out"], done
    assert proxy.cuts == cuts
    assert_each_once(bootstrap, "lossy-java", count, 1)
