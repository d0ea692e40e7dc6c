"""What coordinators of groups answer, request by request and version by version: the same as real Kafka's."""

import base64
import struct

import pytest

from harness.compare import Pair, request
from harness.process import until

NOT_FOUND = 69
GROUP_COORDINATOR = 0


def subscription(*topics, user_data=None):
    """What a consumer tells its group's leader, version 0."""
    text = struct.pack(">hi", 0, len(topics))
    for topic in topics:
        text += struct.pack(">h", len(topic)) + topic.encode()
    text += struct.pack(">i", -1) if user_data is None else struct.pack(">i", len(user_data)) + user_data
    return base64.b64encode(text).decode()


def find(version, *keys, key_type=GROUP_COORDINATOR):
    body = {"coordinatorKeys": list(keys)} if version >= 4 else {"key": keys[0]}
    if version >= 1:
        body["keyType"] = key_type
    return request("FindCoordinator", version, body)


def join(group, version=9, member="", instance=None, protocols=("range",), metadata=None, session=30000, **options):
    body = {
        "groupId": group,
        "sessionTimeoutMs": session,
        "memberId": member,
        "protocolType": options.pop("protocol_type", "consumer"),
        "protocols": [{"name": name, "metadata": metadata or subscription("groups-topic")} for name in protocols],
    }
    if version >= 1:
        body["rebalanceTimeoutMs"] = options.pop("rebalance", 30000)
    if version >= 5:
        body["groupInstanceId"] = instance
    if version >= 8:
        body["reason"] = None
    return request("JoinGroup", version, body, **options)


def sync(group, generation, member, version=5, assignments=(), instance=None, protocol="range", **options):
    body = {
        "groupId": group,
        "generationId": generation,
        "memberId": member,
        "assignments": [
            {"memberId": name, "assignment": base64.b64encode(text.encode()).decode()} for name, text in assignments
        ],
    }
    if version >= 3:
        body["groupInstanceId"] = instance
    if version >= 5:
        body["protocolType"] = "consumer"
        body["protocolName"] = protocol
    return request("SyncGroup", version, body, **options)


def heartbeat(group, generation, member, version=4, instance=None, **options):
    body = {"groupId": group, "generationId": generation, "memberId": member}
    if version >= 3:
        body["groupInstanceId"] = instance
    return request("Heartbeat", version, body, **options)


def leave(group, *members, version=5, **options):
    """Members are (member id, instance id)."""
    if version < 3:
        return request("LeaveGroup", version, {"groupId": group, "memberId": members[0][0]}, **options)
    listed = [{"memberId": member, "groupInstanceId": instance} for member, instance in members]
    if version >= 5:
        for each in listed:
            each["reason"] = "test"
    return request("LeaveGroup", version, {"groupId": group, "members": listed}, **options)


def commit(group, offsets, version=9, generation=-1, member="", instance=None, metadata="", epoch=-1, **options):
    """Offsets are {topic: {partition: offset}}; topics by id from version 10."""
    topics = []
    for topic, partitions in offsets.items():
        rows = []
        for index, offset in partitions.items():
            row = {"partitionIndex": index, "committedOffset": offset, "committedMetadata": metadata}
            if version >= 6:
                row["committedLeaderEpoch"] = epoch
            rows.append(row)
        topics.append({"topicId" if version >= 10 else "name": topic, "partitions": rows})
    body = {"groupId": group, "generationIdOrMemberEpoch": generation, "memberId": member, "topics": topics}
    if version >= 7:
        body["groupInstanceId"] = instance
    if version <= 4:
        body["retentionTimeMs"] = options.pop("retention_ms", -1)
    return request("OffsetCommit", version, body, **options)


def fetch(group, topics, version=9, stable=False, **options):
    """Topics are {topic: [partition]}, or None for all."""
    name = "topicId" if version >= 10 else "name"
    rows = None
    if topics is not None:
        rows = [{name: topic, "partitionIndexes": indexes} for topic, indexes in topics.items()]
    if version < 8:
        body = {"groupId": group, "topics": rows}
    else:
        body = {"groups": [{"groupId": group, "topics": rows}]}
        if version >= 9:
            body["groups"][0].update(memberId=None, memberEpoch=-1)
    if version >= 7:
        body["requireStable"] = stable
    return request("OffsetFetch", version, body, **options)


def describe(*groups, version=6, operations=False, **options):
    body = {"groups": list(groups)}
    if version >= 3:
        body["includeAuthorizedOperations"] = operations
    return request("DescribeGroups", version, body, **options)


def delete(*groups, version=2):
    return request("DeleteGroups", version, {"groupsNames": list(groups)})


def delete_offsets(group, topic, *partitions):
    rows = [{"partitionIndex": index} for index in partitions]
    return request("OffsetDelete", 0, {"groupId": group, "topics": [{"name": topic, "partitions": rows}]})


def list_groups(version=5, states=(), types=()):
    body = {}
    if version >= 4:
        body["statesFilter"] = list(states)
    if version >= 5:
        body["typesFilter"] = list(types)
    return request("ListGroups", version, body)


def member_of(group, name="m", **options):
    """The two requests with which a member without an id joins; it is called by `name` afterwards."""
    client = {"client": options.pop("client", name)}
    where = {"on": options.pop("on", name)}
    later = {"later": options.pop("later", False)}
    return [
        join(group, **options, **client, **where, **{"as": f"{name}_id"}),
        join(group, member=f"${{{name}_id.memberId}}", **options, **client, **where, **later, **{"as": name}),
    ]


def alone_in(group, name="m", **options):
    """A group with one member, stable in generation 1."""
    return [
        *member_of(group, name, **options),
        sync(group, 1, f"${{{name}.memberId}}", assignments=[(f"${{{name}.memberId}}", "all")], on=name),
    ]


def is_ready(side):
    """Every partition of __consumer_offsets has its coordinator."""
    names = [f"warm-{index}" for index in range(400)]
    found, described = side.requests(find(6, "warm"), describe(*names))
    errors = {group["errorCode"] for group in described["value"]["groups"]}
    return found["value"]["coordinators"][0]["errorCode"] == 0 and errors == {NOT_FOUND}


@pytest.fixture(scope="module")
def groups(both):
    """Both brokers, with coordinators that have loaded."""
    for side in both.sides:
        side.jvm.revive()
        side.tool("kafka-topics", "--create", "--topic", "groups-topic", "--partitions", 3)
        side.tool("kafka-topics", "--create", "--topic", "groups-other", "--partitions", 1)
        until(lambda side=side: is_ready(side), "coordinators of groups", 60)
    return both


SORTED_BY = ["memberId", "groupId", "name", "partitionIndex"]


def sorted_out(node):
    """What comes in the order of a hash table is sorted, and long texts are only measured."""
    if isinstance(node, dict):
        return {key: sorted_out(child) for key, child in node.items()}
    if isinstance(node, str) and len(node) > 300:
        return f"{len(node)} characters"
    if not isinstance(node, list):
        return node
    rows = [sorted_out(child) for child in node]
    for key in SORTED_BY:
        if rows and all(isinstance(row, dict) and key in row for row in rows):
            return sorted(rows, key=lambda row: row[key])
    return rows


def same(groups, *lines):
    return groups.same(lambda side: sorted_out(side.requests(*lines)))


@pytest.mark.parametrize("version", range(7))
def test_the_coordinator_of_a_group_is_found(groups, version):
    same(groups, find(version, "some-group"))


@pytest.mark.parametrize("version", [4, 5, 6])
def test_coordinators_of_several_groups_are_found_at_once(groups, version):
    same(groups, find(version, "a", "", "öäü-😀"), find(version))


@pytest.mark.parametrize("version", [1, 3, 4, 5, 6])
def test_a_coordinator_of_nothing_known_is_refused(groups, version):
    def script(side):
        (answer,) = side.requests(find(version, "some-key", key_type=9))
        for coordinator in answer["value"].get("coordinators", [answer["value"]]):
            del coordinator["errorMessage"]  # its own affair
        return answer

    groups.same(script)


def test_share_coordinators_are_not_looked_for_before_version_6(groups):
    same(groups, find(5, "group:AAAAAAAAAAAAAAAAAAAAAA:0", key_type=2))


@pytest.mark.parametrize("version", range(10))
def test_one_member_goes_through_a_generation_in_every_version(groups, version):
    group = f"versions-{version}"
    first = [join(group, version, **{"as": "m_id"})]
    if version >= 4:
        first = member_of(group, version=version)
    name = "m" if version >= 4 else "m_id"
    member = f"${{{name}.memberId}}"
    same(
        groups,
        *[{**line, "on": "one"} for line in first],
        sync(group, 1, member, version=min(version, 5), assignments=[(member, "all of it")]),
        heartbeat(group, 1, member, version=min(version, 4)),
        commit(group, {"groups-topic": {0: 7, 2: 8}}, max(2, version), 1, member),
        fetch(group, {"groups-topic": [0, 1, 2]}, max(1, version)),
        fetch(group, None, max(2, version)),
        describe(group, version=min(version, 6)),
        leave(group, (member, None), version=min(version, 5)),
        describe(group, version=min(version, 6)),
        heartbeat(group, 1, member, version=min(version, 4)),
        delete(group, version=min(version, 2)),
        describe(group, version=min(version, 6)),
    )


def test_joins_that_make_no_sense_are_refused(groups):
    same(
        groups,
        join("", 9),
        join("refused", 9, session=5),
        join("refused", 9, session=10_000_000),
        join("refused", 9, member="nobody"),
        join("refused-no-protocols", 9, protocols=()),
        join("refused-no-type", 9, protocol_type=""),
        join("refused-static-unknown", 9, member="nobody", instance="i"),
        *alone_in("refused-protocols"),
        join("refused-protocols", 9, protocols=("other",), **{"as": "mismatch"}),
        join("refused-protocols", 9, protocol_type="connect"),
        join("refused-protocols", 9, member="${m.memberId}", protocols=("other",)),
        join("refused-protocols", 9, member="${m.memberId}", instance="not-mine"),
        join("refused-protocols", 6, protocols=("other",)),
    )
    # Kafka keeps a group, empty, even where nobody could join it.
    for side in groups.sides:
        side.requests(delete("refused-no-protocols", "refused-no-type"))


def test_requests_of_members_are_checked(groups):
    group = "checks"
    same(
        groups,
        sync(group, 1, "nobody"),
        sync("", 1, "nobody"),
        heartbeat("", 1, "nobody"),
        heartbeat(group, 1, "nobody"),
        leave("", ("nobody", None)),
        leave(group, ("nobody", None)),
        leave(group, ("nobody", None), version=2),
        *alone_in(group),
        sync(group, 1, "nobody"),
        sync(group, 2, "${m.memberId}"),
        sync(group, 1, "${m.memberId}", protocol="other"),
        sync(group, 1, "${m.memberId}", instance="i"),
        sync(group, 1, "${m.memberId}", version=4),
        sync(group, 1, "${m.memberId}"),
        request("SyncGroup", 5, {"groupId": group, "generationId": 1, "memberId": "${m.memberId}",
                                 "groupInstanceId": None, "protocolType": None, "protocolName": None,
                                 "assignments": []}),
        heartbeat(group, 0, "${m.memberId}"),
        heartbeat(group, 1, "nobody"),
        heartbeat(group, 1, "${m.memberId}", instance="i"),
        heartbeat(group, 1, "${m.memberId}"),
        leave(group, ("nobody", None), ("", "nobody"), ("", None)),
        leave(group, ("nobody", None), version=2),
        describe(group),
    )  # fmt: skip


def test_a_rebalance_with_two_members(groups):
    group = "two"
    same(
        groups,
        *member_of(group, "a", protocols=("range", "roundrobin")),
        # The second one makes the first one join again.
        *member_of(group, "b", later=True, protocols=("roundrobin",)),
        {"pause_ms": 100},
        heartbeat(group, 1, "${a.memberId}"),
        sync(group, 1, "${a.memberId}"),
        describe(group),
        commit(group, {"groups-topic": {0: 1}}, 9, 1, "${a.memberId}"),
        join(group, member="${a.memberId}", protocols=("range", "roundrobin"), on="a", client="a", **{"as": "a2"}),
        {"receive": "b"},
        heartbeat(group, 1, "${a.memberId}"),
        heartbeat(group, 2, "${a.memberId}"),
        commit(group, {"groups-topic": {0: 1}}, 9, 2, "${a.memberId}"),
        join(group, member="${a.memberId}", protocols=("range", "roundrobin"), on="a", client="a"),
        sync(group, 2, "${b.memberId}", protocol="roundrobin", on="b", later=True, **{"as": "b_sync"}),
        sync(group, 2, "${a.memberId}", protocol="roundrobin", on="a",
             assignments=[("${a.memberId}", "left"), ("${b.memberId}", "right"), ("nobody", "lost")]),
        {"receive": "b_sync"},
        sync(group, 2, "${b.memberId}", protocol="roundrobin", on="b"),
        commit(group, {"groups-topic": {0: 5}, "groups-other": {0: 6}}, 9, 2, "${b.memberId}"),
        commit(group, {"groups-topic": {0: 5}}, 9, -1),
        commit(group, {"groups-topic": {0: 5}}, 9, -1, "${b.memberId}"),
        delete(group),
        delete_offsets(group, "groups-topic", 0, 1, 9),
        delete_offsets(group, "groups-other", 0),
        fetch(group, None),
        # A follower with the same metadata is told the generation; the leader begins a new one.
        join(group, member="${b.memberId}", protocols=("roundrobin",), on="b", client="b"),
        leave(group, ("${b.memberId}", None)),
        heartbeat(group, 2, "${a.memberId}"),
        join(group, member="${a.memberId}", protocols=("range", "roundrobin"), on="a", client="a"),
        leave(group, ("${a.memberId}", None)),
        describe(group),
        delete(group, group),
    )  # fmt: skip


def test_a_pending_member_that_leaves_holds_up_nobody(groups):
    group = "pending"
    same(
        groups,
        *member_of(group, "a"),
        join(group, client="b", **{"as": "b_id"}),
        join(group, member="${b_id.memberId}", instance="i", client="b"),
        leave(group, ("${b_id.memberId}", None)),
        join(group, member="${b_id.memberId}", client="b"),
        describe(group),
    )


def test_a_static_member_keeps_its_assignment_when_it_comes_back(groups):
    group = "static"
    same(
        groups,
        join(group, instance="i-1", **{"as": "a"}),
        sync(group, 1, "${a.memberId}", instance="i-1", assignments=[("${a.memberId}", "mine")]),
        describe(group),
        join(group, instance="i-1", **{"as": "a2"}),
        heartbeat(group, 1, "${a.memberId}", instance="i-1"),
        sync(group, 1, "${a.memberId}", instance="i-1"),
        commit(group, {"groups-topic": {0: 1}}, 9, 1, "${a.memberId}", "i-1"),
        join(group, member="${a.memberId}", instance="i-1"),
        leave(group, ("${a.memberId}", "i-1")),
        sync(group, 1, "${a2.memberId}", instance="i-1"),
        join(group, instance="i-1", version=8, **{"as": "a3"}),
        join(group, instance="i-1", version=6, **{"as": "a4"}),
        commit(group, {"groups-topic": {0: 1}}, 9, 1, "${a4.memberId}", "i-1"),
        # Another protocol for the only member: a new generation.
        join(group, instance="i-1", protocols=("other",), **{"as": "a5"}),
        sync(group, 2, "${a5.memberId}", instance="i-1", protocol="other", assignments=[("${a5.memberId}", "x")]),
        leave(group, ("", "i-1"), ("", "i-2")),
        describe(group),
    )


def test_a_static_member_that_comes_back_while_the_group_synchronises(groups):
    group = "static-sync"
    same(
        groups,
        join(group, instance="i-1", on="a", **{"as": "a"}),
        join(group, instance="i-1", on="a", **{"as": "a2"}),
        sync(group, 1, "${a.memberId}", instance="i-1"),
        sync(group, 2, "${a2.memberId}", instance="i-1", assignments=[("${a2.memberId}", "mine")]),
        describe(group),
    )


def test_offsets_without_membership(groups):
    group = "simple"
    same(
        groups,
        fetch(group, {"groups-topic": [0, 1], "nowhere": [0]}),
        fetch(group, None),
        commit(group, {"groups-topic": {0: 5}}, 9, 3, "nobody"),
        commit(group, {"groups-topic": {0: 5}}, 8, 3, "nobody"),
        commit(group, {"nowhere": {0: 5}}),
        commit(group, {"nowhere": {0: 5}, "groups-topic": {0: 5, 9: 6, 1: 7}}, metadata="text", epoch=4),
        commit(group, {"groups-topic": {2: 5}}, metadata="ö" * 4096),
        commit(group, {"groups-topic": {2: 5, 1: 8}}, metadata="ö" * 4097),
        commit(group, {}),
        commit("", {"groups-topic": {0: 5}}),
        fetch(group, {"groups-topic": [0, 1, 2, 3], "nowhere": [0]}),
        fetch(group, {"groups-topic": [0]}, stable=True),
        fetch(group, None),
        fetch("", {"groups-topic": [0]}),
        describe(group, ""),
        list_groups(),
        delete_offsets(group, "groups-topic", 0, 7),
        delete_offsets(group, "nowhere", 0),
        delete_offsets("nobody", "groups-topic", 0),
        delete_offsets("", "groups-topic", 0),
        fetch(group, {"groups-topic": [0, 1]}),
        delete(group, "nobody", ""),
        fetch(group, None),
    )


@pytest.mark.parametrize("version", range(1, 11))
def test_offsets_are_fetched_in_every_version(groups, version):
    group = "fetched"

    def script(side):
        topic = side.requests(request("Metadata", 13, {"topics": [{"name": "groups-topic", "topicId": "A" * 22}],
                                                        "allowAutoTopicCreation": False,
                                                        "includeTopicAuthorizedOperations": False}))  # fmt: skip
        topic_id = topic[0]["value"]["topics"][0]["topicId"]
        known = topic_id if version >= 10 else "groups-topic"
        unknown = "Zm9vYmFyZm9vYmFyZm9vYg" if version >= 10 else "nowhere"
        lines = [
            commit(group, {"groups-topic": {0: 3, 1: 4}}, metadata="text"),
            fetch(group, {known: [0, 2], unknown: [0]}, version),
            fetch("fetched-nobody", {known: [0]}, version),
        ]
        if version >= 2:
            lines += [fetch(group, None, version), fetch(group, {}, version)]
        if version >= 10:
            lines += [commit(group, {known: {0: 11}, unknown: {0: 1}}, 10), fetch(group, {known: [0]}, 10)]
        return sorted_out(side.requests(*lines))

    groups.same(script)


def test_offsets_of_several_groups_are_fetched_at_once(groups):
    asked = [{"groupId": name, "topics": None} for name in ("several-1", "several-2", "several-1")]
    same(
        groups,
        commit("several-1", {"groups-topic": {0: 1}}),
        commit("several-2", {"groups-other": {0: 2}}),
        request("OffsetFetch", 8, {"groups": asked, "requireStable": False}),
        request("OffsetFetch", 8, {"groups": [], "requireStable": False}),
    )


def test_groups_are_listed_by_state_and_type(groups):
    def script(side):
        side.requests(*alone_in("listed-stable"), commit("listed-simple", {"groups-topic": {0: 1}}))
        steps = side.requests(
            *(list_groups(version) for version in range(6)),
            list_groups(states=["Stable"]),
            list_groups(states=[" stable ", "Dead"]),
            list_groups(states=["PreparingRebalance", "Empty"]),
            list_groups(states=["nonsense"]),
            list_groups(types=["classic"]),
            list_groups(types=["Classic", "share"]),
            list_groups(types=["consumer"]),
            list_groups(types=["nonsense"]),
        )
        for step in steps:
            rows = [row for row in step["value"]["groups"] if row["groupId"].startswith("listed-")]
            step["value"]["groups"] = sorted(rows, key=lambda row: row["groupId"])
        return steps

    groups.same(script)


def test_authorized_operations_of_groups_are_described(groups):
    same(groups, commit("operations", {"groups-topic": {0: 1}}), describe("operations", "nobody", operations=True))


def test_offsets_of_a_deleted_topic_are_forgotten(groups):
    def script(side):
        side.tool("kafka-topics", "--create", "--topic", "groups-deleted", "--partitions", 1)
        committed = side.requests(commit("deleted-topic", {"groups-deleted": {0: 1}, "groups-topic": {0: 2}}))
        side.tool("kafka-topics", "--delete", "--topic", "groups-deleted")
        until(
            lambda: "groups-deleted" not in str(side.requests(fetch("deleted-topic", None))),
            "the offsets are gone",
            10,
        )
        return committed, side.requests(fetch("deleted-topic", None))

    groups.same(script)


def of_their_own(make_broker, sides, settings):
    pair = Pair.started(make_broker, sides, settings)
    for side in pair.sides:
        side.jvm.revive()
        side.create_topic("groups-topic")
        side.create_topic("groups-other")
        until(lambda side=side: is_ready(side), "coordinators of groups", 60)
    return pair


OFTEN = {"offsets.retention.check.interval.ms": 100, "offsets.topic.num.partitions": 2}


def test_offsets_expire_when_their_time_is_over(make_broker, sides):
    """Old clients say how long they want theirs to be kept; of a topic that a member has subscribed to none expires."""
    forever, soon = {"retention_ms": -1}, {"retention_ms": 1000}
    both_topics = {"groups-topic": {0: 1}, "groups-other": {0: 2}}

    def script(side):
        before = side.requests(
            commit("expires", both_topics, 2, **soon),
            commit("stays-in-part", {"groups-topic": {0: 1}}, 2, **soon),
            commit("stays-in-part", {"groups-other": {0: 2}}, 2, **forever),
            # It has to have an offset before it has a member: the check that comes between the two requests with which
            # somebody joins finds a group without both, and Kafka deletes that, and the member's id with it.
            commit("has-a-member", {"groups-topic": {0: 1}}, 2, **forever),
            *alone_in("has-a-member"),
            commit("has-a-member", both_topics, 2, 1, "${m.memberId}", **soon),
        )
        groups = [fetch(name, None) for name in ("expires", "stays-in-part", "has-a-member")]

        def left():
            return [len(answer["value"]["groups"][0]["topics"]) for answer in side.requests(*groups)]

        until(lambda: left() == [0, 1, 1], "what is over has expired", 20)
        return before, side.requests(*groups, describe("expires", "stays-in-part"), delete("expires"))

    of_their_own(make_broker, sides, OFTEN).same(script)


LIMITS = {"group.max.size": 1, "group.min.session.timeout.ms": 20000, "group.max.session.timeout.ms": 40000,
          "offset.metadata.max.bytes": 3, "offsets.topic.num.partitions": 2}  # fmt: skip


def test_limits_are_those_of_the_settings(make_broker, sides):
    same(
        of_their_own(make_broker, sides, LIMITS),
        *alone_in("limits"),
        join("limits", client="second"),
        join("limits", session=19999),
        join("limits", session=40001),
        join("limits", member="${m.memberId}", client="m"),
        commit("limits-simple", {"groups-topic": {0: 1}}, metadata="abc"),
        commit("limits-simple", {"groups-topic": {0: 2}}, metadata="abcd"),
    )


def test_a_member_without_heartbeats_is_expelled(groups):
    group = "expelled"
    same(
        groups,
        *alone_in(group, session=6000),
        {"pause_ms": 4000},
        heartbeat(group, 1, "${m.memberId}"),
        {"pause_ms": 4000},
        heartbeat(group, 1, "${m.memberId}"),
        {"pause_ms": 7000},
        heartbeat(group, 1, "${m.memberId}"),
        describe(group),
    )


def test_a_generation_without_its_leader_begins_anew(groups):
    group = "no-sync"
    same(
        groups,
        *member_of(group, "a", rebalance=1000),
        {"pause_ms": 2000},
        heartbeat(group, 1, "${a.memberId}"),
        describe(group),
    )
