"""Three nodes, one of which fails under load: its kubelet alone, all of it, or for good (E3 of the scenarios). And
where brokers and replicas are as long as none does."""

import confluent_kafka.admin as kafka
import kube
import nodes
import pytest
from clusters import Cluster, consume, produce, restart_setting, wait_for_topic
from conftest import Kept

RACK = {"topologyKey": nodes.HOST_NAME}


@pytest.fixture(scope="module", autouse=True)
def three_nodes(operator):
    found = nodes.listed()
    assert len(found) >= 3, f"these tests need three nodes that take pods; there are {sorted(found)}"
    return found


@pytest.fixture(scope="module")
def kept(three_nodes, request):
    kept = Kept(request.path.name, rack=RACK)
    yield kept
    kept.forget()


def test_each_broker_has_a_node_of_its_own_and_knows_its_rack(cluster, three_nodes):
    places = {line["node"]: line["rack"] for line in cluster.resource()["status"]["brokers"]}
    assert len(places) == 3
    assert places == {name: three_nodes[name]["metadata"]["labels"][nodes.HOST_NAME] for name in places}


def test_no_two_replicas_share_a_rack(namespace):
    """Of four brokers two have the same."""
    cluster = Cluster(namespace, replicas=4, rack=RACK).apply().settle()
    cluster.topic("spread", partitions=12)
    wait_for_topic(cluster, "spread")
    rack_of = {line["id"]: line["rack"] for line in cluster.resource()["status"]["brokers"]}
    assert len(set(rack_of.values())) == 3
    topic = kafka.AdminClient({"bootstrap.servers": cluster.bootstrap()}).list_topics(timeout=10).topics["spread"]
    for partition in topic.partitions.values():
        assert len({rack_of[broker] for broker in partition.replicas}) == 3, partition.replicas


def goes_on(load):
    """Every partition takes what is written to it."""
    wanted = [len(offsets) + 50 for offsets in load.offsets]
    kube.wait_until(
        "records acknowledged in every partition",
        lambda: all(len(offsets) > count for offsets, count in zip(load.offsets, wanted, strict=True)),
        60,
    )


@pytest.mark.parametrize("fault", ["stop", "off"])
def test_a_node_that_fails_and_comes_back_is_waited_for(fault, cluster):
    """Nobody does anything, and what is wanted meanwhile of the other brokers isn't done."""
    cluster.topic("others")
    wait_for_topic(cluster, "others")
    broker, node = nodes.spare(cluster)
    pods, claims, watch = cluster.pods(), cluster.claims(), cluster.watched()
    with cluster.under_load() as load:
        with nodes.struck(fault, node):
            away = f"{cluster.pod(broker)} is NodeAway: node {node} isn't ready"
            kube.wait_until(away, lambda: cluster.condition("BrokersHealthy")[2] == away)
            assert cluster.condition("Ready")[0] == "True", "one broker away doesn't make the cluster unready"
            goes_on(load)
            produce(cluster.bootstrap(), "others", range(100))  # by a client that is new
            assert len(consume(cluster.bootstrap(), "others")) == 100
            told = cluster.apply(config=restart_setting()).wait("Reconciling", "True", "RollWaits")
            assert f"waiting for broker {broker}, which stands on node {node}, and that isn't ready" in told[2]
            cluster.apply(config=None)
        cluster.settle()
    watch.stop()
    cluster.forget_topic("others")
    assert cluster.pods() == pods and not watch.order and cluster.claims() == claims
    assert watch.unready_max == 1


def test_e3_a_node_that_is_given_up_with_its_disk_is_replaced(cluster):
    """The broker begins anew on another node, under its id, and has its data from the others."""
    broker, node = nodes.spare(cluster)
    pods, claims, watch = cluster.pods(), cluster.claims(), cluster.watched()
    with cluster.under_load() as load:
        with nodes.struck("off", node), nodes.given_up(node):
            kube.wait_until("an event", lambda: cluster.notes("BrokerRebuilt"), 90)
            goes_on(load)
            cluster.settle()
            (line,) = [line for line in cluster.resource()["status"]["brokers"] if line["id"] == broker]
            assert line["node"] != node
        cluster.settle()
    watch.stop()
    assert set(watch.order) == {cluster.pod(broker)} and watch.unready_max == 1
    replaced = [name for name, uid in cluster.claims().items() if claims[name] != uid]
    assert replaced == [f"data-{cluster.pod(broker)}"]
    assert [name for name, uid in cluster.pods().items() if pods[name] != uid] == [cluster.pod(broker)]
