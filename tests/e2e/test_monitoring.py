"""A real Prometheus over a real cluster: queries of boards find series, alerts fire on real faults. It reaches
pods through the API server, so that it need not run among them; Debian's has no discovery of pods, so it is told."""

import contextlib
import json
import subprocess
import urllib.parse
import urllib.request

import confluent_kafka
import kube
import monitoring
import pytest
import yaml
from clusters import Cluster, consume, produce, wait_for_topic
from conftest import SYSTEM
from deaf_operator import deaf_operator
from harness.broker import free_port
from small_disk import small_disk

# e2e has no ten minutes for each alert: not the time in its `for`, nor, of these, that in its expression.
SHORTER = {
    "MilenaUnderReplicated": ("> 600", "> 20"),
    "MilenaRollBlocked": ("> 1800", "> 5"),
    "MilenaOperatorWatchStale": ("> 600", "> 100"),  # a bookmark comes each minute
}


def impatient_rules():
    rules = monitoring.rules()
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        rule.pop("for", None)
        patient, impatient = SHORTER.get(rule["alert"], ("", ""))
        assert patient in rule["expr"], rule
        rule["expr"] = rule["expr"].replace(patient, impatient) if patient else rule["expr"]
    return rules


class Prometheus:
    def __init__(self, directory, cluster, others=()):
        """Others: operators besides the one that is installed."""
        self.directory, self.cluster, self.others = directory, cluster, others
        self.port, self.proxy_port = free_port(), free_port()
        (directory / "alerts.yaml").write_text(yaml.safe_dump(impatient_rules()))
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
        targets += [self.target(pod, 8080) for pod in (*operators, *self.others)]
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

    def wait_for(self, *alerts, seconds=90):
        """Until all of them fire: the labels of the first."""

        def look():
            firing = self.firing()
            return firing if firing.keys() >= set(alerts) else None

        return kube.wait_until(f"alerts {alerts}", look, seconds)[alerts[0]]

    def wait_for_quiet(self, *alerts):
        kube.wait_until(f"no alert {alerts}", lambda: not self.firing().keys() & set(alerts), 90)

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(20)


@contextlib.contextmanager
def watching(cluster, directory, *others):
    server = Prometheus(directory, cluster, others)
    try:
        up, count = 'up{milena_dev_cluster="demo"} == 1', cluster.spec["brokers"]["replicas"]
        kube.wait_until("brokers that are up", lambda: len(server.query(up)) == count, 60)
        yield server
    finally:
        server.stop()


@pytest.fixture
def prometheus(cluster, tmp_path):
    with watching(cluster, tmp_path) as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
def deaf(operator):
    """From the first test on, so that it has been so for long enough when its own comes."""
    with deaf_operator() as pod:
        yield pod


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


def test_a_roll_that_stands_still_is_told_until_it_goes_on(prometheus, cluster):
    cluster.topic("copied")
    wait_for_topic(cluster, "copied")
    cluster.apply(brokers={"resources": {"requests": {"memory": "900Gi"}}})
    prometheus.wait_for("MilenaRollBlocked", "MilenaClusterStalled", "MilenaBrokerDown", "MilenaUnderReplicated")
    cluster.apply(brokers={"resources": None}).settle()
    prometheus.wait_for_quiet("MilenaRollBlocked", "MilenaClusterStalled", "MilenaBrokerDown", "MilenaUnderReplicated")


def fill(cluster, topic, bytes_to_send):
    """How many records of nearly a megabyte each have not been taken within a few seconds."""
    record = bytes(900_000)
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap(), "message.timeout.ms": 8000})
    refused = []

    def on_delivery(error, _):
        if error:
            refused.append(error)

    for _ in range(int(bytes_to_send) // len(record)):
        producer.produce(topic, record, on_delivery=on_delivery)
        producer.poll(0)
    assert producer.flush(30) == 0
    return len(refused)


def test_e8_a_disk_that_runs_full_is_told_and_has_room_again_without_a_restart(namespace, tmp_path):
    with small_disk(mebibytes=256) as storage:
        config = {"log.segment.delete.delay.ms": "1000"}
        cluster = Cluster(namespace, replicas=1, brokers={"storage": storage}, config=config).apply().settle()
        cluster.topic("much", partitions=1, replication_factor=1)
        wait_for_topic(cluster, "much")
        pods = cluster.pods()
        with watching(cluster, tmp_path) as prometheus:

            def bytes_of(what):
                ((_, number),) = [one["value"] for one in prometheus.query(f"milena_log_directory_{what}_bytes")]
                return float(number)

            total = bytes_of("total")
            assert total == 256 << 20
            assert not {"MilenaDiskFills", "MilenaDiskFull"} & prometheus.firing().keys()
            assert fill(cluster, "much", bytes_of("usable") - 0.05 * total) == 0
            prometheus.wait_for("MilenaDiskFills")
            assert "MilenaDiskFull" not in prometheus.firing()
            assert fill(cluster, "much", 0.1 * total) > 0, "what there is no room for is refused"
            prometheus.wait_for("MilenaDiskFull")
            cluster.forget_topic("much")
            prometheus.wait_for_quiet("MilenaDiskFull", "MilenaDiskFills")
        cluster.topic("little", partitions=1, replication_factor=1)
        wait_for_topic(cluster, "little")
        produce(cluster.bootstrap(), "little", ["a"])
        assert consume(cluster.bootstrap(), "little") == ["a"] and cluster.pods() == pods


def test_an_operator_that_hears_nothing_is_told(cluster, deaf, tmp_path):
    with watching(cluster, tmp_path, deaf) as prometheus:
        stale = prometheus.wait_for("MilenaOperatorWatchStale", seconds=150)
    assert stale["pod"] == deaf["metadata"]["name"]


def resize(cluster, replicas):
    """Behind the back of the operator, which is paused."""
    kube.kubectl("scale", "statefulset/demo-brokers", f"--replicas={replicas}", "--namespace", cluster.namespace)


def test_alerts_fire_when_brokers_go_one_after_another(prometheus, cluster):
    cluster.topic("strict", config={"min.insync.replicas": "3"})
    cluster.topic("single", partitions=9, replication_factor=1)
    for topic in ("strict", "single"):
        wait_for_topic(cluster, topic)
    cluster.apply(paused=True)
    resize(cluster, 2)
    prometheus.wait_for("MilenaBrokerDown", "MilenaUnderReplicated", "MilenaUnderMinIsr", "MilenaPartitionsOffline")
    resize(cluster, 1)
    prometheus.wait_for("MilenaNoActiveController")
    resize(cluster, 0)
    prometheus.wait_for("MilenaNoBrokerServes")
