"""The chart, as far as it can be read without Helm: its values, and the rights that the operator gets."""

import copy
import json
import re

import jsonschema
import monitoring
import pytest
import yaml

CHART = monitoring.ROOT / "charts/milena"
OPERATOR = monitoring.ROOT / "operator"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
FREE = {"affinity", "resources.requests", "resources.limits", "tolerations[]", "global"}  # Kubernetes' own, and Helm's


def refusals(values):
    return [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(values)]


def objects(schema, path=""):
    if "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("type") == "object":
        yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from objects(inner, f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from objects(schema["items"], f"{path}[]")


def leaves(values, path=()):
    for name, value in values.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))


def changed(path, value):
    values = copy.deepcopy(VALUES)
    inner = values
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return values


def test_the_schema_is_one_and_takes_the_defaults():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert refusals(VALUES) == []


def test_no_object_of_the_schema_takes_what_it_does_not_name():
    open_ones = {path for path, schema in objects(SCHEMA) if "additionalProperties" not in schema}
    assert open_ones == FREE


@pytest.mark.parametrize("path", [path for path in leaves(VALUES) if path[0] != "resources"], ids=".".join)
def test_every_value_is_checked(path):
    assert refusals(changed(path, 17.5)), "of any type"
    assert refusals(changed((*path[:-1], path[-1] + "s"), 1)), "misspelt"


@pytest.mark.parametrize(
    "path, value",
    [
        (("replicas",), 9),
        (("workers",), 0),
        (("logLevel",), "debug"),
        (("watchNamespace",), "Not_A_Name"),
        (("image", "tag"), "a b"),
        (("test", "bootstrap"), "nowhere"),
        (("monitoring", "runbooks"), "ends/with/"),
    ],
)
def test_what_makes_no_sense_is_refused(path, value):
    assert refusals(changed(path, value))


def test_chart_and_image_have_the_version_of_the_program():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    makefile = (monitoring.ROOT / "Makefile").read_text()
    assert f"IMAGE ?= {VALUES['brokerImageRepository']}:{chart['appVersion']}\n" in makefile
    assert f"OPERATOR_IMAGE ?= {VALUES['image']['repository']}:{chart['appVersion']}\n" in makefile


def test_every_flag_that_is_given_is_one_that_the_operator_has():
    given = re.findall(r"^ +- (--[\w-]+)=", (CHART / "templates/deployment.yaml").read_text(), re.M)
    known = re.findall(r'^    "  (--[\w-]+) ', (OPERATOR / "main.cc").read_text(), re.M)
    assert len(given) == 6 and set(given) <= set(known)


# --- rights


def types():
    """kind → group/plural, as operator/kube knows them."""
    found = re.findall(r'ResourceType\{"([\w.]*)", "\w+", "(\w+)", "(\w+)"', (OPERATOR / "kube/object.cc").read_text())
    assert len(found) > 15
    return {kind: f"{group}/{plural}" for group, plural, kind in found}


def source(directory):
    """But what lets go of topics, which has rights of its own."""
    paths = sorted((OPERATOR / directory).glob("*.cc"))
    return "".join(path.read_text() for path in paths if path.name != "letting_go.cc")


def needed():
    """What the operator's source asks of the API server, as {(resource, verb)}."""
    watches, plan, resource, every = source("reconcile"), source("plan"), source("resource"), types()
    children = re.search(r"constexpr std::array children = \{(.*?)\};", watches, re.S)[1]
    watched = set(re.findall(r'"(\w+)"', children)) | set(re.findall(r'add_kind\("(\w+)"', watches))
    applied = set(re.findall(r'\bmade\s*=\s*object\([\w.]+, "[\w./]+", "(\w+)"', resource))
    assert {"StatefulSet", "Service", "PodMonitor"} <= applied & watched and "Node" in watched
    asked = {(kind, verb) for kind in watched for verb in ("list", "watch")}
    asked |= {(kind, verb) for kind in applied for verb in ("get", "create", "patch")}
    asked |= {(kind, "delete") for kind in re.findall(r'Delete\{\s*"[\w./]+",\s*"(\w+)"', plan)}
    asked |= {(kind, "patch") for kind in re.findall(r'\bPatch\{\s*"[\w./]+",\s*"(\w+)"', plan)}
    asked |= {("Event", "create"), ("Event", "patch")}  # an apply
    asked |= {("Lease", "get"), ("Lease", "create"), ("Lease", "update")}
    asked |= {(kind, "get") for kind in re.findall(r'read\(kube::resource_type\("(\w+)"\)', watches)}
    asked |= {("KafkaTopic", verb) for verb in ("list", "watch", "patch")}
    own = {("milena.dev/kafkaclusters/status", "patch"), ("milena.dev/kafkatopics/status", "patch")}
    # blockOwnerDeletion, where the API server checks it.
    own |= {("milena.dev/kafkaclusters/finalizers", "update")}
    return {(every[kind], verb) for kind, verb in asked} | own


def granted(template="rbac.yaml"):
    rules = re.findall(
        r"- apiGroups: \[(.*)\]\n +resources: \[([^\]]*)\].*\n(?: +resourceNames: \[.*\]\n)? +verbs: \[(.*)\]",
        (CHART / "templates" / template).read_text(),
    )
    return {
        (f"{group.strip(chr(34))}/{resource}", verb)
        for group, resources, verbs in rules
        for resource in resources.split(", ")
        for verb in verbs.split(", ")
    }


def test_the_operator_may_do_what_it_does_and_nothing_else():
    assert granted() == needed() and len({resource for resource, _ in granted()}) > 18
    assert "*" not in "".join(resource + verb for resource, verb in granted())


def test_who_lets_go_of_topics_may_do_that_and_nothing_else():
    assert granted("let-go.yaml") == {("milena.dev/kafkatopics", verb) for verb in ("get", "list", "patch")}


# --- pods


@pytest.mark.parametrize("template", ["deployment.yaml", "let-go.yaml", "tests/roundtrip.yaml"])
def test_pods_pass_pod_security_restricted(template):
    text = (CHART / "templates" / template).read_text()
    for line in (
        "runAsNonRoot: true",
        "seccompProfile: {type: RuntimeDefault}",
        "allowPrivilegeEscalation: false",
        "capabilities: {drop: [ALL]}",
        "readOnlyRootFilesystem: true",
    ):
        assert text.count(line) == 1, line
    for forbidden in ("hostNetwork", "hostPID", "hostPath", "hostPort", "privileged: true"):
        assert forbidden not in text
