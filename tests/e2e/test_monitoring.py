"""A real Prometheus over a real cluster: queries of boards find series, alerts fire on real faults. It reaches
pods through the API server, so that it need not run among them; Debian's has no discovery of pods, so it is told."""

import json
import subprocess
import urllib.parse
import urllib.request

import kube
import monitoring
import pytest
import yaml
from clusters import produce, wait_for_topic
from conftest import SYSTEM
from harness.broker import free_port


class Prometheus:
    def __init__(self, directory, cluster):
        self.directory, self.cluster = directory, cluster
        self.port, self.proxy_port = free_port(), free_port()
        rules = monitoring.rules()
        for group in rules["groups"]:
            for rule in group["rules"]:
                rule.pop("for", None)  # e2e has no ten minutes for each
        (directory / "alerts.yaml").write_text(yaml.safe_dump(rules))
        job = {"job_name": "milena", "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "2s"}]}
        config = {
            "global": {"scrape_interval": "2s", "evaluation_interval": "2s"},
            "rule_files": ["alerts.yaml"],
            "scrape_configs": [job],
        }
        (directory / "prometheus.yaml").write_text(yaml.safe_dump(config))
        self.tell_targets()
        self.processes = [
            subprocess.Popen(["kubectl", "proxy", f"--port={self.proxy_port}"], stdout=subprocess.DEVNULL),
            subprocess.Popen(
                ["prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data"]
                + [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"],
                cwd=directory,
            ),
        ]

    def tell_targets(self):
        brokers = kube.listed("pods", self.cluster.namespace, self.cluster.selector)
        operators = kube.listed("pods", SYSTEM, "app.kubernetes.io/name=milena-operator")
        targets = [self.target(pod, 9644, milena_dev_cluster=self.cluster.name) for pod in brokers]
        targets += [self.target(pod, 8080) for pod in operators]
        (self.directory / "targets.json").write_text(json.dumps(targets))

    def target(self, pod, port, **labels):
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        path = f"/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/metrics"
        own = {"__metrics_path__": path, "namespace": namespace, "pod": name, "instance": name, **labels}
        return {"targets": [f"127.0.0.1:{self.proxy_port}"], "labels": own}

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.get("query", query=expression)["result"]

    def firing(self):
        """{alert: labels}, but of clusters in other namespaces, which may be going."""
        own = (None, self.cluster.namespace)
        every = [alert["labels"] for alert in self.get("alerts")["alerts"] if alert["state"] == "firing"]
        return {one["alertname"]: one for one in every if one.get("resource_namespace") in own}

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(20)


@pytest.fixture
def prometheus(cluster, tmp_path):
    server = Prometheus(tmp_path, cluster)
    try:
        up = 'up{milena_dev_cluster="demo"} == 1'
        kube.wait_until("three brokers that are up", lambda: len(server.query(up)) == 3, 60)
        yield server
    finally:
        server.stop()


def test_at_rest_nothing_fires(prometheus):
    """What is quiet once is still quiet when every rule has been looked at again."""

    def looked_at():
        rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        assert len(rules) == len(monitoring.alerts()) and all(rule["health"] == "ok" for rule in rules), rules
        return [rule["lastEvaluation"] for rule in rules]

    def quiet_at():
        times = looked_at()
        assert prometheus.firing() == {}
        return max(times)

    quiet = kube.wait_until("a scrape of everything", quiet_at, 60)
    kube.wait_until("another look at every rule", lambda: min(looked_at()) > quiet, 60)
    assert prometheus.firing() == {}


def boards():
    for name, board in monitoring.dashboards().items():
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}: {target['refId']}", target["expr"]


def test_every_query_of_every_board_finds_series(prometheus, cluster):
    cluster.topic("refused", config={"retention.ms": "soon"})  # so that a step was refused
    wait_for_topic(cluster, "refused", "False", "StepFailed")
    cluster.topic("t")
    wait_for_topic(cluster, "t")
    produce(cluster.bootstrap(), "t", range(1000))
    group = ["-G", "readers", "t", "-c", "500", "-q", "-X", "auto.offset.reset=earliest"]
    subprocess.run(["kcat", "-b", cluster.bootstrap(), *group], check=True, timeout=60, stdout=subprocess.DEVNULL)

    def are_all_there():
        left = set()
        for where, expression in boards():
            filled = expression.replace("$__rate_interval", "1m").replace("$namespace", ".*").replace("$cluster", ".*")
            if not prometheus.query(filled):
                left.add(where)
        assert not left, sorted(left)
        return True

    kube.wait_until("series for every query", are_all_there, 60)


def resize(cluster, replicas):
    """Behind the back of the operator, which is paused."""
    kube.kubectl("scale", "statefulset/demo-brokers", f"--replicas={replicas}", "--namespace", cluster.namespace)


def test_alerts_fire_when_brokers_go_one_after_another(prometheus, cluster):
    cluster.topic("strict", config={"min.insync.replicas": "3"})
    cluster.topic("single", partitions=9, replication_factor=1)
    for topic in ("strict", "single"):
        wait_for_topic(cluster, topic)
    cluster.apply(paused=True)
    lacking = 'sum(milena_under_replicated_partitions{milena_dev_cluster="demo"}) > 0'

    def fires(alert):
        return kube.wait_until(alert, lambda: alert in prometheus.firing(), 90)

    resize(cluster, 2)
    assert fires("MilenaBrokerDown") and fires("MilenaUnderMinIsr") and fires("MilenaPartitionsOffline")
    kube.wait_until("partitions that lack a copy", lambda: prometheus.query(lacking), 60)
    resize(cluster, 1)
    assert fires("MilenaNoActiveController")
    resize(cluster, 0)
    assert fires("MilenaNoBrokerServes")
