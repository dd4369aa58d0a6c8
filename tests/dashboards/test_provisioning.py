"""Grafana's provisioning files: the documented fields, the addresses of `groundswell up`, and rules that fire."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

import deploy
from dashboards import alerting
from dashboards.alerting import KINDS, NO_DATA, RULES
from dashboards.boards import DASHBOARDS
from dashboards.grafana import DATASOURCE, PROMETHEUS, uid
from schemas.counters import DATABASE
from streams.settings import Settings
from tests.dashboards.conftest import Grafana, Week

DEPLOY = Path(deploy.__path__[0])
GRAFANA = DEPLOY / "grafana"
# The environment file's syntax is systemd's and the shell's: no quoting is needed, and none used.
LINES = [line for line in (GRAFANA / "groundswell.env").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
ENVIRONMENT = dict(line.split("=", 1) for line in LINES)


def provisioned(folder: str) -> dict[str, Any]:
    """The file as Grafana reads it: parsed, and then the environment put into its values."""
    text = (GRAFANA / "provisioning" / folder / "groundswell.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = filled(yaml.safe_load(text))
    return found


def filled(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: filled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value) for value in node]
    if isinstance(node, str):
        return re.sub(r"\$\{?(\w+)\}?", lambda name: ENVIRONMENT[name[1]], node)
    return node


def test_datasource_is_the_reader_of_the_embedded_stack_over_http() -> None:
    source, _ = provisioned("datasources")["datasources"]
    address = urlsplit(str(Settings.model_fields["clickhouse_url"].default))
    assert source == {
        "name": "Groundswell",
        "uid": DATASOURCE.uid,
        "type": DATASOURCE.type_val,
        "access": "proxy",
        "editable": False,
        "jsonData": {
            "protocol": address.scheme,
            "host": address.hostname,
            "port": str(address.port),
            "secure": False,
            "username": "reader",
            "defaultDatabase": DATABASE,
            "dialTimeout": "10",
            "queryTimeout": "60",
        },
        "secureJsonData": {"password": ""},
    }


def test_workers_metrics_are_those_of_a_prometheus_on_this_machine() -> None:
    _, source = provisioned("datasources")["datasources"]
    (scraped,) = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert scraped["job_name"] == "groundswell"  # the panels ask for it
    assert source == {
        "name": "Groundswell workers",
        "uid": PROMETHEUS.uid,
        "type": PROMETHEUS.type_val,
        "access": "proxy",
        "editable": False,
        "url": "http://127.0.0.1:9090",
        "jsonData": {"httpMethod": "POST", "timeInterval": "5s"},
    }


def test_dashboards_come_from_the_folder_that_the_environment_names() -> None:
    (provider,) = provisioned("dashboards")["providers"]
    assert provider == {
        "name": "groundswell",
        "type": "file",
        "folder": "Groundswell",
        "allowUiUpdates": False,
        "disableDeletion": True,
        "updateIntervalSeconds": 30,
        "options": {"path": ENVIRONMENT["GROUNDSWELL_DASHBOARDS"]},
    }


def test_provisioning_is_of_grafanas_first_version_of_the_format() -> None:
    assert {provisioned(folder)["apiVersion"] for folder in ("datasources", "dashboards", "alerting")} == {1}


def rules() -> list[dict[str, Any]]:
    (group,) = provisioned("alerting")["groups"]
    assert {name: group[name] for name in ("orgId", "name", "folder", "interval")} == {
        "orgId": 1, "name": "groundswell", "folder": alerting.FOLDER, "interval": "10s",
    }  # fmt: skip
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_rules_are_one_for_each_kind_of_alert_and_one_for_silence() -> None:
    assert [rule["uid"] for rule in rules()] == [*(f"groundswell-{kind}" for kind in KINDS), "groundswell-no-data"]
    assert set(KINDS) == {"threshold", "spike", "pace", "silence", "mood", "hijack"}
    assert all(len(rule["uid"]) <= 40 for rule in rules())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["uid"])
def test_rules_are_of_the_documented_fields_and_name_what_there_is(rule: dict[str, Any]) -> None:
    query, threshold = rule["data"]
    assert (query["refId"], threshold["refId"], rule["condition"]) == ("A", "B", "B")
    assert (query["datasourceUid"], threshold["datasourceUid"]) == (DATASOURCE.uid, "__expr__")
    assert threshold["model"]["expression"] == "A"
    assert query["relativeTimeRange"]["from"] > query["relativeTimeRange"]["to"] == 0
    assert rule["noDataState"] in {"NoData", "Alerting", "OK", "KeepLast"}
    assert rule["execErrState"] in {"Error", "Alerting", "OK", "KeepLast"}
    assert rule["dashboardUid"] == uid(DASHBOARDS[0])
    assert 1 <= rule["panelId"] <= len(DASHBOARDS[0].panels)
    # Provisioning puts the environment in for what begins with a dollar, and rules have no dashboard's variables.
    assert "$" not in str(rule)


def fires(grafana: Grafana, rule: alerting.Rule) -> list[dict[str, Any]]:
    """The labels of each alert, as Grafana makes them of a table: its texts, where the one number is above."""
    found = []
    for row in grafana.query(rule.query, 0, 0, {}):
        (number,) = (value for value in row.values() if isinstance(value, int | float))
        if number > rule.above:
            found.append({name: value for name, value in row.items() if isinstance(value, str)})
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rules_fire_for_what_the_view_says_is_firing(counted_week: Week, rule: alerting.Rule) -> None:
    expected = [
        {"campaign": "love", "alert": "burst", "severity": "critical", "alert_id": "love/burst/1",
         "message": "It's rising"}
    ]  # fmt: skip
    assert fires(counted_week.grafana, rule) == (expected if rule.name == "groundswell-spike" else [])
    used = set(re.findall(r"\.Labels\.(\w+)", rule.summary + rule.description))
    assert used <= set(expected[0])


def test_silence_is_told_after_two_minutes_and_where_there_is_nothing_at_all(
    grafana: Grafana, empty_grafana: Grafana
) -> None:
    (row,) = grafana.query(NO_DATA.query, 0, 0, {})
    (age_s,) = row.values()
    assert bool(fires(grafana, NO_DATA)) == (age_s > 120)
    assert empty_grafana.query(NO_DATA.query, 0, 0, {}) == []
    assert NO_DATA.silent == NO_DATA.failed == "Alerting"
