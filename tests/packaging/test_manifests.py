"""The manifests of deploy/: resources are what the definitions in crds/ take, the operator is what the chart makes."""

import copy
import re

import jsonschema
import monitoring
import pytest
import yaml

DEPLOY = monitoring.ROOT / "deploy"
EXAMPLES = sorted((DEPLOY / "examples").glob("*.yaml"))
DEFINITIONS = [yaml.safe_load(path.read_text()) for path in sorted((monitoring.ROOT / "crds").glob("*.yaml"))]


def schema_of(kind):
    """The definition's schema, and nothing that it doesn't name: the API server would drop that, or refuse it."""
    (found,) = [crd["spec"]["versions"][0] for crd in DEFINITIONS if crd["spec"]["names"]["kind"] == kind]
    return closed(found["schema"]["openAPIV3Schema"])


def closed(schema):
    schema = copy.deepcopy(schema)
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        if schema["properties"].get("metadata") != {"type": "object"}:
            schema["additionalProperties"] = False
        schema["properties"] = {name: closed(inner) for name, inner in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        schema["items"] = closed(schema["items"])
    return schema


def refusals(resource):
    schema = schema_of(resource["kind"])
    return [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(resource)]


def resources():
    for path in EXAMPLES:
        for resource in yaml.safe_load_all(path.read_text()):
            yield pytest.param(resource, id=f"{path.stem}-{resource['metadata']['name']}")


@pytest.mark.parametrize("resource", list(resources()))
def test_an_example_is_what_its_definition_takes(resource):
    assert resource["apiVersion"] == "milena.dev/v1alpha1"
    assert refusals(resource) == []


def test_what_the_definition_does_not_know_is_found():
    (cluster,) = yaml.safe_load_all((DEPLOY / "examples/demo.yaml").read_text())
    for path, value in ((["spec", "broker"], {}), (["spec", "brokers", "storage", "sise"], "1Gi")):
        wrong = copy.deepcopy(cluster)
        inner = wrong
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value
        assert len(refusals(wrong)) == 1


def test_a_cluster_takes_ten_lines_the_same_ones_everywhere():
    demo = (DEPLOY / "examples/demo.yaml").read_text()
    assert len(demo.splitlines()) == 10
    notes = (monitoring.ROOT / "charts/milena/templates/NOTES.txt").read_text()
    shown = re.search(r"^     (apiVersion: .*?)^     EOF", notes, re.M | re.S)[1]
    version = yaml.safe_load((monitoring.ROOT / "charts/milena/Chart.yaml").read_text())["appVersion"]
    assert re.sub(r"^     ", "", shown, flags=re.M).replace("{{ .Chart.AppVersion }}", version) == demo


def test_topics_are_of_clusters_that_are_shown():
    every = [resource.values[0] for resource in resources()]
    clusters = {one["metadata"]["name"] for one in every if one["kind"] == "KafkaCluster"}
    topics = [one["spec"]["clusterRef"]["name"] for one in every if one["kind"] == "KafkaTopic"]
    assert topics and set(topics) <= clusters


def test_the_operator_without_helm_has_the_chart_s_rights():
    objects = list(yaml.safe_load_all((DEPLOY / "operator.yaml").read_text()))
    rules = [rule for one in objects if one["kind"] in ("Role", "ClusterRole") for rule in one["rules"]]
    template = (monitoring.ROOT / "charts/milena/templates/rbac.yaml").read_text()
    assert len(rules) == template.count("- apiGroups:")
    kinds = [one["kind"] for one in objects]
    assert kinds[0] == "Namespace" and kinds.count("Deployment") == 1
    assert "CustomResourceDefinition" not in kinds


def test_prometheus_finds_pods_by_labels_that_the_operator_and_the_chart_give():
    config = yaml.safe_load((DEPLOY / "monitoring/prometheus.yaml").read_text())
    labels = [job["kubernetes_sd_configs"][0]["selectors"][0]["label"] for job in config["scrape_configs"]]
    header = (monitoring.ROOT / "operator/resource/objects.h").read_text()
    assert f'"{labels[0]}"' in header
    assert labels[1].replace("=", ": ") in (monitoring.ROOT / "charts/milena/templates/_names.tpl").read_text()
    for job in config["scrape_configs"]:
        targets = {relabel.get("target_label") for relabel in job["relabel_configs"]}
        assert {"namespace", "pod"} <= targets
    assert "milena_dev_cluster" in str(config["scrape_configs"][0])
