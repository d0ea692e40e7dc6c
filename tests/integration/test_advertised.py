"""advertised.listeners of a broker that runs: clients and brokers are sent to another address, and nothing else
happens. Real Kafka has had this only as long as it had ZooKeeper."""

import re

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from harness.broker import Milena, free_port
from harness.cluster import Cluster, admin, serving
from harness.compare import Side, request
from harness.process import until
from harness.relay import Relay
from test_cluster_metrics import samples

NAME = "advertised.listeners"
EVERYBODY = "localhost"  # another name of 127.0.0.1, so that whoever goes there arrives


def alter(node, value, broker=1, **options):
    """None deletes it."""
    operation = AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET
    entry = ConfigEntry(NAME, value, incremental_operation=operation)
    resource = ConfigResource(ResourceType.BROKER, str(broker), incremental_configs=[entry])
    client = admin(node)
    return client.incremental_alter_configs([resource], **options)[resource].result(30)


def refusal(node, value, **options):
    with pytest.raises(KafkaException) as refused:
        alter(node, value, **options)
    return refused.value.args[0].name(), refused.value.args[0].str()


def addresses(node):
    """What Metadata says of all brokers."""
    return {number: (one.host, one.port) for number, one in admin(node).list_topics(timeout=5).brokers.items()}


def shown_by(broker):
    """(value, source) of the setting."""
    resource = ConfigResource(ResourceType.BROKER, "1")
    client = admin(broker)
    entry = client.describe_configs([resource])[resource].result(30)[NAME]
    return entry.value, entry.source


def registrations(broker):
    return re.findall(r"broker registered: broker_epoch=(\d+)", broker.log_tail(1 << 30))


@pytest.fixture
def milena(make_broker):
    broker = make_broker(kind=Milena)
    broker.start()
    return broker


def test_running_clients_are_told_and_their_connections_and_leaders_stay(milena):
    settings = {"bootstrap.servers": milena.bootstrap, "group.id": "g", "auto.offset.reset": "earliest"}
    client, producer, consumer = admin(milena), Producer({"bootstrap.servers": milena.bootstrap}), Consumer(settings)
    client.create_topics([NewTopic("t", 1, 1)])["t"].result(30)
    consumer.subscribe(["t"])

    def passes(value):
        producer.produce("t", value)
        assert producer.flush(30) == 0
        got = until(lambda: consumer.poll(1), "the record is there", 30)
        assert got.value() == value and got.error() is None
        return got.leader_epoch()

    epoch = passes(b"before")
    alter(milena, f"PLAINTEXT://{EVERYBODY}:{milena.port}")
    moved = (EVERYBODY, milena.port)
    until(lambda: addresses(milena) == {1: moved}, "metadata has the new address")
    assert {one.host for one in client.list_topics(timeout=5).brokers.values()} == {EVERYBODY}
    described = client.describe_cluster().result(30)
    assert {(one.host, one.port) for one in (described.controller, *described.nodes)} == {moved}
    other = admin(milena)  # the coordinator of one that has asked before has the address that it had then
    group = other.describe_consumer_groups(["g"])["g"].result(30)
    assert (group.coordinator.host, group.coordinator.port) == moved
    assert passes(b"after") == epoch
    assert set(samples(milena, "milena_leader_elections_total").values()) == {0}
    assert registrations(milena) == re.findall(r"registered elsewhere: broker_epoch=(\d+)", milena.log_tail(1 << 30))
    consumer.close()


def test_value_survives_a_restart_and_without_it_the_file_holds_again(milena):
    of_file = f"PLAINTEXT://{milena.bootstrap}"
    assert shown_by(milena) == (of_file, 4)
    alter(milena, f"PLAINTEXT://{EVERYBODY}:{milena.port}")
    for _ in range(2):
        until(lambda: addresses(milena) == {1: (EVERYBODY, milena.port)}, "metadata has the new address")
        assert shown_by(milena) == (f"PLAINTEXT://{EVERYBODY}:{milena.port}", 2)
        milena.restart()
    alter(milena, None)
    until(lambda: addresses(milena) == {1: (milena.host, milena.port)}, "metadata has the address of the file")
    assert shown_by(milena) == (of_file, 4)


def test_what_cannot_be_an_address_of_this_broker_is_refused_and_changes_nothing(milena):
    nowhere = "is nowhere to connect to; give a host and a port that clients can reach"
    malformed = "isn't of the form name://host:port"
    for value, why in {
        f"PLAINTEXT://0.0.0.0:{milena.port}": nowhere,
        "PLAINTEXT://:9092": nowhere,
        "PLAINTEXT://host:0": nowhere,
        "host:9092": malformed,
        "PLAINTEXT://host": malformed,
        "PLAINTEXT://host:65536": malformed,
        "PLAINTEXT://${env:HOST}:9092": malformed,
    }.items():
        assert refusal(milena, value) == ("INVALID_REQUEST", f'{NAME}: "{value}" {why}')
    assert refusal(milena, "PLAINTEXT://a:1,INTERNAL://a:2") == (
        "INVALID_REQUEST",
        f"{NAME}: INTERNAL isn't one of the listeners of broker 1, which are CONTROLLER,PLAINTEXT",
    )
    assert refusal(milena, "PLAINTEXT://a:1,plaintext://b:2")[0] == "INVALID_REQUEST"
    alter(milena, "PLAINTEXT://elsewhere:1", validate_only=True)
    assert addresses(milena) == {1: (milena.host, milena.port)}
    assert shown_by(milena)[1] == 4


def test_kafkas_tools_set_it_and_read_what_is_in_the_log(milena, jvm):
    side = Side(milena, jvm)
    on = ("--alter", "--entity-type", "brokers", "--entity-name", "1")
    done = side.tool("kafka-configs", *on, "--add-config", f"{NAME}=[PLAINTEXT://{EVERYBODY}:{milena.port}]")
    assert done["exit"] == 0, done
    until(lambda: addresses(milena) == {1: (EVERYBODY, milena.port)}, "metadata has the new address")
    done = side.tool("kafka-configs", *on, "--delete-config", NAME)
    assert done["exit"] == 0, done
    until(lambda: addresses(milena) == {1: (milena.host, milena.port)}, "metadata has the address of the file")
    milena.stop()
    log = milena.data / "__cluster_metadata-0" / "00000000000000000000.log"
    lines = jvm.run("kafka-dump-log", "--cluster-metadata-decoder", "--files", log)["out"].splitlines()
    found = [line for line in lines if '"REGISTER_BROKER_RECORD"' in line]
    assert [re.search(r'"host":"([^"]*)"', line)[1] for line in found] == [milena.host, EVERYBODY, milena.host]
    assert len({re.search(r'"brokerEpoch":(\d+)', line)[1] for line in found}) == 1
    assert len({re.search(r'"incarnationId":"([^"]*)"', line)[1] for line in found}) == 1
    assert sum('"UNFENCE_BROKER_RECORD"' in line or '"PARTITION_CHANGE_RECORD"' in line for line in lines) == 0


def test_quorum_is_told_where_the_controller_is(make_broker, jvm):
    broker = make_broker({"controller.quorum.voters": ""}, kind=Milena)
    broker.start()
    alter(broker, f"CONTROLLER://{EVERYBODY}:{broker.controller_port}")

    def told():
        answer = Side(broker, jvm).requests(
            request("DescribeQuorum", 2, {"topics": [{"topicName": "__cluster_metadata",
                                                      "partitions": [{"partitionIndex": 0}]}]})  # fmt: skip
        )[0]
        return [(one["name"], one["host"]) for node in answer["value"]["nodes"] for one in node["listeners"]]

    until(lambda: told() == [("CONTROLLER", EVERYBODY)], "the voter is at the new address", 30)
    assert addresses(broker) == {1: (broker.host, broker.port)}


@pytest.fixture
def relayed(run_directory, request):
    """A cluster that reaches node 2 for copies through a relay; (cluster, relay)."""
    made = Cluster(run_directory / request.node.name)
    node = made.node(2)
    at = free_port()
    node.settings[NAME] = f"PLAINTEXT://{node.bootstrap},REPLICATION://{node.host}:{at}"
    relay = Relay(node.replication_port)
    relay.listen(at)
    with serving(made):
        yield made, relay


def test_all_brokers_send_clients_to_the_new_addresses(cluster):
    topics = [NewTopic("t", 3, replica_assignment=[[1, 2, 3], [2, 3, 1], [3, 1, 2]])]
    client = admin(cluster.node(1))
    client.create_topics(topics)["t"].result(30)
    for node in cluster.nodes:
        alter(node, f"PLAINTEXT://{EVERYBODY}:{node.port}", broker=node.node_id)
    moved = {node.node_id: (EVERYBODY, node.port) for node in cluster.nodes}
    for node in cluster.nodes:
        until(lambda node=node: addresses(node) == moved, f"node {node.node_id} tells of all new addresses")
        assert len(registrations(node)) == 1
        assert set(samples(node, "milena_leader_elections_total").values()) <= {0}
    leaders = client.list_topics("t", timeout=5).topics["t"].partitions
    assert {index: one.leader for index, one in leaders.items()} == {0: 1, 1: 2, 2: 3}


def in_sync(cluster):
    return sorted(admin(cluster.node(1)).list_topics("t", timeout=5).topics["t"].partitions[0].isrs)


def test_replicas_are_copied_from_the_new_address_when_the_old_one_is_gone(relayed):
    cluster, old = relayed
    leader = cluster.node(2)
    client = admin(leader)
    client.create_topics([NewTopic("t", 1, replica_assignment=[[2, 1, 3]])])["t"].result(30)
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})

    def produces():
        producer.produce("t", b"x")
        return producer.flush(30) == 0

    assert produces() and old.connections > 0
    at = free_port()
    new = Relay(leader.replication_port)
    new.listen(at)
    alter(leader, f"REPLICATION://{leader.host}:{at}", broker=2)
    line = f"registered elsewhere: broker_epoch={registrations(leader)[0]}"
    until(lambda: line in leader.log_tail(1 << 30), "the leader is registered elsewhere")
    assert produces() and new.connections == 0, "open connections stay"
    old.close()
    until(lambda: new.connections > 0, "the followers come to the new address")
    assert produces()
    until(lambda: in_sync(cluster) == [1, 2, 3], "all are in sync")
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "g"})
    assert consumer.get_watermark_offsets(TopicPartition("t", 0), timeout=10) == (0, 3)
    consumer.close()
    assert len(registrations(leader)) == 1
