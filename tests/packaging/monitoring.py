"""The alerts and dashboards of the chart, and the metrics that the programs register."""

import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ROOT / "charts/milena/files"
SOURCES = [*sorted((ROOT / "broker/server").glob("*metrics*.cc")), ROOT / "operator/metrics.cc"]
BY_PROMETHEUS = {"up"}
WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}


def rules():
    return yaml.safe_load((FILES / "alerts.yaml").read_text())


def alerts():
    return {rule["alert"]: rule for group in rules()["groups"] for rule in group["rules"]}


def dashboards():
    return {path.stem: json.loads(path.read_text()) for path in sorted((FILES / "dashboards").glob("*.json"))}


def registered():
    """name → whether it is a histogram, of every metric whose name stands in the code that renders them."""
    names = {}
    for path in SOURCES:
        text = path.read_text()
        for name in re.findall(r'"((?:milena|process)_[a-z0-9_]+)"', text):
            is_histogram = rf'histogram\(\s*"{name}"|"{name}",[^;]*MetricType::Histogram'
            names[name] = bool(re.search(is_histogram, text))
    return names


def exported():
    """The names of the series."""
    names = set(BY_PROMETHEUS)
    for name, is_histogram in registered().items():
        names |= {f"{name}_{part}" for part in ("bucket", "count", "sum")} if is_histogram else {name}
    return names


def metrics_of(expression):
    """The names of metrics in an expression of PromQL: what is left when labels, texts and functions are gone."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    names = set(re.findall(r"(?<![\w.$])[a-zA-Z_]\w*\b(?!\s*\()", bare))
    return names - WORDS
