"""Growing and shrinking by kubectl scale, under load: D1–D9 of the scenarios."""

import kube
import pytest
from clusters import restart_setting, wait_for_topic
from conftest import Kept


@pytest.fixture(scope="module")
def kept_four(operator):
    # One move at a time, so that a drain isn't over before it is cancelled.
    kept = Kept("four", replicas=4, config={"milena.balancer.moves.max": "1"})
    yield kept
    kept.forget()


@pytest.fixture
def four(kept_four, request):
    yield from kept_four.lend(request)


def replicas_of(cluster, broker):
    """From the table of `milena admin health`: broker, state, phase, placement, rack, replicas …"""
    rows = [line.split() for line in cluster.admin("health").splitlines()]
    return next(int(row[5]) for row in rows if row[0] == str(broker))


def test_d1_d2_up_to_five_and_back_to_three_under_load(cluster):
    for number in range(4):
        cluster.topic(f"filler-{number}", partitions=6)
    first = cluster.pods()
    with cluster.noticed_by_nobody():
        cluster.scale(5)
        cluster.settle(120)
        cluster.wait("Balanced", "True", seconds=180)
        assert all(replicas_of(cluster, broker) > 0 for broker in range(5))
        cluster.scale(3)
        cluster.settle(300)
    assert cluster.pods() == first, "nobody was restarted for it"
    assert len(cluster.notes("BrokerRemoved")) == 2
    assert len(cluster.claims()) == 3


def test_d3_raised_again_the_drain_is_cancelled(four):
    four.topic("much", partitions=60)
    wait_for_topic(four, "much")
    pods = four.pods()
    four.scale(3)
    kube.wait_until("a broker that drains", lambda: "draining" in four.admin("health"), 30)
    four.scale(4)
    four.settle(120)
    assert four.pods() == pods
    health = four.admin("health")
    assert "draining" not in health and "cordoned" not in health
    assert four.notes("DrainCancelled")


def test_d4_below_the_replication_factor_nothing_is_begun_until_that_is_lowered(four):
    four.topic("wide", partitions=1, replication_factor=4)
    wait_for_topic(four, "wide")
    pods = four.pods()
    four.scale(3)
    reason = four.wait("Stalled", "True", "TooFewBrokers")
    assert "wide" in reason[2] and four.pods() == pods
    assert "draining" not in four.admin("health")
    four.topic("wide", partitions=1, replication_factor=3)
    four.settle()
    assert len(four.pods()) == 3


@pytest.mark.parametrize("replicas", [1, 5])
def test_d6_a_statefulset_that_somebody_has_scaled_is_scaled_back_with_its_volumes(replicas, cluster):
    volumes = cluster.claims()
    with cluster.under_load():
        kube.kubectl("scale", "statefulset/demo-brokers", f"--replicas={replicas}", "--namespace", cluster.namespace)
        kube.wait_until("an event", lambda: cluster.notes("ReplicasReverted"), 30)
        cluster.settle(300)
    assert sorted(cluster.pods()) == [cluster.pod(node_id) for node_id in range(3)]
    assert cluster.claims() == volumes, "no broker has lost its data"


def test_d8_to_zero_is_refused(cluster):
    with pytest.raises(kube.Refused, match="replicas"):
        cluster.scale(0)


def test_d9_scaling_and_a_setting_together_are_done_one_after_the_other(cluster):
    watch = cluster.watched()
    with cluster.under_load():
        cluster.apply(brokers={"replicas": 4}, config=restart_setting())
        cluster.settle(300)
    watch.stop()
    assert watch.order[0] == cluster.pod(3), "who joins comes first"
    assert sorted(watch.order[1:]) == [cluster.pod(node_id) for node_id in range(3)]
    assert watch.unready_max <= 2, "the one that joins, and one that is restarted"
