"""The panels that ask Prometheus: of metrics that there are, in PromQL that Prometheus itself takes."""

import re
from pathlib import Path

import pytest
import yaml

from dashboards.panel import Column
from dashboards.panels import PIPELINE
from streams import metrics
from tests.streams.alerts.programs import run

COLUMNS = [column for panel in PIPELINE for column in panel.columns if column.promql]


def plain(promql: str) -> str:
    """As Grafana sends it."""
    return promql.replace("$__rate_interval", "20s").replace("$__range", "3600s")


def samples() -> set[str]:
    """The names of every sample that a worker serves."""
    found = set()
    for metric in metrics.ALL:
        (described,) = metric.describe()
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(described.type, ("",))
        found |= {described.name + end for end in ends}
    return found


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.promql[:60])
def test_panels_ask_for_metrics_and_labels_that_workers_serve(column: Column) -> None:
    named = set(re.findall(r"\bgroundswell_\w+", column.promql))
    assert named
    assert named <= samples()
    labels = {label for metric in metrics.ALL for label in metric._labelnames} | {"le"}
    for by in re.findall(r" by \((\w+)\)", column.promql):
        assert by in labels


def test_promtool_takes_every_query(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": plain(column.promql)} for number, column in enumerate(COLUMNS)]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert f"SUCCESS: {len(COLUMNS)} rules found" in run("promtool", "check", "rules", path)


def test_panels_of_prometheus_have_a_query_for_each_column() -> None:
    for panel in PIPELINE:
        assert bool(panel.query) != all(column.promql for column in panel.columns)


def test_promtool_finds_the_numbers_of_what_workers_count(tmp_path: Path) -> None:
    """Two partitions, a worker each: read at 300 records a second together, 40 and 2 behind."""
    series = {
        'groundswell_records_read_total{job="groundswell",partition="0",instance="a"}': "0+1000x10",
        'groundswell_records_read_total{job="groundswell",partition="1",instance="b"}': "0+500x10",
        'groundswell_lag_records{job="groundswell",partition="0",instance="a"}': "40x10",
        'groundswell_lag_records{job="groundswell",partition="1",instance="b"}': "2x10",
        'groundswell_resident_memory_bytes{job="groundswell",instance="a"}': "300x10",
        'groundswell_resident_memory_bytes{job="groundswell",instance="b"}': "200x10",
        'groundswell_resident_memory_bytes{job="other",instance="c"}': "900x10",
    }
    of = {column.name: column.promql for panel in PIPELINE if panel.title != "Health" for column in panel.columns}
    expected = {"read": 300, "all partitions": 42, "most of one partition": 40, "all workers": 500}
    test = {
        "interval": "5s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": plain(of[name]), "eval_time": "45s", "exp_samples": [{"labels": "{}", "value": value}]}
            for name, value in expected.items()
        ],
    }
    path = tmp_path / "tests.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "5s", "tests": [test]}), encoding="utf-8")
    assert "SUCCESS" in run("promtool", "test", "rules", path)
