"""The alerts: each fires, each keeps quiet, none during a rolling restart; each leads to a page that helps."""

import pathlib
import re

import monitoring
import promtool
import pytest
import yaml

# Texts only: 0x20 is no number here.
CASES = yaml.load((pathlib.Path(__file__).parent / "alert_cases.yaml").read_text(), yaml.BaseLoader)
RUNBOOKS = monitoring.ROOT / "docs/runbooks"
SECTIONS = ["What it means", "What users feel", "What to look at", "What to do"]


def own_labels(series):
    return {"namespace": "milena"} if series.startswith("milena_operator_") else {
        "namespace": "kafka",
        "milena_dev_cluster": "demo",
    }


def series_of(given):
    """promtool's input_series: each with the labels that identify its cluster."""
    listed = []
    for series, values in given.items():
        name, _, labels = series.partition("{")
        own = ",".join(f'{key}="{value}"' for key, value in own_labels(series).items())
        listed.append({"series": f"{name}{{{own},{labels}", "values": str(values)})
    return listed


def cases(alert, case):
    first = next(iter(case["fires"]))
    severity = monitoring.alerts()[alert]["labels"]["severity"]
    labels = {**own_labels(first), **case.get("labels", {}), "severity": severity}
    for kind, expected in (("fires", [{"exp_labels": labels}]), ("quiet", [])):
        yield {
            "interval": "30s",
            "input_series": series_of(case[kind]),
            "alert_rule_test": [{"eval_time": case["at"], "alertname": alert, "exp_alerts": expected}],
        }


def test_the_rules_are_what_prometheus_accepts():
    code, said = promtool.check_rules(monitoring.FILES / "alerts.yaml")
    assert code == 0, said


def test_each_fires_and_keeps_quiet(tmp_path):
    assert list(CASES) == list(monitoring.alerts())
    every = [test for alert, case in CASES.items() for test in cases(alert, case)]
    code, said = promtool.test_rules(tmp_path, monitoring.rules(), every)
    assert code == 0, said


def test_no_operator_at_all_is_an_alarm(tmp_path):
    expected = [{"exp_labels": {"severity": "warning"}}]
    look = [{"eval_time": "20m", "alertname": "MilenaOperatorDown", "exp_alerts": expected}]
    code, said = promtool.test_rules(
        tmp_path, monitoring.rules(), [{"interval": "30s", "input_series": [], "alert_rule_test": look}]
    )
    assert code == 0, said


def rolling_restart(brokers, minutes_each):
    """Every series of a cluster whose brokers are restarted one after another, each away for a minute; one sample each
    half minute. Meanwhile the others lack a copy, ISRs shrink and grow, and the controller moves to the next one."""
    begin, samples = 90, 90 * 2 + brokers * minutes_each * 2 + 60
    away = {i: range(2 * (begin + i * minutes_each), 2 * (begin + i * minutes_each) + 2) for i in range(brokers)}
    any_away = {at for times in away.values() for at in times}
    series = {}

    def add(name, pod, value, **labels):
        given = "".join(f',{key}="{text}"' for key, text in labels.items())
        key = f'{name}{{pod="{pod}"{given}}}'
        series[key] = " ".join("_" if (at := value(i)) is None else str(at) for i in range(samples))

    for i in range(brokers):
        pod, gone = f"demo-brokers-{i}", away[i]

        def serving(value, gone=gone):
            return lambda at: None if at in gone else value(at)

        def counting(value, gone=gone):
            return serving(lambda at: sum(value(t) for t in range(gone.stop if at > gone.start else 0, at + 1)))

        controls = (lambda at, i=i: int((sum(at >= times.start for times in away.values()) - i) % brokers == 0))
        add("up", pod, lambda at, gone=gone: 0 if at in gone else 1)
        add("milena_active", pod, serving(lambda at: 1))
        add("milena_active_controller", pod, serving(controls))
        add("milena_build_info", pod, serving(lambda at: 1), version="0.1.0")
        add("process_start_time_seconds", pod, serving(lambda at, gone=gone: gone.stop * 30 if at >= gone.stop else 0))
        add("milena_metadata_offset", pod, serving(lambda at: 1000 + at))
        lacking = any_away - set(gone)
        add("milena_under_replicated_partitions", pod, serving(lambda at, s=lacking: 40 if at in s else 0), shard="0")
        add("milena_under_min_isr_partitions", pod, serving(lambda at: 0), shard="0")
        add("milena_offline_log_directories", pod, serving(lambda at: 0), shard="0")
        add("milena_full_log_directories", pod, serving(lambda at: 0), shard="0")
        starts = {times.start for times in away.values()} - {gone.start}
        add("milena_isr_shrinks_total", pod, counting(lambda at, s=starts: 40 if at in s else 0), shard="0")
        add("milena_topic_produce_requests_total", pod, counting(lambda at: 1000), topic="t")
        add("milena_topic_produce_failures_total", pod, counting(lambda at, s=starts: 50 if at in s else 0), topic="t")
    return samples, {**series, 'milena_operator_leader{pod="o"}': f"1x{samples}"}


@pytest.mark.parametrize("brokers, minutes_each", [(3, 3), (15, 1)])
def test_no_alert_during_a_rolling_restart(brokers, minutes_each, tmp_path):
    samples, series = rolling_restart(brokers, minutes_each)
    look = [
        {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []}
        for alert in monitoring.alerts()
        for minute in range(85, samples // 2 - 5)
    ]
    tests = [{"interval": "30s", "input_series": series_of(series), "alert_rule_test": look}]
    code, said = promtool.test_rules(tmp_path, monitoring.rules(), tests)
    assert code == 0, said


def test_a_roll_that_waits_for_copies_is_told_by_the_alert_on_those_copies(tmp_path):
    # One broker was restarted an hour ago, and doesn't catch up.
    series = {
        'process_start_time_seconds{pod="a"}': "0x120",
        'process_start_time_seconds{pod="b"}': "0x6 180x114",
        'milena_under_replicated_partitions{pod="a",shard="0"}': "0x6 40x114",
        'milena_restart_blocking_partitions{pod="a",broker="0"}': "0x6 40x114",
        'milena_operator_leader{pod="o"}': "1x120",
    }
    labels = {"namespace": "kafka", "milena_dev_cluster": "demo", "severity": "warning"}
    look = [
        {"eval_time": at, "alertname": alert, "exp_alerts": [{"exp_labels": labels}] if told else []}
        for alert in monitoring.alerts()
        for at, told in (("10m", False), ("40m", alert == "MilenaUnderReplicated"))
    ]
    tests = [{"interval": "30s", "input_series": series_of(series), "alert_rule_test": look}]
    code, said = promtool.test_rules(tmp_path, monitoring.rules(), tests)
    assert code == 0, said


@pytest.mark.parametrize("alert", monitoring.alerts())
def test_says_whose_it_is_how_bad_it_is_and_where_help_is(alert):
    rule = monitoring.alerts()[alert]
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{alert}.md"
    assert {"summary", "runbook_url"} == set(rule["annotations"])
    names = monitoring.metrics_of(rule["expr"])
    is_of_operator = all(name.startswith("milena_operator_") for name in names)
    assert is_of_operator or "milena_dev_cluster" in rule["expr"] or alert == "MilenaBrokerNotServing"


@pytest.mark.parametrize("alert", monitoring.alerts())
def test_has_a_page_with_commands(alert):
    page = (RUNBOOKS / f"{alert}.md").read_text()
    assert page.startswith(f"# {alert}\n")
    assert re.findall(r"^## (.*)$", page, re.M) == SECTIONS
    assert "    kubectl " in page.split("## What to look at")[1].split("## What to do")[0]


def test_every_page_is_of_an_alert():
    assert {path.stem for path in RUNBOOKS.glob("Milena*.md")} == set(monitoring.alerts())
    index = (RUNBOOKS / "README.md").read_text()
    assert re.findall(r"^\| \[(\w+)\]\(\1\.md\) \|", index, re.M) == list(monitoring.alerts())
