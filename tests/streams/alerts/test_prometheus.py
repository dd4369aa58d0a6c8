"""Rule files, as Prometheus itself understands them; and the whole way: gauge, Prometheus, Alertmanager, webhook."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from deploy.ports import free_port
from schemas.campaign import Campaign
from schemas.campaign_file import parse
from streams import metrics
from streams.alerts import gauges, prometheus
from streams.alerts.episodes import Episode, History
from streams.alerts.judge import Reading
from tests.streams.alerts.programs import Server, run
from tests.streams.alerts.webhook import Webhook, wait_until

ROOT = Path(__file__).parents[3]
EVERY_KEY = ROOT / "schemas/examples/campaigns/good/every-key.toml"
CAMPAIGN = parse(EVERY_KEY.read_text(encoding="utf-8"), EVERY_KEY.name)
RULES = f"{prometheus.CAMPAIGN_PREFIX}{CAMPAIGN.name}.yml"
_NOTHING = " ".join(["NaN"] * 200)
NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in prometheus.files([CAMPAIGN]).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def _no_gauges() -> Iterator[None]:
    yield
    for gauge in (metrics.ALERT_VALUE, metrics.ALERT_LIMIT, metrics.ALERT_FIRING):
        gauge.clear()
    metrics.ALERTS_EVALUATED.set(0)


def rules(text: str) -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(text)["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_a_campaign_with_alerts_has_a_file_with_a_rule_for_each_and_others_have_none() -> None:
    silent = Campaign(name="silent", title="Silent", hashtags=("silent",))
    made = prometheus.files([CAMPAIGN, silent])
    assert set(made) == {prometheus.PIPELINE, RULES}
    found = rules(made[RULES])
    assert [rule["labels"]["severity"] for rule in found[:-1]] == [alert.severity for alert in CAMPAIGN.alerts]
    assert all(f'alert="{alert.name}"' in rule["expr"] for alert, rule in zip(CAMPAIGN.alerts, found, strict=False))
    assert found[-1]["alert"] == "GroundswellCampaignNotWatched"
    assert all({"summary", "description"} == set(rule["annotations"]) for rule in found)


def test_every_metric_that_a_rule_asks_for_is_declared() -> None:
    names = {f"{one._name}{suffix}" for one in metrics.ALL for suffix in ("", "_total", "_count")}
    for text in prometheus.files([CAMPAIGN]).values():
        for rule in rules(text):
            words = rule["expr"].replace("(", " ").replace("{", " ").replace(")", " ").replace("[", " ").split()
            asked = [word for word in words if word.startswith("groundswell_")]
            assert asked
            assert set(asked) <= names


def test_the_pipelines_file_in_the_repository_is_fresh() -> None:
    text = (ROOT / prometheus.FOLDER / prometheus.PIPELINE).read_text(encoding="utf-8")
    assert text == prometheus.files([])[prometheus.PIPELINE]


def test_promtool_takes_every_rule_file(folder: Path) -> None:
    said = run("promtool", "check", "rules", *folder.glob("*.yml"))
    assert f"SUCCESS: {len(CAMPAIGN.alerts) + 1} rules found" in said


def _series(name: str, value: str, instance: str = "a", **labels: str) -> dict[str, str]:
    text = ",".join(f'{key}="{word}"' for key, word in {**labels, "instance": instance}.items())
    return {"series": f"{name}{{{text}}}", "values": value}


def _test_of(alert_name: str, rule: dict[str, Any], metric: str) -> dict[str, Any]:
    """It fires while it fires, with its value; a worker that no longer evaluates (NaN) neither adds nor takes."""
    labels = {"campaign": CAMPAIGN.name, "alert": alert_name, "metric": metric}
    value, firing = "groundswell_campaign_alert_value", "groundswell_campaign_alert_firing"
    expected = {
        "exp_labels": {**labels, "severity": rule["labels"]["severity"]},
        "exp_annotations": {
            "summary": rule["annotations"]["summary"],
            "description": rule["annotations"]["description"].replace("{{ $value | humanize }}", "42"),
        },
    }
    return {
        "interval": "5s",
        "input_series": [
            _series(value, "42x30", **labels),
            _series(firing, "0x5 1x5 0x18", **labels),
            _series(value, _NOTHING, "b", **labels),
            _series(firing, _NOTHING, "b", **labels),
        ],
        "alert_rule_test": [
            {"eval_time": "20s", "alertname": rule["alert"], "exp_alerts": []},
            {"eval_time": "35s", "alertname": rule["alert"], "exp_alerts": [expected]},
            {"eval_time": "90s", "alertname": rule["alert"], "exp_alerts": []},
        ],
    }


def _not_watched(values: str, expected: int) -> dict[str, Any]:
    firing = _series("groundswell_campaign_alert_firing", values, campaign=CAMPAIGN.name, alert="burst")
    (*_, rule) = rules(prometheus.files([CAMPAIGN])[RULES])
    labels = {"campaign": CAMPAIGN.name, "severity": "critical"}
    alert = {"exp_labels": labels, "exp_annotations": rule["annotations"]}
    asked = {"eval_time": "10m", "alertname": rule["alert"], "exp_alerts": [alert] * expected}
    return {"interval": "5s", "input_series": [firing], "alert_rule_test": [asked]}


def test_promtool_finds_that_every_campaign_rule_calls_when_it_should(folder: Path) -> None:
    found = rules((folder / RULES).read_text(encoding="utf-8"))
    tests = [
        _test_of(alert.name, rule, gauges.metric_of(CAMPAIGN, alert))
        for alert, rule in zip(CAMPAIGN.alerts, found, strict=False)
    ]
    tests += [_not_watched("0x200", 0), _not_watched(_NOTHING, 1)]
    document = {"rule_files": [RULES], "evaluation_interval": "5s", "tests": tests}
    (folder / "tests.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert "SUCCESS" in run("promtool", "test", "rules", folder / "tests.yml")


PIPELINE_CASES = {
    "GroundswellNoWorker": (("groundswell_flush_seconds_count", "1x200"), ("other", "1x200")),
    "GroundswellLag": (("groundswell_lag_records", "100000x200"), ("groundswell_lag_records", "100001x200")),
    "GroundswellWaitingForClickHouse": (
        ("groundswell_waiting_for_clickhouse", "0x200"),
        ("groundswell_waiting_for_clickhouse", "1x200"),
    ),
    "GroundswellWaitingForKafka": (
        ("groundswell_waiting_for_kafka", "0x200"),
        ("groundswell_waiting_for_kafka", "1x200"),
    ),
    "GroundswellDeadLetters": (
        ("groundswell_dead_letters_total", "0+1x200"),
        ("groundswell_dead_letters_total", "0+20x200"),
    ),
    "GroundswellAlertsNotEvaluated": (
        ("groundswell_alerts_evaluated_timestamp_seconds", "0+5x200"),
        ("groundswell_alerts_evaluated_timestamp_seconds", "5x200"),
    ),
    "GroundswellNotificationsFail": (
        ("groundswell_alert_notifications_total", "3x200"),
        ("groundswell_alert_notifications_total", "0+1x200"),
    ),
}
"""By rule, a series that is well and one that is not."""


def test_promtool_finds_that_every_pipeline_rule_calls_when_it_should(folder: Path) -> None:
    found = {rule["alert"]: rule for rule in rules((folder / prometheus.PIPELINE).read_text(encoding="utf-8"))}
    assert set(found) == set(PIPELINE_CASES)
    queries = []
    tests = []
    for name, cases in PIPELINE_CASES.items():
        for (series, values), calls in zip(cases, (0, 1), strict=True):
            labels = {"outcome": "failed"} if "notifications" in series else {}
            inputs = [_series(series, values, **labels), _series("groundswell_records_read_total", "0+100x200")]
            query = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)'
            expected = [{"labels": "{}", "value": calls}]
            queries.append(query)
            asked = {"expr": query, "eval_time": "10m", "exp_samples": expected}
            tests.append({"interval": "5s", "input_series": inputs, "promql_expr_test": [asked]})
    document = {"rule_files": [prometheus.PIPELINE], "evaluation_interval": "5s", "tests": tests}
    (folder / "tests.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert "SUCCESS" in run("promtool", "test", "rules", folder / "tests.yml")


def test_promtool_and_amtool_take_the_example_configurations() -> None:
    assert "SUCCESS" in run("promtool", "check", "config", ROOT / "deploy/prometheus/prometheus.yml")
    assert "SUCCESS" in run("amtool", "check-config", ROOT / "deploy/alertmanager/alertmanager.yml")


def _history(*episodes: Episode) -> History:
    return History(NOW, {(CAMPAIGN.name, "burst"): episodes} if episodes else {}, [])


def _gauge(name: str, alert: str = "burst") -> float | None:
    metric = {"burst": "mentions", "silent": "silent_seconds"}[alert]
    severity = {"burst": "warning", "silent": "critical"}[alert]
    labels = {"campaign": CAMPAIGN.name, "alert": alert, "metric": metric, "severity": severity}
    return REGISTRY.get_sample_value(f"groundswell_{name}", labels)


def test_gauges_say_how_alerts_stand_and_nothing_when_another_evaluates() -> None:
    fires = Episode(CAMPAIGN.name, "burst", 1, "warning", NOW, "so it is")
    reading = Reading(True, False, 320, 98.5, "so it is")
    gauges.show([CAMPAIGN], {(CAMPAIGN.name, "burst"): reading}, _history(fires))
    assert (_gauge("campaign_alert_value"), _gauge("campaign_alert_limit")) == (320, 98.5)
    assert (_gauge("campaign_alert_firing"), _gauge("campaign_alert_firing", "silent")) == (1, 0)
    assert REGISTRY.get_sample_value("groundswell_alerts_evaluated_timestamp_seconds") == NOW.timestamp()
    gauges.forget([CAMPAIGN])
    assert math.isnan(_gauge("campaign_alert_firing") or 0)
    assert math.isnan(_gauge("campaign_alert_value") or 0)


def test_a_gauge_reaches_a_webhook_by_way_of_prometheus_and_alertmanager(folder: Path) -> None:
    worker = metrics.serve(free_port())
    alertmanager, port = free_port(), free_port()
    example = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    example["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    example["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{worker.server_port}"]
    example["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{alertmanager}"]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(example), encoding="utf-8")
    routing = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text(encoding="utf-8"))
    routing["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    with Webhook() as webhook:
        routing["receivers"][0]["webhook_configs"][0]["url"] = f"http://127.0.0.1:{webhook.port}/alerts"
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(routing), encoding="utf-8")
        with (
            Server(
                "prometheus-alertmanager",
                [
                    f"--config.file={folder}/alertmanager.yml",
                    f"--storage.path={folder}/alertmanager",
                    f"--web.listen-address=127.0.0.1:{alertmanager}",
                    "--cluster.listen-address=",
                ],
                f"http://127.0.0.1:{alertmanager}/-/ready",
                folder / "alertmanager.log",
            ),
            Server(
                "prometheus",
                [
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/prometheus",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                f"http://127.0.0.1:{port}/-/ready",
                folder / "prometheus.log",
            ),
        ):
            _fires_and_is_over(webhook)
    worker.shutdown()
    worker.server_close()


def _fires_and_is_over(webhook: Webhook) -> None:
    def sent(status: str) -> list[dict[str, Any]]:
        return [
            alert
            for _, document in list(webhook.received)
            for alert in document["alerts"]
            if alert["labels"].get("alert") == "burst" and alert["status"] == status
        ]

    fires = Episode(CAMPAIGN.name, "burst", 1, "warning", NOW, "so it is")
    reading = Reading(True, False, 320, 98.5, "so it is")
    gauges.show([CAMPAIGN], {(CAMPAIGN.name, "burst"): reading}, _history(fires))
    wait_until(lambda: sent("firing"), "the alert")
    (alert, *_) = sent("firing")
    assert alert["labels"] == {
        "alertname": "GroundswellSpike",
        "campaign": CAMPAIGN.name,
        "alert": "burst",
        "metric": "mentions",
        "severity": "warning",
    }
    assert "Measured: 320." in alert["annotations"]["description"]
    over = Episode(CAMPAIGN.name, "burst", 1, "warning", NOW, "so it is", resolved=NOW + timedelta(seconds=5))
    gauges.show([CAMPAIGN], {}, _history(over))
    wait_until(lambda: sent("resolved"), "its end")
