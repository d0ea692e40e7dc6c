"""Levels of loggers: other names than Kafka's, the same rules."""

import json

from harness.compare import Side, request

BROKER_LOGGER = 8
SET, DELETE, APPEND, SUBTRACT = range(4)
NAMES = {
    "milena": ("milena.server", "milena.raft"),
    "kafka": ("kafka.server.KafkaApis", "kafka.server.ControllerServer"),
}


def alter(broker, *changes, validate_only=False, version=1):
    rows = [{"name": name, "configOperation": operation, "value": value} for name, operation, value in changes]
    resources = [{"resourceType": BROKER_LOGGER, "resourceName": broker, "configs": rows}]
    return request("IncrementalAlterConfigs", version, {"resources": resources, "validateOnly": validate_only})


def describe(*brokers, keys=None, version=4):
    rows = [
        {"resourceType": BROKER_LOGGER, "resourceName": broker, "configurationKeys": keys if keys else None}
        for broker in brokers
    ]
    body = {"resources": rows, "includeSynonyms": True}
    if version >= 3:
        body["includeDocumentation"] = True
    return request("DescribeConfigs", version, body)


def under_one_name(side, answer):
    text = json.dumps(answer)
    for number, name in enumerate(NAMES[side.broker.name]):
        text = text.replace(name, f"LOGGER{number}")
    answer = json.loads(text)
    for step in answer:
        for result in step["value"].get("results", []):
            result["configs"].sort(key=lambda config: config["name"])
    return answer


def test_levels_are_changed_checked_and_described_alike(both):
    def script(side):
        logger, other = NAMES[side.broker.name]
        lines = [
            alter("1", ("nothing", SET, "DEBUG")),
            alter("1", ("nothing", DELETE, None)),
            alter("1", ("", SET, "DEBUG")),
            *(alter("1", (logger, SET, level)) for level in ("debug", "OFF", "", "ALL", None)),
            alter("1", (logger, APPEND, "DEBUG")),
            alter("1", (logger, SUBTRACT, "DEBUG")),
            alter("1", (logger, 9, "DEBUG")),
            alter("1", ("root", DELETE, None)),
            *(alter(broker, (logger, SET, "DEBUG")) for broker in ("2", "", "x")),
            alter("1", (logger, SET, "DEBUG"), (logger, SET, "INFO")),
            alter("1"),
            alter("1", (logger, SET, "FATAL"), ("nothing", SET, "DEBUG")),
            describe("1", keys=[logger, other, "root", "nothing"]),
            alter("1", (logger, SET, "FATAL"), validate_only=True),
            describe("1", keys=[logger]),
            alter("1", (logger, SET, "ERROR"), (other, SET, "TRACE"), version=0),
            describe("1", keys=[logger, other, "root"]),
            describe("1", keys=[logger, other, "root"], version=1),
            alter("1", ("root", SET, "WARN"), (other, DELETE, None)),
            describe("1", keys=[logger, other, "root"]),
            alter("1", ("root", SET, "INFO"), (logger, DELETE, "whatever")),
            describe("1", keys=[logger, other, "root"]),
            describe("", "2", "x"),
            request(
                "AlterConfigs",
                2,
                {
                    "resources": [
                        {"resourceType": kind, "resourceName": "1", "configs": [{"name": logger, "value": "DEBUG"}]}
                        for kind in (BROKER_LOGGER, 77)
                    ],
                    "validateOnly": False,
                },
            ),
        ]
        return under_one_name(side, side.requests(*lines))

    both.same(script)


def test_the_tool_changes_levels(both):
    def script(side):
        logger, _ = NAMES[side.broker.name]

        def configs(*arguments):
            told = side.tool("kafka-configs", "--entity-type", "broker-loggers", *arguments)
            kept = (logger + "=", "root=", "Dynamic configs", "Completed")
            lines = [line for line in told["out"].splitlines() if any(words in line for words in kept)]
            return [line.replace(logger, "LOGGER") for line in lines], told["err"], told["exit"]

        one = ("--entity-name", "1")
        return [
            configs(*one, "--alter", "--add-config", f"{logger}=DEBUG"),
            configs(*one, "--describe"),
            configs(*one, "--alter", "--delete-config", logger),
            configs(*one, "--describe"),
            configs(*one, "--alter", "--add-config", "nothing=DEBUG"),
            configs("--describe"),
        ]

    both.same(script)


def test_a_level_takes_effect_at_once(make_broker, jvm):
    broker = make_broker()
    broker.start()
    side = Side(broker, jvm)

    def shown(marker):
        side.requests(request("ListGroups", 5, {"statesFilter": [], "typesFilter": []}, client=marker))
        return marker in broker.log_tail(1 << 20)

    assert not shown("before")
    assert side.requests(alter("1", ("milena.server", SET, "DEBUG")))[0]["value"]["responses"][0]["errorCode"] == 0
    assert shown("during")
    side.requests(alter("1", ("milena.server", DELETE, None)))
    assert not shown("afterwards")
