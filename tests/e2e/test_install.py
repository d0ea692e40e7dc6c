"""Installing, the first cluster, the first records; what is refused."""

import json
import os
import subprocess
import time

import kube
import pytest
import yaml
from clusters import Cluster, consume, produce, wait_for_topic
from conftest import CHART, ROOT, SYSTEM, install, uninstall

FIRST_CHART = ROOT / "tests/e2e/data/milena-0.1.0.tgz"


def test_the_chart_is_linted():
    kube.helm("lint", "--strict", CHART)


def test_operator_yaml_is_what_the_chart_makes():
    rendered = subprocess.run([ROOT / "deploy/render"], capture_output=True, text=True, check=True).stdout
    made, kept = ([*yaml.safe_load_all(text)] for text in (rendered, (ROOT / "deploy/operator.yaml").read_text()))
    assert made == kept


@pytest.mark.parametrize("value", ["replica=1", "image.tags=x", "logLevel=loud", "monitoring.rules=maybe"])
def test_a_wrong_value_is_refused(value):
    with pytest.raises(kube.Refused, match="values don't meet|schema"):
        kube.helm("template", "milena", CHART, "--set", value)


@pytest.mark.parametrize("has_prometheus_operator", [True, False])
def test_a_monitor_and_the_rules_come_with_the_apis_for_them(has_prometheus_operator, tmp_path):
    apis = ["--api-versions", "monitoring.coreos.com/v1"] if has_prometheus_operator else []
    pages = ["--set", "monitoring.runbooks=https://x/y"]
    text = kube.helm("template", "milena", CHART, "--namespace", "ops", *pages, *apis)
    made = [one for one in yaml.safe_load_all(text) if one and one["apiVersion"] == "monitoring.coreos.com/v1"]
    assert sorted(one["kind"] for one in made) == (["PodMonitor", "PrometheusRule"] if has_prometheus_operator else [])
    for rule in (one["spec"] for one in made if one["kind"] == "PrometheusRule"):
        kept = (ROOT / "charts/milena/files/alerts.yaml").read_text()
        assert rule == yaml.safe_load(kept.replace("docs/runbooks/", "https://x/y/"))
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule))
        subprocess.run(["promtool", "check", "rules", tmp_path / "rules.yaml"], check=True)


def test_helm_test_produces_and_consumes(operator):
    kube.helm("test", "milena", "--namespace", operator, "--timeout", "3m")


def test_ten_lines_are_a_cluster_within_20_seconds(namespace):
    demo = (ROOT / "deploy/examples/demo.yaml").read_text().replace("10Gi", "1Gi")
    begin = time.monotonic()
    kube.kubectl("apply", "--namespace", namespace, "--filename", "-", given=demo)
    kube.kubectl("wait", "--namespace", namespace, "kafkacluster/demo", "--for=condition=Ready", "--timeout=60s")
    seconds = time.monotonic() - begin
    print(f"Ready after {seconds:.1f} s")
    assert seconds < 20
    columns = kube.kubectl("get", "kafkacluster/demo", "--namespace", namespace).splitlines()
    assert columns[0].split()[:4] == ["NAME", "READY", "BROKERS", "DESIRED"]
    assert columns[1].split()[:4] == ["demo", "True", "3", "3"]


def test_topics_as_resources_records_in_and_out_and_lag_in_a_column(cluster):
    cluster.topic("pioneers", partitions=3)
    wait_for_topic(cluster, "pioneers")
    names = ["ada", "grace", "margaret"]
    produce(cluster.bootstrap(), "pioneers", names, partition=0)  # one that nothing was committed for has no lag
    assert sorted(consume(cluster.bootstrap(), "pioneers")) == sorted(names)
    group = ["-G", "readers", "pioneers", "-c", "1", "-q", "-X", "auto.offset.reset=earliest"]
    subprocess.run(["kcat", "-b", cluster.bootstrap(), *group], check=True, timeout=60, stdout=subprocess.DEVNULL)

    def shown():
        columns = kube.columns("kafkatopic", "pioneers", cluster.namespace)
        return columns["LAG"] and columns

    columns = kube.wait_until("a lag, which is measured every minute or two", shown, 150)
    assert columns["LAG"] == "2"
    assert [columns[name] for name in ("CLUSTER", "READY", "PARTITIONS", "REPLICAS", "INSYNC")] == [
        "demo",
        "True",
        "3",
        "3",
        "3/3",
    ]


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "deploy/examples").glob("*.yaml")))
def test_every_example_passes_admission(example, namespace):
    where = ["--namespace", namespace, "--filename", ROOT / "deploy/examples" / example]
    said = kube.kubectl("apply", "--dry-run=server", *where)
    assert "created (server dry run)" in said, said


REFUSED = {
    "no storage": ({"brokers": {"storage": None}}, "storage"),
    "version and image": ({"version": "0.1.0"}, "version or image"),
    "two listeners on a port": (
        {"listeners": [{"name": "a", "port": 9092}, {"name": "b", "port": 9092}]},
        "same port",
    ),
    "no internal listener": ({"listeners": [{"name": "a", "type": "NodePort"}]}, "type Internal"),
    "a volume of the pod's": (
        {"brokers": {"storage": {"size": None, "volumes": [{"name": "config", "size": "1Gi"}]}}},
        "config and rack are taken",
    ),
    "a setting of the operator's": ({"config": {"node.id": "1"}}, "the operator makes"),
    "a size that is none": ({"brokers": {"storage": {"size": "ten"}}}, "size"),
    "a field that is none": ({"broker": {}}, "broker"),
    "no broker": ({"brokers": {"replicas": 0}}, "replicas"),
}


@pytest.mark.parametrize("what", REFUSED, ids=[what.replace(" ", "_").replace("'", "") for what in REFUSED])
def test_f_refused_at_admission(what, namespace):
    changes, reason = REFUSED[what]
    with pytest.raises(kube.Refused, match=reason):
        Cluster(namespace).apply(**changes)


def test_f_a_volume_does_not_shrink_nor_change_its_class(cluster):
    for storage in ({"size": "512Mi"}, {"class": "other"}):
        with pytest.raises(kube.Refused, match="move to another pool"):
            Cluster(cluster.namespace).apply(brokers={"storage": storage})


def test_h_uninstalled_and_installed_again_clusters_and_data_are_there(cluster):
    cluster.topic("kept")
    wait_for_topic(cluster, "kept")
    produce(cluster.bootstrap(), "kept", ["a", "b"])
    pods = cluster.pods()
    cluster.topic("gone")
    wait_for_topic(cluster, "gone")
    uninstall()
    assert sorted(consume(cluster.bootstrap(), "kept")) == ["a", "b"]
    assert kube.kubectl("get", "crd", "kafkaclusters.milena.dev")
    cluster.forget_topic("gone")  # nobody has to agree to it
    install()
    cluster.settle()
    assert cluster.pods() == pods and sorted(consume(cluster.bootstrap(), "kept")) == ["a", "b"]


def test_h_an_operator_of_one_namespace_needs_no_rights_in_others(namespace):
    install("--set", f"watchNamespace={namespace},rbac.nodes=false")
    try:
        assert not kube.kubectl("get", "clusterrolebindings", "--selector", "app.kubernetes.io/instance=milena").strip()
        cluster = Cluster(namespace).apply().settle()
        cluster.topic("own")
        wait_for_topic(cluster, "own")
    finally:
        install()


def chart():
    (release,) = json.loads(kube.helm("list", "--namespace", SYSTEM, "--output", "json"))
    return release["chart"]


def test_h_the_first_chart_is_upgraded_to_this_one_and_rolled_back_and_no_broker_restarts(cluster):
    charts = []

    def check():
        charts.append(chart())
        topic = cluster.topic(f"of-chart-{len(charts)}")
        wait_for_topic(cluster, topic)
        cluster.settle()

    pods = cluster.pods()
    uninstall()
    install(chart=FIRST_CHART)
    check()
    with cluster.under_load():
        install()
        check()
        kube.helm("rollback", "milena", "--namespace", SYSTEM, "--wait")
        check()
    install()
    check()
    assert cluster.pods() == pods
    assert charts[0] == charts[2] == "milena-0.1.0" and charts[1] == charts[3] != charts[0]


def test_h_an_upgrade_of_the_operator_restarts_no_broker(cluster):
    pods = cluster.pods()
    install("--set-string", f"podAnnotations.round={os.getpid()}")
    cluster.settle()
    assert cluster.pods() == pods
