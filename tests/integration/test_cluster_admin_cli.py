"""`milena admin` against a cluster of three: what it answers, its exit status, and what it says to wrong uses."""

import re

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from harness.broker import Milena, free_port
from harness.cluster import Cluster
from harness.milena_admin import FAILED, NO, YES, milena_admin
from harness.process import until

class Asked:
    """What one node of the cluster is asked."""

    def __init__(self, node):
        self.node = node

    def __call__(self, *words):
        return milena_admin(*words, bootstrap=self.node.bootstrap)

    def status(self, *words):
        return self(*words).returncode


@pytest.fixture(scope="module")
def cluster(run_directory):
    made = Cluster(run_directory / "admin-cli")
    try:
        made.start()
        client = AdminClient({"bootstrap.servers": made.bootstrap, "log_level": 2})
        topics = [NewTopic("orders", 6, 3), NewTopic("solo", 1, replica_assignment=[[2]])]
        for future in client.create_topics(topics).values():
            future.result(20)
        yield made
    finally:
        made.close()


@pytest.fixture(params=[1, 2, 3])
def ask(cluster, request):
    """Each node in turn: any of them may be asked."""
    return Asked(cluster.node(request.param))


def settled(ask):
    for broker in (1, 2, 3):
        until(lambda broker=broker: ask.status("caught-up", broker) == YES, f"broker {broker} has caught up", 30)


def test_every_broker_has_caught_up_and_may_restart(ask):
    settled(ask)
    for broker in (1, 2, 3):
        answer = ask("caught-up", broker)
        assert re.fullmatch(rf"broker {broker} has caught up: it is active, .* its \d+ replicas\n", answer.stdout)
        answer = ask("can-restart", broker)
        assert answer.returncode == YES and answer.stdout.startswith(f"broker {broker} may restart\n")


def test_a_record_goes_in_and_out_and_the_topic_goes_too(ask):
    answer = ask("roundtrip")
    assert answer.returncode == YES, answer.stderr
    assert re.fullmatch(r"a record was produced and consumed after \d+ ms\n", answer.stdout)
    until(lambda: "milena-roundtrip" not in ask("topics").stdout, "the topic gone")


def test_without_a_broker_there_is_no_roundtrip():
    answer = milena_admin("roundtrip", bootstrap=f"127.0.0.1:{free_port()}")
    assert answer.returncode == FAILED and "no broker answers" in answer.stderr


def test_partition_without_a_second_replica_is_told_and_does_not_block(ask):
    settled(ask)
    assert ask("can-restart", 2).stdout == (
        "broker 2 may restart\nwhenever it restarts, for want of replicas:\n  solo-0 would go offline\n"
    )


def test_health_shows_all_brokers_and_the_controller(ask, cluster):
    settled(ask)
    answer = ask("health")
    assert answer.returncode == YES
    rows = [line.split() for line in answer.stdout.splitlines()]
    assert [row[:3] for row in rows[1:]] == [[str(number), "active", "active"] for number in (1, 2, 3)]
    led_by = [row[0] for row in rows if row[-2:] == ["active", "controller"]]
    assert led_by == [str(cluster.controller().node_id)]
    addresses = [f"{node.host}:{node.replication_port}" for node in cluster.nodes]
    assert [next(word for word in row if ":" in word).rstrip(",") for row in rows[1:]] == addresses


def test_features_and_settings_are_described(ask):
    answer = ask("features")
    assert re.search(r"^metadata.version +30 +7 +30$", answer.stdout, re.M)
    assert re.search(r"^eligible.leader.replicas.version +1 +0 +1$", answer.stdout, re.M)
    schema = ask("config-schema").stdout
    assert re.search(r"^broker +node.id +immutable +int ", schema, re.M)
    assert re.search(r"^broker +milena.shards +restart +int +0$", schema, re.M)
    assert re.search(r"^broker +log.retention.ms +live +long +none$", schema, re.M)
    assert re.search(r"^topic +min.insync.replicas +live +int +1$", schema, re.M)
    assert len(ask("config-schema", "insync").stdout.splitlines()) == 3


def test_cordoned_broker_says_so_to_everybody(ask):
    settled(ask)
    assert ask("cordon", 2).stdout == "broker 2 is cordoned: it gets no new replicas\n"
    assert ask("cordon", 2).returncode == YES, "it may be repeated"
    assert re.search(r"^2 +active +active +cordoned ", ask("health").stdout, re.M)
    assert ask("uncordon", 2).stdout == "broker 2 is open: it may get replicas again\n"
    assert ask("uncordon", 2).returncode == YES
    assert re.search(r"^2 +active +active +open ", ask("health").stdout, re.M)


def test_drain_status_of_a_broker_that_is_not_drained_says_what_it_would_take(ask):
    settled(ask)
    answer = ask("drain-status", 3)
    assert answer.returncode == NO and answer.stdout.startswith("broker 3 is open: 6 replicas left, 0 of them moving")
    assert answer.stdout.count("no other broker can take it: 3 replicas need as many brokers") == 6


def test_what_a_client_sees_is_told_over_kafka_s_protocol(ask):
    answer = ask("status")
    assert answer.returncode == YES and "partitions  7, 0 without a leader" in answer.stdout
    assert re.search(r"^orders +6 partitions  3 replicas", ask("topics").stdout, re.M)


def test_broker_that_is_down_blocks_the_others_until_it_is_back(cluster):
    ask = Asked(cluster.node(1))
    settled(ask)
    down = cluster.node(3)
    down.kill()
    until(lambda: ask.status("can-restart", 2) == NO, "the others are needed", 20)
    answer = ask("can-restart", 2)
    assert answer.stdout.startswith("broker 2 may not restart now\n")
    assert re.search(r"^  orders-\d would fall below min.insync.replicas$", answer.stdout, re.M)
    quorum = "of the 3 voters of the metadata quorum 1 other(s) keep up, and 2 are needed"
    until(lambda: quorum in ask("can-restart", 2).stdout, "the quorum has missed the voter", 10)
    assert ask.status("can-restart", 3) == YES, "it is down anyway"
    answer = ask("caught-up", 3)
    assert answer.returncode == NO and answer.stdout.startswith("broker 3 is fenced, and at ")
    assert re.search(r"^3 +fenced +no answer", ask("health").stdout, re.M) and ask.status("health") == NO
    down.start()
    settled(ask)
    until(lambda: ask.status("can-restart", 2) == YES, "the others may go again", 20)


WRONG = [
    ([], "what is to be done?"),
    (["frobnicate"], '"frobnicate" is no verb of milena admin'),
    (["can-restart"], "can-restart needs the id of a broker"),
    (["can-restart", "two"], '"two" is no id of a broker'),
    (["can-restart", "-1"], 'unknown option "-1"'),
    (["can-restart", "99999999999"], '"99999999999" is no id of a broker'),
    (["can-restart", "2", "3"], '"3" makes no sense after can-restart'),
    (["status", "2"], '"2" makes no sense after status'),
    (["caught-up", "7"], "no broker 7 is registered; those of this cluster are 1, 2, 3"),
    (["can-restart", "7"], "no broker 7 is registered; those of this cluster are 1, 2, 3"),
    (["drain"], "drain needs the id of a broker"),
    (["cordon", "7"], "no broker 7 is registered; those of this cluster are 1, 2, 3"),
    (["uncordon", "7"], "no broker 7 is registered; those of this cluster are 1, 2, 3"),
    (["drain", "7"], "no broker 7 is registered; those of this cluster are 1, 2, 3"),
    (["undrain", "7"], "no broker 7 is registered; those of this cluster are 1, 2, 3"),
    (["drain-status", "7"], "no broker 7 is registered; those of this cluster are 1, 2, 3"),
    (["rebalance", "2"], '"2" makes no sense after rebalance'),
    (["drain", "--dry-run"], 'unknown option "--dry-run"'),
    (["--wrong", "status"], 'unknown option "--wrong"'),
    (["status", "--bootstrap"], "--bootstrap needs host:port"),
]


@pytest.mark.parametrize("words, refusal", WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_wrong_use_says_what_is_wrong(ask, words, refusal):
    answer = ask(*words)
    assert answer.returncode == FAILED and answer.stdout == ""
    assert answer.stderr.startswith(f"milena admin: {refusal}")


@pytest.mark.parametrize("verb", [["status"], ["health"], ["can-restart", "1"]], ids=" ".join)
def test_host_that_cannot_be_reached_is_named(verb):
    nobody = f"127.0.0.1:{free_port()}"
    for option, refusal in (("--bootstrap", f"{nobody}: no broker answers"), ("--grpc", f"{nobody}: no node answers")):
        if option == "--grpc" and verb == ["status"]:
            continue
        answer = milena_admin(*verb, option, nobody, bootstrap=None if option == "--bootstrap" else "127.0.0.1:1")
        assert answer.returncode == FAILED and answer.stderr == f"milena admin: {refusal}\n"
    assert "is not host:port" in milena_admin(*verb, bootstrap="nowhere").stderr


def test_second_address_counts_where_the_first_is_nobodys(cluster):
    answer = milena_admin("can-restart", 1, bootstrap=f"127.0.0.1:{free_port()},{cluster.node(1).bootstrap}")
    assert answer.returncode == YES


class Alone(Milena):
    """As `milena broker` is without any setting: with no listener but that for clients."""

    def properties(self):
        return {"listeners": f"PLAINTEXT://{self.bootstrap}", "log.dirs": str(self.data)}


def test_broker_alone_answers_and_without_a_listener_for_grpc_says_what_to_set(make_broker):
    broker = make_broker()
    broker.start()
    answer = milena_admin("health", bootstrap=broker.bootstrap)
    assert re.search(rf"^1 +active +active .*{broker.controller_port}, active controller$", answer.stdout, re.M)
    assert milena_admin("can-restart", 1, bootstrap=broker.bootstrap).returncode == YES
    alone = make_broker(kind=Alone)
    alone.start()
    assert milena_admin("status", bootstrap=alone.bootstrap).returncode == YES
    answer = milena_admin("health", bootstrap=alone.bootstrap)
    assert answer.returncode == FAILED and "set controller.listener.names" in answer.stderr
