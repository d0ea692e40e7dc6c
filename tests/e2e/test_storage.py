"""Volumes and nodes: E1, E5, E6 of the scenarios, and pods that go at random, or all at once."""

import random

import kube
from clusters import Cluster, consume, produce, wait_for_topic
from conftest import kill_operator


def test_e5_a_volume_that_nobody_provides_is_said(namespace):
    cluster = Cluster(namespace, brokers={"storage": {"class": "there-is-none"}}).apply()
    cluster.wait("StorageReady", "False", "VolumePending", said="there-is-none")


def test_e6_a_claim_that_somebody_deletes_is_replaced_and_nothing_is_lost(cluster):
    claim = f"data-{cluster.pod(1)}"

    def uid():
        return kube.read("persistentvolumeclaim", claim, cluster.namespace)["metadata"]["uid"]

    with cluster.under_load():
        before, old = cluster.pods(), uid()
        kube.kubectl("delete", "persistentvolumeclaim", claim, "--wait=false", "--namespace", cluster.namespace)
        kube.wait_until("another claim", lambda: uid() != old, 120)
        cluster.settle(300)
        assert [name for name, own in cluster.pods().items() if before[name] != own] == [cluster.pod(1)]


def test_e1_an_eviction_takes_one_broker_at_a_time(cluster):
    watch = cluster.watched()
    with cluster.under_load():
        for node_id in range(3):
            evict(cluster, node_id)
            kube.wait_until("its successor", lambda n=node_id: cluster.pod(n) in watch.order, 120)
            cluster.wait("BrokersHealthy")
    watch.stop()
    assert watch.unready_max == 1


def evict(cluster, node_id):
    """As kubectl drain does, for one pod; the budget may refuse for a while."""
    eviction = f"""{{"apiVersion": "policy/v1", "kind": "Eviction",
                     "metadata": {{"name": "{cluster.pod(node_id)}", "namespace": "{cluster.namespace}"}}}}"""
    path = f"/api/v1/namespaces/{cluster.namespace}/pods/{cluster.pod(node_id)}/eviction"

    def accepted():
        kube.kubectl("create", "--raw", path, "--filename", "-", given=eviction)
        return True

    kube.wait_until("an eviction that the budget allows", accepted, 120)


def test_b_pods_deleted_at_random_and_the_operator_killed_all_the_while(cluster):
    """One or two at a time, in order or at once; each time the kubelet has them serve again without the operator."""
    chance = random.Random(7)
    with cluster.under_load():
        for _ in range(5):
            victims = [cluster.pod(node_id) for node_id in chance.sample(range(3), chance.choice([1, 1, 2]))]
            how = chance.choice([["--grace-period=0", "--force"], []])
            before = cluster.pods()
            kill_operator()
            kube.kubectl("delete", "pods", *victims, *how, "--namespace", cluster.namespace)
            cluster.wait_for_successors(before, victims)
        cluster.settle(120)


def test_e12_all_pods_killed_at_once_come_back_by_themselves(cluster):
    cluster.topic("kept")
    wait_for_topic(cluster, "kept")
    records = [str(number) for number in range(1000)]
    produce(cluster.bootstrap(), "kept", records)
    before = cluster.pods()
    kube.kubectl("delete", "pods", "--force", "--grace-period=0", "--namespace", cluster.namespace, *before)
    cluster.wait_for_successors(before, before)
    assert sorted(consume(cluster.bootstrap(), "kept"), key=int) == records


def test_the_cluster_deleted_and_made_again_has_its_data(namespace):
    keep = {"storage": {"deletionPolicy": "Retain"}}
    cluster = Cluster(namespace, brokers=keep).apply().settle()
    cluster.topic("kept")
    wait_for_topic(cluster, "kept")
    produce(cluster.bootstrap(), "kept", ["a", "b"])
    cluster_id = cluster.resource()["status"]["clusterId"]
    kube.kubectl("delete", "kafkacluster/demo", "--namespace", namespace, "--cascade=foreground")
    again = Cluster(namespace, brokers=keep).apply().settle()
    assert again.resource()["status"]["clusterId"] == cluster_id
    assert sorted(consume(again.bootstrap(), "kept")) == ["a", "b"]
