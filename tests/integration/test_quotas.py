"""Client quotas: how they are set and shown, and what becomes of a client that has one."""

import concurrent.futures
import re
import socket
import struct
import time

import pytest

from harness.broker import Milena
from harness.compare import Side
from harness.process import until


def configs(side, *arguments):
    done = side.tool("kafka-configs", *arguments)
    # Entities and the quotas of one come in the order of hash tables.
    out = sorted(" ".join(sorted(line.replace(",", "").split())) for line in done["out"].splitlines())
    return {**done, "out": out}


def test_kafka_configs_sets_shows_and_removes_quotas_as_in_kafka(both):
    user, client = ("--entity-type", "users"), ("--entity-type", "clients")
    rates = "producer_byte_rate=1024,consumer_byte_rate=2048,request_percentage=12.5,controller_mutation_rate=3"

    def script(side):
        steps = [
            configs(side, "--alter", "--add-config", rates, *user, "--entity-name", "alice"),
            configs(side, "--alter", "--add-config", "producer_byte_rate=5", *user, "--entity-default"),
            configs(side, "--alter", "--add-config", "request_percentage=200", *client, "--entity-name", "q-client"),
            configs(side, "--alter", "--add-config", "consumer_byte_rate=7", *client, "--entity-default"),
            configs(side, "--alter", "--add-config", "producer_byte_rate=9", *user, "--entity-name", "alice", *client,
                    "--entity-name", "q-client"),
            configs(side, "--alter", "--add-config", "producer_byte_rate=11", *user, "--entity-default", *client,
                    "--entity-default"),
            configs(side, "--alter", "--add-config", "connection_creation_rate=100", "--entity-type", "ips",
                    "--entity-name", "10.1.2.3"),
            configs(side, "--alter", "--add-config", "connection_creation_rate=2000", "--entity-type", "ips",
                    "--entity-default"),
            configs(side, "--describe", *user),
            configs(side, "--describe", *user, "--entity-name", "alice"),
            configs(side, "--describe", *user, "--entity-default"),
            configs(side, "--describe", *client),
            configs(side, "--describe", *client, "--entity-name", "q-client"),
            configs(side, "--describe", *user, *client),
            configs(side, "--describe", *user, "--entity-name", "alice", *client),
            configs(side, "--describe", "--entity-type", "ips"),
            configs(side, "--describe", "--entity-type", "ips", "--entity-name", "10.1.2.3"),
            configs(side, "--alter", "--delete-config", "request_percentage", *user, "--entity-name", "alice"),
            configs(side, "--describe", *user, "--entity-name", "alice"),
        ]  # fmt: skip
        for entity in (
            [*user, "--entity-name", "alice"],
            [*user, "--entity-default"],
            [*client, "--entity-name", "q-client"],
            [*client, "--entity-default"],
            [*user, "--entity-name", "alice", *client, "--entity-name", "q-client"],
            [*user, "--entity-default", *client, "--entity-default"],
        ):
            keys = "producer_byte_rate,consumer_byte_rate,controller_mutation_rate,request_percentage"
            shown = "".join(configs(side, "--describe", *entity)["out"])
            keys = ",".join(key for key in keys.split(",") if key in shown)
            steps.append(configs(side, "--alter", "--delete-config", keys, *entity))
        for entity in (["--entity-name", "10.1.2.3"], ["--entity-default"]):
            steps.append(configs(side, "--alter", "--delete-config", "connection_creation_rate", "--entity-type", "ips",
                                 *entity))  # fmt: skip
        steps.append(configs(side, "--describe", *user, *client))
        return steps

    steps = both.same(script)
    assert all(step["exit"] == 0 for step in steps)
    assert any("producer_byte_rate=1024.0" in line for line in steps[9]["out"]), steps[9]
    assert steps[-1]["out"] == []


def alter(ops, validate_only=False, version=1, **entity):
    """An entry for an entity; `none` stands for the default one."""
    parts = [
        {"entityType": name.replace("_", "-"), "entityName": None if value == "none" else value}
        for name, value in entity.items()
    ]
    ops = [{"key": key, "value": float(value or 0), "remove": value is None} for key, value in ops.items()]
    return {"api": "AlterClientQuotas", "version": version,
            "body": {"entries": [{"entity": parts, "ops": ops}], "validateOnly": validate_only}}  # fmt: skip


def describe(*components, strict=False, version=1):
    components = [{"entityType": entity, "matchType": how, "match": name} for entity, how, name in components]
    return {"api": "DescribeClientQuotas", "version": version, "body": {"components": components, "strict": strict}}


def in_order(answers):
    """Entries, their entities and values come in the order of hash tables."""
    if isinstance(answers, list):
        return sorted((in_order(each) for each in answers), key=str)
    return {key: in_order(value) for key, value in answers.items()} if isinstance(answers, dict) else answers


def test_requests_about_quotas_are_answered_as_by_kafka(both):
    rate = {"producer_byte_rate": 1000}
    set_up = [
        alter(rate, user="q-u"),
        alter(rate, user="q-u", client_id="q-c", version=0),
        alter(rate, client_id="none"),
        alter(rate, user="q-v", validate_only=True),
        alter({"producer_byte_rate": 1.5}, user="q-u"),
        alter({"producer_byte_rate": 0}, user="q-u"),
        alter({"producer_byte_rate": -1, "consumer_byte_rate": 1}, user="q-u"),
        alter({"producer_byte_rate": 1e19}, user="q-u"),
        alter({"request_percentage": 0.25}, user="q-u"),
        alter({"nonsense": 1}, user="q-u"),
        alter({"nonsense": None}, user="q-u"),
        alter({"connection_creation_rate": 1}, user="q-u"),
        alter({"connection_creation_rate": 3e9}, ip="10.9.9.9"),
        alter({"connection_creation_rate": 1.5}, ip="10.9.9.9"),
        alter({"connection_creation_rate": 10}, ip="10.9.9.9"),
        alter({"connection_creation_rate": 10}, ip="::1"),
        alter({"connection_creation_rate": 10}, ip="no.such.host.invalid"),
        alter(rate, ip="10.9.9.9"),
        alter(rate, ip="10.9.9.9", user="q-u"),
        alter(rate, user=""),
        alter(rate, group="q-g"),
        alter(rate),
        {"api": "AlterClientQuotas", "version": 1, "body": {"validateOnly": False, "entries": [
            {"entity": [{"entityType": "user", "entityName": "q-w"}],
             "ops": [{"key": "producer_byte_rate", "value": value, "remove": False}]} for value in (1.0, 2.0)]}},
        {"api": "AlterClientQuotas", "version": 1, "body": {"validateOnly": False, "entries": [
            {"entity": [{"entityType": "user", "entityName": "q-x"}, {"entityType": "client-id", "entityName": None}],
             "ops": [{"key": "producer_byte_rate", "value": value, "remove": False} for value in (1.0, 2.0)]}]}},
    ]  # fmt: skip
    asked = [
        describe(("user", 0, "q-u")),
        describe(("user", 0, "q-u"), strict=True),
        describe(("user", 0, "q-w")),
        describe(("user", 0, "q-u"), ("client-id", 2, None), version=0),
        describe(("client-id", 1, None)),
        describe(("ip", 2, None)),
        describe(strict=True),
        describe(("user", 0, None)),
        describe(("user", 1, "q-u")),
        describe(("user", 2, "q-u")),
        describe(("user", 7, None)),
        describe(("", 0, "q-u")),
        describe(("group", 0, "q-u")),
        describe(("user", 0, "q-u"), ("user", 1, None)),
        describe(("user", 0, "q-u"), ("ip", 1, None)),
    ]
    removals = [
        alter({"producer_byte_rate": None, "request_percentage": None}, user="q-u"),
        alter({"producer_byte_rate": None}, user="q-u", client_id="q-c"),
        alter({"producer_byte_rate": None}, client_id="none"),
        alter({"producer_byte_rate": None}, user="q-w"),
        alter({"connection_creation_rate": None}, ip="10.9.9.9"),
        alter({"connection_creation_rate": None}, ip="::1"),
    ]

    def script(side):
        def entries(question):
            return side.requests(question)[0]["value"]["entries"]

        # Kafka answers an alteration when its controller knows of it, a moment before its broker does.
        answers = side.requests(*set_up)
        until(lambda: entries(describe(("user", 0, "q-w"))), "the last one is there")
        answers += side.requests(*asked, *removals)
        until(lambda: not entries(describe()), "all are gone")
        return in_order_of_lines(answers)

    both.same(script)


def in_order_of_lines(answers):
    return [in_order(answer) for answer in answers]


QUOTA = 400_000
PAYLOAD = 1_000


@pytest.fixture(params=[1, 3])
def limited(make_broker, jvm, request):
    """A broker whose quotas have a window of three samples: 2 seconds' worth may be used at once."""
    broker = make_broker({"quota.window.num": 3, "milena.shards": request.param})
    if not isinstance(broker, Milena):
        pytest.skip("the rates of Kafka are its own matter")
    broker.start()
    side = Side(broker, jvm)
    assert side.tool("kafka-topics", "--create", "--topic", "limited", "--partitions", 6)["exit"] == 0
    return side


def set_quota(side, entity, name, **values):
    config = ",".join(f"{key}={value}" for key, value in values.items())
    name = ["--entity-name", name] if name else ["--entity-default"]
    done = side.tool("kafka-configs", "--alter", "--add-config", config, "--entity-type", entity, *name)
    assert done["exit"] == 0, done


def produce_s(side, client, count, *more):
    lines = b"".join(b"%0*d\n" % (PAYLOAD, index) for index in range(count))
    begin = time.monotonic()
    done = side.kcat("-P", "-t", "limited", "-X", f"client.id={client}", "-X", "batch.num.messages=50", "-X",
                     "linger.ms=5", *more, stdin=lines)  # fmt: skip
    assert done["exit"] == 0, done
    return time.monotonic() - begin


def consume_s(side, client, count):
    begin = time.monotonic()
    done = side.kcat("-C", "-t", "limited", "-o", "beginning", "-c", count, "-X", f"client.id={client}", "-X",
                     "fetch.message.max.bytes=50000", "-f", "%p %o\n")  # fmt: skip
    assert done["exit"] == 0 and len(done["out"].splitlines()) == count
    return time.monotonic() - begin


def throttled_s(side, quota):
    text = side.broker.http("/metrics")[1]
    return float(re.search(rf'milena_quota_throttle_seconds_total\{{quota="{quota}"\}} (\S+)', text)[1])


def test_a_client_gets_its_rate_and_others_are_not_held_up(limited):
    set_quota(limited, "clients", "slow", producer_byte_rate=QUOTA, consumer_byte_rate=QUOTA)
    count = 6 * QUOTA // PAYLOAD  # 6 seconds' worth, of which 2 may be used at once
    for use_s, quota in ((produce_s, "produce"), (consume_s, "fetch")):
        use_s(limited, "fast", count)
        assert throttled_s(limited, quota) == 0
        assert 2.5 < use_s(limited, "slow", count) < 15
        assert throttled_s(limited, quota) > 1
    # Without an acknowledgement there is no answer to tell of it, and the client is not read from all the same.
    before = throttled_s(limited, "produce")
    produce_s(limited, "slow", count, "-X", "acks=0")
    until(lambda: throttled_s(limited, "produce") > before, "it is throttled")


def test_connections_of_a_user_share_his_quota_wherever_they_are_served(limited):
    set_quota(limited, "users", "ANONYMOUS", producer_byte_rate=QUOTA)
    # 4 seconds' worth each: a quota for each of them would let them go after 2 seconds, one for all after 10.
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        times = list(pool.map(lambda n: produce_s(limited, f"one-of-{n}", 4 * QUOTA // PAYLOAD), range(3)))
    assert 5 < max(times) < 40


def test_quotas_survive_a_restart(limited):
    set_quota(limited, "clients", "slow", producer_byte_rate=QUOTA)
    asked = ("--describe", "--entity-type", "clients")
    before = configs(limited, *asked)
    limited.broker.restart()
    assert configs(limited, *asked) == before and before["out"]
    produce_s(limited, "slow", 6 * QUOTA // PAYLOAD)
    assert throttled_s(limited, "produce") > 1


def test_quotas_of_time_and_of_changes_to_the_cluster(limited):
    set_quota(limited, "clients", "busy", request_percentage=0.001)
    set_quota(limited, "users", None, controller_mutation_rate=1)
    produce_s(limited, "busy", 200)
    assert throttled_s(limited, "request") > 0.5
    create = {
        "api": "CreateTopics",
        "version": 7,
        "body": {"topics": [{"name": f"mutated-{n}", "numPartitions": 8, "replicationFactor": 1, "assignments": [],
                             "configs": []} for n in range(3)], "timeoutMs": 10_000, "validateOnly": False},
    }  # fmt: skip
    topics = limited.requests(create)[0]["value"]
    assert sorted(topic["errorCode"] for topic in topics["topics"]) == [0, 0, 89], topics
    assert topics["throttleTimeMs"] > 0 and throttled_s(limited, "controller_mutation") > 0
    # Who names a topic that isn't there makes it within the same quota.
    named = {"topics": [{"name": "made-by-name", "topicId": "A" * 22}], "allowAutoTopicCreation": True,
             "includeTopicAuthorizedOperations": False}  # fmt: skip
    (topic,) = limited.requests({"api": "Metadata", "version": 13, "body": named})[0]["value"]["topics"]
    assert topic["errorCode"] == 3, topic


def test_an_address_that_connects_too_fast_is_let_in_at_its_rate(limited):
    set_quota(limited, "ips", "127.0.0.1", connection_creation_rate=5)

    def answered():
        """Whether a new connection gets an answer, to a request for the versions."""
        with socket.create_connection(("127.0.0.1", limited.broker.port), timeout=10) as link:
            try:
                link.sendall(struct.pack(">ihhih", 10, 18, 0, 1, -1))
                return link.recv(4) != b""
            except ConnectionError:
                return False

    outcomes = [answered() for _ in range(20)]
    assert outcomes[0] and 0 < outcomes.count(False) <= 15
    until(answered, "it may come again")
    assert re.search(r"^milena_connections_throttled_total [1-9]", limited.broker.http("/metrics")[1], re.M)
