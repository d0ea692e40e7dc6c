"""Topics as resources, end to end: G of the scenarios. The other side is Kafka's own tools and librdkafka."""

import confluent_kafka.admin as kafka
import kube
import pytest
from clusters import Cluster, wait_for_topic


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


def change(admin, topic, name, value):
    entry = kafka.ConfigEntry(name, value, incremental_operation=kafka.AlterConfigOpType.SET)
    resource = kafka.ConfigResource(kafka.ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    done(admin.incremental_alter_configs([resource]))


def status(cluster, name):
    return kube.read("kafkatopic", name, cluster.namespace)["status"]


def delete(cluster, name):
    kube.kubectl("delete", "kafkatopic", name, "--namespace", cluster.namespace, "--timeout=60s")


def test_g_a_topic_is_made_grows_and_changes(cluster, admin):
    cluster.topic("t", partitions=3, replication_factor=2, config={"retention.ms": "1000000"})
    wait_for_topic(cluster, "t")
    assert [len(replicas) for replicas in partitions(admin, "t")] == [2] * 3
    assert setting(admin, "t", "retention.ms") == "1000000"
    assert status(cluster, "t")["topicId"]
    cluster.topic("t", partitions=5, replication_factor=2, config={"retention.ms": "2000000"})
    kube.wait_until("more partitions", lambda: len(partitions(admin, "t")) == 5, 60)
    kube.wait_until("the setting", lambda: setting(admin, "t", "retention.ms") == "2000000", 60)
    with pytest.raises(kube.Refused, match="cannot be removed"):
        cluster.topic("t", partitions=4)


def test_g_the_replication_factor_just_works(cluster, admin):
    cluster.topic("t", partitions=4, replication_factor=1)
    wait_for_topic(cluster, "t")
    for factor in (3, 2):
        cluster.topic("t", partitions=4, replication_factor=factor)
        wanted = [factor] * 4
        kube.wait_until("it", lambda w=wanted: [len(one) for one in partitions(admin, "t")] == w, 120)
        kube.wait_until("in the status", lambda f=factor: status(cluster, "t")["replicationFactor"] == f, 60)


@pytest.mark.parametrize("drift, stays", [("Enforce", "1000000"), ("Warn", "77000"), ("Ignore", "77000")])
def test_g_what_somebody_else_changes_is_changed_back_reported_or_left(drift, stays, cluster, admin):
    cluster.topic("t", config={"retention.ms": "1000000"}, drift=drift)
    wait_for_topic(cluster, "t")
    change(admin, "t", "retention.ms", "77000")
    if drift == "Enforce":
        kube.wait_until("an event", lambda: kube.events(cluster.namespace, "DriftUndone"), 90)
    elif drift == "Warn":
        look = lambda: kube.condition(kube.read("kafkatopic", "t", cluster.namespace), "InSync")  # noqa: E731
        kube.wait_until("the report", lambda: look()[0] == "False" and "retention.ms" in look()[2], 90)
    assert setting(admin, "t", "retention.ms") == stays


def test_g_adopted_if_it_is_so_already_and_else_a_conflict(cluster, admin):
    done(admin.create_topics([kafka.NewTopic(name, 3, 3) for name in ("same", "other")]))
    cluster.topic("same", partitions=3)
    wait_for_topic(cluster, "same")
    cluster.topic("other", partitions=6)
    wait_for_topic(cluster, "other", "False")
    assert kube.condition(kube.read("kafkatopic", "other", cluster.namespace), "Conflict")[0] == "True"
    assert len(partitions(admin, "other")) == 3
    cluster.topic("other", partitions=6, adoption="Any")
    wait_for_topic(cluster, "other")
    assert len(partitions(admin, "other")) == 6


@pytest.mark.parametrize("policy, is_left", [("Retain", True), ("Delete", False)])
def test_g_deleted_the_topic_stays_or_goes(policy, is_left, cluster, admin):
    cluster.topic("t", deletionPolicy=policy)
    wait_for_topic(cluster, "t")
    delete(cluster, "t")
    assert (partitions(admin, "t") is not None) == is_left


def test_g_two_resources_for_one_topic_are_a_conflict_of_the_second(cluster):
    cluster.topic("first", topicName="shared")
    wait_for_topic(cluster, "first")
    cluster.topic("second", topicName="shared")
    wait_for_topic(cluster, "second", "False")
    assert kube.condition(kube.read("kafkatopic", "first", cluster.namespace), "Ready")[0] == "True"


def test_g_a_cluster_that_is_not_there_yet_is_waited_for(namespace):
    cluster = Cluster(namespace)
    cluster.topic("early")
    wait_for_topic(cluster, "early", "False")
    cluster.apply().settle()
    wait_for_topic(cluster, "early")


def test_g_the_cluster_deleted_first_holds_no_topic_back(cluster):
    cluster.topic("t")
    wait_for_topic(cluster, "t")
    kube.kubectl("delete", "kafkacluster/demo", "--namespace", cluster.namespace, "--timeout=60s")
    delete(cluster, "t")


def test_g_a_namespace_with_everything_in_it_goes(cluster):
    cluster.topic("t")
    wait_for_topic(cluster, "t")
    kube.kubectl("delete", "namespace", cluster.namespace, "--timeout=90s", seconds=120)
