"""Starting, stopping and starting again; what a broker costs while nothing happens; what its probes say."""

import subprocess
import time

import confluent_kafka
import pytest
from confluent_kafka.admin import AdminClient, ConfigResource

from harness import paths, records
from harness.broker import Milena
from harness.process import until


@pytest.fixture
def milena(make_broker):
    broker = make_broker()
    if not isinstance(broker, Milena):
        pytest.skip("only asked of Milena")
    broker.start()
    return broker


def test_everything_is_there_after_a_restart(make_broker):
    broker = make_broker()
    broker.start()
    records.create_topic(broker.bootstrap, "kept", 3, retention_ms=-1, segment_bytes=1 << 20)
    for partition in range(3):
        rows = ((partition, b"key", b"value-%d" % index, None, 1000 + index) for index in range(1000))
        records.produce(broker.bootstrap, "kept", rows, enable_idempotence=True)
    before = records.read_all(broker.bootstrap, "kept", 3)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 2})
    for _ in range(2):
        broker.restart()
        assert records.read_all(broker.bootstrap, "kept", 3) == before
        described = admin.describe_configs([ConfigResource("topic", "kept")])
        settings = next(iter(described.values())).result(30)
        assert (settings["retention.ms"].value, settings["segment.bytes"].value) == ("-1", str(1 << 20))


def test_an_idempotent_producer_goes_on_over_restarts(make_broker):
    broker = make_broker()
    broker.start()
    records.create_topic(broker.bootstrap, "onward")
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": broker.bootstrap,
            "enable.idempotence": True,
            "reconnect.backoff.max.ms": 100,
            "log_level": 2,
        }
    )
    failures = []
    for turn in range(3):
        for index in range(500):
            producer.produce(
                "onward",
                b"%d" % (turn * 500 + index),
                on_delivery=lambda error, _: failures.append(error) if error else None,
            )
        if turn < 2:
            producer.poll(0)
            broker.restart()
    assert producer.flush(60) == 0 and not failures
    assert [row[2] for row in records.read_all(broker.bootstrap, "onward")[0]] == [b"%d" % n for n in range(1500)]


def test_pods_have_one_file_in_common(make_broker):
    broker = make_broker({"node.id": "${ordinal:POD_NAME}", "controller.quorum.voters": ""}, kind=Milena)
    environment = broker.environment
    broker.environment = lambda: {**environment(), "POD_NAME": "demo-broker-12"}
    broker.start()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 2})
    assert list(admin.list_topics(timeout=5).brokers) == [12]


def test_alter_configs_replaces_all_configs_of_a_topic(both):
    """The old AlterConfigs, which Kafka's own clients no longer send."""

    def script(side):
        records.create_topic(side.bootstrap, "altered", 1, retention_ms=1000, flush_ms=5)
        admin = AdminClient({"bootstrap.servers": side.bootstrap, "log_level": 2})
        answers = []
        for changes in ({"segment.ms": "60000"}, {"no.such": "1"}, {"retention.ms": "soon"}):
            try:
                resource = ConfigResource("topic", "altered", set_config=changes)
                answers.append(admin.alter_configs([resource])[resource].result(30))
            except confluent_kafka.KafkaException as failure:
                answers.append([failure.args[0].name(), failure.args[0].str()])
        return answers, side.tool("kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", "altered")

    both.same(script)


def test_it_stops_within_a_second_while_clients_wait(milena):
    records.create_topic(milena.bootstrap, "waiting", 10)
    waiters = [
        subprocess.Popen(
            ["kcat", "-b", milena.bootstrap, "-C", "-t", "waiting", "-q", "-X", "fetch.wait.max.ms=30000"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(5)
    ]
    try:
        until(lambda: milena.process.descriptors() > 10, "the consumers are connected")
        status, seconds = milena.stop()
        assert status == 0 and seconds < 1
        assert (milena.data / ".kafka_cleanshutdown").exists()
    finally:
        for waiter in waiters:
            waiter.kill()
            waiter.wait()


def test_waiting_consumers_cost_no_cpu(milena):
    """Long polls wait; they don't spin."""
    records.create_topic(milena.bootstrap, "quiet", 20)
    waiters = [
        subprocess.Popen(
            ["kcat", "-b", milena.bootstrap, "-C", "-t", "quiet", "-q", "-X", "fetch.wait.max.ms=5000"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(10)
    ]
    try:
        files = milena.process.descriptors
        until(lambda: files() > 20, "the consumers are connected")
        before, begin = milena.process.cpu_s(), time.monotonic()
        time.sleep(2)  # The measurement itself, not a wait for something.
        share = (milena.process.cpu_s() - before) / (time.monotonic() - begin)
        assert share < 0.05
    finally:
        for waiter in waiters:
            waiter.kill()
            waiter.wait()


def test_the_probes_and_the_metrics_answer(milena):
    assert milena.http("/healthz")[0] == 200
    until(lambda: milena.http("/readyz")[0] == 200, "it is ready")
    status, text = milena.http("/metrics")
    assert status == 200 and text.count("# TYPE") > 10
    assert milena.http("/nowhere")[0] == 404


@pytest.mark.parametrize(
    "setting, words",
    [
        ("log.retention.houers=5", ["log.retention.houers", "log.retention.hours"]),
        ("log.segment.bytes=many", ["log.segment.bytes", "many"]),
        ("log.cleanup.policy=burn", ["log.cleanup.policy", "burn", "compact"]),
        ("num.partitions=0", ["num.partitions", "0"]),
    ],
)
def test_a_bad_setting_is_refused_with_what_is_allowed(run_directory, sides, setting, words):
    if not isinstance(sides[0].broker, Milena):
        pytest.skip("only asked of Milena")
    done = subprocess.run(
        [paths.MILENA, "broker", "--override", f"log.dirs={run_directory / 'refused'}", "--override", setting],
        capture_output=True,
        text=True,
        timeout=20,
        env=sides[0].broker.environment(),
    )
    assert done.returncode != 0
    assert all(word in done.stderr + done.stdout for word in words), done.stderr + done.stdout
    assert not (run_directory / "refused").exists()


def test_await_ends_when_the_file_has_content(tmp_path):
    file = tmp_path / "rack"
    waiting = subprocess.Popen([paths.MILENA, "await", file, "--seconds", "20"])
    file.write_text("a")
    assert waiting.wait(10) == 0
    none = subprocess.run([paths.MILENA, "await", tmp_path / "none", "--seconds", "0"], capture_output=True, text=True)
    assert (none.returncode, none.stderr) == (0, f"milena: {tmp_path / 'none'} is still empty after 0 s\n")
    assert subprocess.run([paths.MILENA, "await"], capture_output=True).returncode == 2
