"""What dashboards and alerts ask for is what the broker and the operator export."""

import monitoring
import promtool
import pytest
import yaml

BOARDS = ["brokers", "consumer-groups", "glance", "operator", "replication", "topics"]


def queries():
    """(where, expression) of every alert and every panel."""
    for name, rule in monitoring.alerts().items():
        yield name, rule["expr"]
    for name, board in monitoring.dashboards().items():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield f"{name}: {panel['title']}", target["expr"]


def test_the_names_are_found_in_the_source():
    names = monitoring.registered()
    assert len(names) > 80
    assert {name for name, is_histogram in names.items() if is_histogram} == {
        "milena_request_seconds",
        "milena_shard_work_seconds",
        "milena_operator_reconcile_seconds",
    }
    assert {"milena_consumer_lag_seconds", "milena_client_metric", "milena_operator_leader"} <= set(names)


@pytest.mark.parametrize("where, query", list(queries()))
def test_every_metric_is_one_that_is_exported(where, query):
    names = monitoring.metrics_of(query)
    assert names, "a query of nothing"
    assert names <= monitoring.exported(), where


def test_every_query_is_promql(tmp_path):
    every = [query.replace("$__rate_interval", "5m") for _, query in queries()]
    rules = [{"record": f"query:{i}", "expr": query} for i, query in enumerate(every)]
    (tmp_path / "queries.yaml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    code, said = promtool.check_rules(tmp_path / "queries.yaml")
    assert code == 0, said


def test_metrics_are_found_in_expressions():
    found = monitoring.metrics_of('sum by (le, pod) (rate(a_bucket{x="y"}[5m])) / on (pod) group_left () b > 0.5 or c')
    assert found == {"a_bucket", "b", "c"}


def test_the_six_boards():
    boards = monitoring.dashboards()
    assert sorted(boards) == BOARDS
    assert len({board["uid"] for board in boards.values()}) == len(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_read_only_in_what_it_selects(name):
    board = monitoring.dashboards()[name]
    assert board["id"] is None and board["title"].startswith("Milena / ")
    chosen = {variable["name"] for variable in board["templating"]["list"]}
    assert chosen == ({"datasource", "namespace"} if name == "operator" else {"datasource", "namespace", "cluster"})
    assert 4 <= len(board["panels"]) <= 12
    spaces = [tuple(panel["gridPos"][key] for key in "xywh") for panel in board["panels"]]
    for i, (x, y, w, h) in enumerate(spaces):
        assert x + w <= 24
        for x2, y2, w2, h2 in spaces[:i]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y, board["panels"][i]["title"]
    for panel in board["panels"]:
        assert panel["description"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            assert 'namespace=~"$namespace"' in target["expr"]
            assert name == "operator" or 'milena_dev_cluster=~"$cluster"' in target["expr"]
