"""Topics as resources, end to end: G of the scenarios. The other side is Kafka's own tools and librdkafka."""

import confluent_kafka.admin as kafka
import kube
import pytest
from clusters import Cluster, topic_condition, wait_for_topic


@pytest.fixture
def admin(cluster):
    return kafka.AdminClient({"bootstrap.servers": cluster.bootstrap()})


def done(futures):
    for future in futures.values():
        future.result(30)


def partitions(admin, name):
    """None: there is no such topic. Else the replicas of each partition."""
    topic = admin.list_topics(timeout=10).topics.get(name)
    return None if topic is None else [one.replicas for one in topic.partitions.values()]


def setting(admin, topic, name):
    resource = kafka.ConfigResource(kafka.ConfigResource.Type.TOPIC, topic)
    (answer,) = admin.describe_configs([resource]).values()
    return answer.result(30)[name].value


def run(tools, tool, cluster, *arguments):
    answer = tools.run(tool, "--bootstrap-server", cluster.bootstrap(), *arguments)
    assert answer["exit"] == 0, answer


def status(cluster, name):
    return kube.read("kafkatopic", name, cluster.namespace)["status"]


def test_g_a_topic_is_made_grows_and_changes(cluster, admin):
    cluster.topic("grows", partitions=3, replication_factor=2, config={"retention.ms": "1000000"})
    wait_for_topic(cluster, "grows")
    assert [len(replicas) for replicas in partitions(admin, "grows")] == [2] * 3
    assert setting(admin, "grows", "retention.ms") == "1000000"
    assert status(cluster, "grows")["topicId"]
    cluster.topic("grows", partitions=5, replication_factor=2, config={"retention.ms": "2000000"})
    kube.wait_until("more partitions", lambda: len(partitions(admin, "grows")) == 5, 60)
    kube.wait_until("the setting", lambda: setting(admin, "grows", "retention.ms") == "2000000", 60)
    with pytest.raises(kube.Refused, match="cannot be removed"):
        cluster.topic("grows", partitions=4)
    cluster.topic("grows", partitions=5, replication_factor=2, config={})
    kube.wait_until("Kafka's default", lambda: setting(admin, "grows", "retention.ms") == "604800000", 60)


def test_g_min_isr_above_the_replication_factor_is_refused_at_admission(cluster):
    with pytest.raises(kube.Refused, match="greater than replicationFactor"):
        cluster.topic("stricter", replication_factor=2, config={"min.insync.replicas": "10"})


def test_g_the_replication_factor_just_works(cluster, admin):
    cluster.topic("copies", partitions=4, replication_factor=1)
    wait_for_topic(cluster, "copies")
    for factor in (3, 2):
        cluster.topic("copies", partitions=4, replication_factor=factor)
        wanted = [factor] * 4
        kube.wait_until("it", lambda w=wanted: [len(one) for one in partitions(admin, "copies")] == w, 120)
        kube.wait_until("in the status", lambda f=factor: status(cluster, "copies")["replicationFactor"] == f, 60)


def test_g_what_kafkas_tools_change_is_changed_back_reported_or_left(cluster, admin, tools):
    for drift in ("Enforce", "Warn", "Ignore"):
        cluster.topic(drift.lower(), config={"retention.ms": "1000000"}, drift=drift)
    for topic in ("enforce", "warn", "ignore"):
        wait_for_topic(cluster, topic)
    for topic in ("enforce", "warn", "ignore"):
        alter = ["--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", "retention.ms=77000"]
        run(tools, "kafka-configs", cluster, *alter)
    run(tools, "kafka-topics", cluster, "--alter", "--topic", "warn", "--partitions", "8")

    def report():
        status, _, message = topic_condition(cluster, "warn", "InSync")
        return status == "False" and "retention.ms is 77000" in message and "partitions are 8" in message

    kube.wait_until("the report", report, 150)
    kube.wait_until("the event", lambda: cluster.notes("DriftUndone"), 150)
    ignored = ("Unknown", "Ignored", "")
    kube.wait_until("that it is left", lambda: topic_condition(cluster, "ignore", "InSync") == ignored, 150)
    kept = {topic: setting(admin, topic, "retention.ms") for topic in ("enforce", "warn", "ignore")}
    assert kept == {"enforce": "1000000", "warn": "77000", "ignore": "77000"}
    assert len(partitions(admin, "warn")) == 8 and topic_condition(cluster, "warn", "Ready")[0] == "True"


def test_g_adopted_if_it_is_so_already_and_else_a_conflict(cluster, admin):
    done(admin.create_topics([kafka.NewTopic(name, 3, 3) for name in ("same", "other")]))
    cluster.topic("same", partitions=3)
    wait_for_topic(cluster, "same")
    cluster.topic("other", partitions=6)
    wait_for_topic(cluster, "other", "False")
    assert topic_condition(cluster, "other", "Conflict")[0] == "True"
    assert len(partitions(admin, "other")) == 3
    cluster.topic("other", partitions=6, adoption="Any")
    wait_for_topic(cluster, "other")
    assert len(partitions(admin, "other")) == 6


@pytest.mark.parametrize("policy, is_left", [("Retain", True), ("Delete", False)])
def test_g_deleted_the_topic_stays_or_goes(policy, is_left, cluster, admin):
    topic = cluster.topic(policy.lower(), deletionPolicy=policy)
    wait_for_topic(cluster, topic)
    cluster.forget_topic(topic)
    assert (partitions(admin, topic) is not None) == is_left


def test_g_two_resources_for_one_topic_are_a_conflict_of_the_second_until_the_first_goes(cluster, admin):
    cluster.topic("first", topicName="shared", deletionPolicy="Retain")
    wait_for_topic(cluster, "first")
    cluster.topic("second", topicName="shared")
    wait_for_topic(cluster, "second", "False", "TopicTaken")
    status, _, message = topic_condition(cluster, "second", "Conflict")
    assert status == "True" and f"{cluster.namespace}/first" in message
    assert topic_condition(cluster, "first", "Ready")[0] == "True"
    assert partitions(admin, "second") is None
    cluster.forget_topic("first")
    wait_for_topic(cluster, "second")


def test_g_a_cluster_that_is_not_there_yet_is_waited_for_and_holds_nobody_back_when_it_goes(namespace):
    cluster = Cluster(namespace)
    cluster.topic("early")
    wait_for_topic(cluster, "early", "False", "ClusterMissing")
    cluster.apply().settle()
    wait_for_topic(cluster, "early")
    kube.kubectl("delete", "kafkacluster/demo", "--namespace", namespace, "--timeout=60s")
    cluster.forget_topic("early")


def test_g_a_namespace_with_everything_in_it_goes(own_cluster):
    own_cluster.topic("t")
    wait_for_topic(own_cluster, "t")
    kube.kubectl("delete", "namespace", own_cluster.namespace, "--timeout=90s", seconds=120)
