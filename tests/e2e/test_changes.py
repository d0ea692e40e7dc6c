"""Settings, images and restarts, under load: C1, C2, C4–C10, B of the scenarios."""

import kube
import pytest
from clusters import IMAGE, OPERATOR_IMAGE, live_setting, restart_setting, wait_for_topic
from conftest import kill_operator


def test_c1_a_live_setting_restarts_nobody(cluster):
    pods = cluster.pods()
    cluster.apply(config=live_setting()).wait("ConfigApplied")
    cluster.settle()
    assert cluster.pods() == pods
    assert cluster.notes("SettingsChanged")


def test_c2_a_setting_that_needs_a_restart_rolls_under_load_the_active_controller_last(cluster):
    setting = restart_setting()
    assert "restart" in cluster.admin("config-schema", *setting)
    with cluster.noticed_by_nobody():
        watch, active = cluster.watched(), cluster.active_controller()
        cluster.apply(config=setting).wait("Reconciling", "True")
        cluster.settle(300)
        watch.stop()
    assert sorted(watch.order) == [cluster.pod(node_id) for node_id in range(3)]
    assert watch.unready_max == 1
    assert watch.order[-1] == cluster.pod(active)


def test_c4_a_partition_that_spares_no_replica_is_named_and_the_roll_goes_on(cluster):
    cluster.topic("strict", partitions=1, config={"min.insync.replicas": "3"})
    wait_for_topic(cluster, "strict")
    watch = cluster.watched()
    cluster.apply(config=restart_setting()).settle(300)
    watch.stop()
    assert len(watch.order) == 3 and watch.unready_max == 1
    assert "strict-0" in cluster.notes("PartitionsUnavailable")[0]

    before = cluster.pods()
    cluster.apply(config=restart_setting(), whenPartitionsUnavailable="Block").wait("Reconciling", "True", "RollWaits")
    kube.wait_until("who waits for what", lambda: "strict-0" in cluster.condition("Reconciling")[2], 60)
    assert cluster.pods() == before and "strict-0" in cluster.notes("RestartBlocked")[0]
    cluster.topic("strict", partitions=1)
    cluster.settle(300)
    assert not before.items() & cluster.pods().items()
    cluster.apply(whenPartitionsUnavailable=None)


BROKEN = {
    "c5_an_image_that_crashes": {"image": OPERATOR_IMAGE},
    "c6_an_image_that_is_not_there": {"image": "milena:not-there"},
    "c7_more_memory_than_any_node_has": {"brokers": {"resources": {"requests": {"memory": "900Gi"}}}},
}
WHOLE = {"image": IMAGE, "brokers": {"resources": None}}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_stops_after_the_first_and_heals_by_reverting(what, cluster):
    before = cluster.pods()
    with cluster.under_load():
        cluster.apply(**BROKEN[what]).wait("Stalled", "True", "RolloutFailed", 180)
        now = cluster.pods()
        assert sum(before[name] != uid for name, uid in now.items()) == 1
        assert cluster.condition("Ready")[0] == "True", "one broker down doesn't make the cluster unready"
        cluster.apply(**WHOLE)
        cluster.settle(180)


def test_c9_two_edits_during_a_roll_never_take_two_brokers_down(cluster):
    with cluster.under_load():
        watch = cluster.watched()
        cluster.apply(config=restart_setting())
        kube.wait_until("a first restart", lambda: watch.order, 60)
        cluster.apply(config=restart_setting("socket.receive.buffer.bytes"))
        cluster.apply(config=live_setting())
        cluster.settle(300)
        watch.stop()
    assert watch.unready_max == 1
    assert len(watch.order) <= 6, "at most one pass more"


def test_c10_a_pod_that_somebody_deletes_counts(cluster):
    with cluster.under_load():
        watch = cluster.watched()
        cluster.apply(config=restart_setting())
        kube.wait_until("a first restart", lambda: watch.order, 60)
        victim = next(cluster.pod(node_id) for node_id in range(3) if cluster.pod(node_id) not in watch.order)
        kube.kubectl("delete", "pod", victim, "--namespace", cluster.namespace, "--wait=false")
        cluster.settle(300)
        watch.stop()
    assert watch.order.count(victim) == 1, "it came back with what the spec says, and needn't be restarted again"
    assert len(watch.order) == 3


def test_b_the_operator_killed_throughout_a_roll_finishes_it(cluster):
    watch = cluster.watched()
    with cluster.under_load():
        cluster.apply(config=restart_setting())
        for restarts in (1, 2, 3):
            kube.wait_until(f"restart {restarts}", lambda n=restarts: len(watch.order) >= n, 120)
            kill_operator()
        cluster.settle(300)
    watch.stop()
    assert len(watch.order) == 3 and watch.unready_max == 1
