"""Three brokers are one cluster: one metadata log, one controller, whichever of them is asked."""

import time

import pytest
from confluent_kafka.admin import ConfigResource, NewTopic, ResourceType

from harness.broker import CLUSTER_ID
from harness.cluster import Cluster, admin, all_see
from harness.process import until


@pytest.fixture
def cluster(run_directory, request):
    made = Cluster(run_directory / request.node.name)
    try:
        made.start()
        yield made
    finally:
        made.close()


def create(node, name, partitions=1, replication=1):
    client = admin(node)
    client.create_topics([NewTopic(name, partitions, replication)])[name].result(20)


def partitions_of(answer, topic):
    return answer.topics[topic].partitions.values()


def partitions(client, topic):
    return partitions_of(client.list_topics(topic, timeout=5), topic)


def topics(node):
    return set(admin(node).list_topics(timeout=5).topics)


def test_who_asks_for_a_leader_that_has_just_died_is_told_of_the_next_one(cluster):
    all_see(cluster.nodes, 3)
    create(cluster.node(1), "orders", partitions=6, replication=3)
    assert {part.leader for part in partitions(admin(cluster.node(1)), "orders")} == {1, 2, 3}
    victim = cluster.others(cluster.controller())[0]
    victim.kill()
    # A new client knows nobody else whom it could ask.
    answer = admin(cluster.others(victim)[0]).list_topics("orders", timeout=5)
    assert victim.node_id not in {part.leader for part in partitions_of(answer, "orders")}
    # As long as with Kafka: clients forget with it what is just moving away from it.
    assert victim.node_id in answer.brokers


def test_every_broker_knows_all_others_and_the_same_controller(cluster):
    all_see(cluster.nodes, 3)
    assert len([node for node in cluster.nodes if node.is_controller()]) == 1
    assert {admin(node).list_topics(timeout=5).cluster_id for node in cluster.nodes} == {CLUSTER_ID}


def test_topic_made_by_way_of_one_broker_is_known_to_it_at_once_and_to_all_others_soon(cluster):
    all_see(cluster.nodes, 3)
    for index, node in enumerate(cluster.nodes):
        create(node, f"made-{index}", 4)
        assert f"made-{index}" in topics(node)
    until(lambda: all(len(topics(node)) == 3 for node in cluster.nodes), "every node knows the topics")


def test_settings_and_deletions_go_through_any_broker(cluster):
    all_see(cluster.nodes, 3)
    create(cluster.node(1), "altered")
    resource = ConfigResource(ResourceType.TOPIC, "altered", set_config={"retention.ms": "12345"})
    client = admin(cluster.node(2))
    client.alter_configs([resource])[resource].result(10)
    asked = ConfigResource(ResourceType.TOPIC, "altered")
    for node in cluster.nodes:
        client = admin(node)
        until(
            lambda client=client: client.describe_configs([asked])[asked].result(5)["retention.ms"].value == "12345",
            "the setting is known",
        )
    client.delete_topics(["altered"])["altered"].result(10)
    until(lambda: all("altered" not in topics(node) for node in cluster.nodes), "the topic is gone everywhere")


def test_next_controller_goes_on_within_a_second_when_the_active_one_is_killed(cluster):
    all_see(cluster.nodes, 3)
    create(cluster.node(1), "before")
    killed = cluster.controller()
    rest = [node for node in cluster.nodes if node is not killed]
    killed.kill()
    begin = time.monotonic()
    create(rest[0], "after")
    took = time.monotonic() - begin
    assert took < 5, f"{took:.2f} s without a controller"
    until(lambda: all({"before", "after"} <= topics(node) for node in rest), "both know both topics")
    killed.start()
    until(lambda: {"before", "after"} <= topics(killed), "the killed one has caught up")


def test_everything_is_there_when_all_were_killed_at_once(cluster):
    all_see(cluster.nodes, 3)
    for index in range(5):
        create(cluster.node(index % 3 + 1), f"kept-{index}", 3)
    for node in cluster.nodes:
        node.kill()
    cluster.start()
    all_see(cluster.nodes, 3)
    assert topics(cluster.node(1)) == {f"kept-{index}" for index in range(5)}


def test_node_on_the_disk_of_another_node_is_refused(cluster):
    """As where a volume was given to the wrong pod."""
    stranger, other = cluster.node(3), cluster.node(2)
    for node in (stranger, other):
        node.stop()
    stranger.settings["log.dirs"] = str(other.data)
    stranger.launch()
    assert stranger.process.popen.wait(10) == 1
    assert "belongs to node 2, but node.id is 3" in stranger.log_tail()


def test_node_of_another_cluster_is_refused(cluster):
    stranger = cluster.node(3)
    stranger.stop()
    stranger.settings["milena.cluster.id"] = "AAAAAAAAAAAAAAAAAAAAAQ"
    stranger.launch()
    assert stranger.process.popen.wait(10) == 1
    assert "belongs to cluster" in stranger.log_tail()
