"""What a broker without authorizer and without authentication answers about ACLs, SCRAM credentials and tokens."""

import base64
import itertools
import re

from harness.broker import RealKafka
from harness.compare import Side, plain, request

UNKNOWN, ANY, TOPIC, LITERAL, READ, ALLOW = 0, 1, 2, 3, 3, 3
SHA_256, SHA_512 = 1, 2
HEADINGS = ("Error while executing",)  # of what a tool says of an exception


def text(words):
    return base64.b64encode(words.encode()).decode()


def acl_filter(resource_type, pattern_type, operation, permission):
    return {
        "resourceTypeFilter": resource_type,
        "resourceNameFilter": None,
        "patternTypeFilter": pattern_type,
        "principalFilter": None,
        "hostFilter": None,
        "operation": operation,
        "permissionType": permission,
    }


def acl(resource_type, pattern_type, operation, permission):
    return {
        "resourceType": resource_type,
        "resourceName": "orders",
        "resourcePatternType": pattern_type,
        "principal": "User:ann",
        "host": "*",
        "operation": operation,
        "permissionType": permission,
    }


GOOD = (TOPIC, LITERAL, READ, ALLOW)


def acl_requests(kind, version, **options):
    yield request("DescribeAcls", version, acl_filter(*kind), **options)
    yield request("CreateAcls", version, {"creations": [acl(*kind), acl(*GOOD)]}, **options)
    yield request("DeleteAcls", version, {"filters": [acl_filter(*GOOD), acl_filter(*kind)]}, **options)


def test_acls_need_an_authorizer_in_every_version(both):
    kinds = [GOOD, (ANY, ANY, ANY, ANY), (77, LITERAL, READ, ALLOW)]
    lines = [line for kind in kinds for version in (1, 2, 3) for line in acl_requests(kind, version)]
    lines += [request("CreateAcls", 3, {"creations": []}), request("DeleteAcls", 3, {"filters": []})]
    answers = both.same(lambda side: side.requests(*lines))
    assert answers[0]["value"]["errorCode"] == 54


def test_an_acl_with_an_unknown_element_closes_the_connection(both):
    kinds = [tuple(UNKNOWN if at == unknown else good for at, good in enumerate(GOOD)) for unknown in range(4)]
    lines = [line for kind in kinds for line in acl_requests(kind, 3)]
    for number, line in enumerate(lines):
        line["on"] = f"link {number}"
    answers = both.same(lambda side: side.requests(*lines))
    assert all("closed" in answer["value"] for answer in answers)


def test_the_acl_tool_says_that_there_is_no_authorizer(both):
    def script(side):
        return [
            plain(side.tool("kafka-acls", *arguments), HEADINGS)
            for arguments in (
                ["--list"],
                ["--add", "--allow-principal", "User:ann", "--operation", "read", "--topic", "orders"],
                ["--remove", "--force", "--topic", "orders"],
            )
        ]

    both.same(script)


def test_delegation_tokens_are_refused_to_who_has_not_authenticated(both):
    def script(side):
        lines = [
            request("CreateDelegationToken", version, {"renewers": [], "maxLifetimeMs": -1}) for version in (1, 2)
        ]
        lines += [
            request(
                "CreateDelegationToken",
                3,
                {
                    "ownerPrincipalType": kind,
                    "ownerPrincipalName": name,
                    "renewers": [{"principalType": "Group", "principalName": "r"}],
                    "maxLifetimeMs": 5,
                },
            )
            for kind, name in ((None, None), ("User", ""), ("User", "ann"))
        ]
        for version in (1, 2):
            lines.append(request("RenewDelegationToken", version, {"hmac": text("x"), "renewPeriodMs": 1}))
            lines.append(request("ExpireDelegationToken", version, {"hmac": text("x"), "expiryTimePeriodMs": 1}))
        for version, owners in itertools.product((1, 2, 3), (None, [])):
            lines.append(request("DescribeDelegationToken", version, {"owners": owners}))
        config = side.broker.directory / "no.properties"
        config.write_text("")
        tool = side.tool("kafka-delegation-tokens", "--describe", "--command-config", config)
        return side.requests(*lines), plain(tool, HEADINGS)

    both.same(script)


def alter(upsertions=(), deletions=()):
    body = {
        "deletions": [{"name": name, "mechanism": mechanism} for name, mechanism in deletions],
        "upsertions": [
            {
                "name": name,
                "mechanism": mechanism,
                "iterations": iterations,
                "salt": text("salt"),
                "saltedPassword": text(password),
            }
            for name, mechanism, iterations, password in upsertions
        ],
    }
    return request("AlterUserScramCredentials", 0, body)


def describe(*users, of_all=False):
    return request(
        "DescribeUserScramCredentials", 0, {"users": None if of_all else [{"name": name} for name in users]}
    )


def by_user(answers):
    """Kafka lists users and mechanisms in the order of hash tables."""
    for answer in answers:
        answer["value"]["results"].sort(key=lambda result: result["user"])
        for result in answer["value"]["results"]:
            result.get("credentialInfos", []).sort(key=lambda info: info["mechanism"])
    return answers


def test_scram_credentials_are_stored_checked_and_described_alike(both):
    lines = [
        alter(),
        describe(of_all=True),
        describe("ann"),
        alter([("ann", SHA_256, 4096, "p" * 32)]),
        alter([("ann", SHA_512, 16384, "p" * 64), ("bob", SHA_256, 4096, "q")]),
        describe(of_all=True),
        describe(),
        describe("ann", "bob", "carl", "bob", ""),
        alter([("ann", SHA_256, 4095, "p")]),
        alter([("ann", SHA_256, 16385, "p")]),
        alter([("ann", 3, 4096, "p")]),
        alter([("ann", 0, 4096, "p")]),
        alter([("", 0, 1, "p")]),
        alter([("ann", SHA_256, 1, "")]),
        alter([("ann", SHA_256, 4096, "")]),
        alter([("ann", SHA_256, 4096, "p"), ("ann", SHA_512, 4096, "p")]),
        alter([("ann", SHA_256, 4096, "p")], [("ann", SHA_512)]),
        alter([], [("ann", SHA_256), ("ann", SHA_512)]),
        alter([("ann", SHA_256, 4096, "p"), ("ann", SHA_256, 1, "p"), ("ann", 9, 1, "p")]),
        alter([], [("nobody", SHA_256), ("ann", 9), ("", SHA_256), ("ann", SHA_256)]),
        alter([("dora", SHA_256, 1, "p"), ("emil", SHA_256, 5000, "p")], [("ann", SHA_256)]),
        describe(of_all=True),
        alter([], [("ann", SHA_512), ("bob", SHA_256), ("emil", SHA_256)]),
        describe(of_all=True),
    ]
    # Kafka answers a change before all of the broker knows of it.
    lines = [
        step for line in lines for step in ([{"pause_ms": 200}, line] if "Describe" in line["api"] else [line])
    ]
    answers = both.same(lambda side: by_user(side.requests(*lines)))
    assert answers[-1]["value"]["results"] == []


def test_kafka_configs_manages_the_credentials_of_users(both):
    def script(side):
        def configs(*arguments):
            tool = side.tool("kafka-configs", "--entity-type", "users", "--entity-name", "bob", *arguments)
            return plain(tool, HEADINGS)

        def described():
            said = configs("--describe")
            return [sorted(re.split(" are |, ", line)) for line in said["out"].splitlines()], said["err"], said["exit"]

        return [
            configs("--alter", "--add-config", "SCRAM-SHA-256=[iterations=8192,password=pw]"),
            configs("--alter", "--add-config", "SCRAM-SHA-512=[password=pw]"),
            configs("--alter", "--add-config", "SCRAM-SHA-256=[password=a],SCRAM-SHA-512=[password=b]"),
            configs("--alter", "--add-config", "SCRAM-SHA-256=[iterations=1,password=pw]"),
            described(),
            configs("--alter", "--delete-config", "SCRAM-SHA-512"),
            configs("--alter", "--delete-config", "SCRAM-SHA-512"),
            described(),
            configs("--alter", "--delete-config", "SCRAM-SHA-256"),
        ]

    both.same(script)


def test_credentials_survive_a_restart_and_are_what_kafka_would_have_stored(make_broker, jvm):
    """Kafka opens our directory, and finds the credentials; its dump of both logs shows the same records."""
    milena = make_broker()
    milena.start()
    side = Side(milena, jvm)
    change = alter([("ann", SHA_256, 4096, "p" * 32), ("bob", SHA_512, 8192, "p" * 64)])
    assert all(result["errorCode"] == 0 for result in side.requests(change)[0]["value"]["results"])
    described = by_user(side.requests(describe(of_all=True)))
    milena.restart()
    assert by_user(side.requests(describe(of_all=True))) == described
    kafka = make_broker(kind=RealKafka)
    kafka.start()
    Side(kafka, jvm).requests(change)
    milena.stop()
    kafka.stop()

    def stored(broker):
        log = broker.data / "__cluster_metadata-0" / "00000000000000000000.log"
        dumped = jvm.run("kafka-dump-log", "--cluster-metadata-decoder", "--files", log)["out"].splitlines()
        records = [line[line.index("payload: ") :] for line in dumped if '"USER_SCRAM_CREDENTIAL_RECORD"' in line]
        return sorted(records)

    assert len(stored(kafka)) == 2
    assert stored(milena) == stored(kafka)
