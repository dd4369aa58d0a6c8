"""Prometheus: rule files made of campaign files, and one about the pipeline itself. Pure; the same files each time.

A campaign's rules ask the gauges of the elected worker, whose ``firing`` follows the recorded history: Prometheus calls
when, and for as long as, the view ``alerts`` says so. What moves from worker to worker stays one alert, for no label
says which worker it was.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from schemas.campaign import AnyAlert, Campaign, Hijack, Mood, Pace, Silence, Spike, Threshold
from streams.alerts.series import goal_of
from streams.alerts.words import number, percent, span

FOLDER = Path("deploy/prometheus")
CAMPAIGN_PREFIX = "groundswell-campaign-"
PIPELINE = "groundswell-pipeline.yml"


class Rule(Struct, frozen=True):
    """One alerting rule: ``lasts`` is for how long the expression must hold.

    ``campaign`` is a label of it, where the expression has none.
    """

    alert: str
    expression: str
    lasts: str
    severity: str
    summary: str
    description: str
    campaign: str = ""


_PIPELINE = (
    Rule(
        "GroundswellNoWorker", "absent(groundswell_flush_seconds_count)", "1m", "critical",
        "No worker counts.", "Nothing is lost while Kafka keeps it: start `groundswell worker`, or look why it ended.",
    ),
    Rule(
        "GroundswellLag", "sum(max by (partition) (groundswell_lag_records)) > 100000", "5m", "warning",
        "Counting lags behind.",
        "{{ $value | humanize }} records are on the log and not yet counted: start more workers.",
    ),
    Rule(
        "GroundswellWaitingForClickHouse", "max(groundswell_waiting_for_clickhouse) == 1", "1m", "critical",
        "ClickHouse takes no rows.", "Nothing is lost; what is new is not visible: look at ClickHouse's log.",
    ),
    Rule(
        "GroundswellWaitingForKafka", "max(groundswell_waiting_for_kafka) == 1", "1m", "critical",
        "Kafka does not answer.", "Nothing is lost; nothing new is read: look at the brokers.",
    ),
    Rule(
        "GroundswellDeadLetters",
        "sum(rate(groundswell_dead_letters_total[5m])) / sum(rate(groundswell_records_read_total[5m])) > 0.1",
        "5m", "warning", "A producer sends what is no event.",
        "{{ $value | humanizePercentage }} of the records are refused: `groundswell dead-letters list` says why.",
    ),
    Rule(
        "GroundswellAlertsNotEvaluated",
        "time() - max(groundswell_alerts_evaluated_timestamp_seconds > 0) > 60", "0s", "critical",
        "Campaigns' alerts are not evaluated.",
        "For {{ $value | humanizeDuration }} nobody would have been called: look at the workers' logs.",
    ),
    Rule(
        "GroundswellNotificationsFail",
        'sum(increase(groundswell_alert_notifications_total{outcome="failed"}[10m])) > 0', "0s", "warning",
        "Somebody could not be notified of an alert.",
        "`groundswell alerts list` has the alert, `groundswell alerts test` tries again.",
    ),
)  # fmt: skip


def files(campaigns: Iterable[Campaign]) -> dict[str, str]:
    """Every rule file by its name: the pipeline's, and one for each campaign that has alerts."""
    made = {PIPELINE: _file([("groundswell-pipeline", _PIPELINE)])}
    for campaign in campaigns:
        if campaign.alerts:
            name = f"{CAMPAIGN_PREFIX}{campaign.name}"
            made[f"{name}.yml"] = _file([(name, _of_campaign(campaign))])
    return made


def _of_campaign(campaign: Campaign) -> list[Rule]:
    unwatched = Rule(
        "GroundswellCampaignNotWatched",
        f'absent(groundswell_campaign_alert_firing{{campaign="{campaign.name}"}} >= 0)',
        "2m",
        "critical",
        f"Nobody evaluates the alerts of {campaign.name}.",
        "Start the workers with this campaign's file, and have Prometheus read their metrics.",
        campaign.name,
    )
    return [*(_rule(campaign, alert) for alert in campaign.alerts), unwatched]


def _rule(campaign: Campaign, alert: AnyAlert) -> Rule:
    chosen = f'campaign="{campaign.name}",alert="{alert.name}"'
    value = f"groundswell_campaign_alert_value{{{chosen}}}"
    firing = f"groundswell_campaign_alert_firing{{{chosen}}}"
    return Rule(
        f"Groundswell{str(alert.__struct_config__.tag).title()}",
        f"max by (campaign, alert, metric) ({value} and on (campaign, alert, instance) {firing} == 1)",
        "0s",
        alert.severity,
        f"{campaign.name}/{alert.name}: {_meaning(campaign, alert)}",
        "Measured: {{ $value | humanize }}. `groundswell alerts list " + campaign.name + "` tells more.",
    )


def _meaning(campaign: Campaign, alert: AnyAlert) -> str:
    match alert:
        case Threshold():
            over = f"in the last {span(alert.over_s)}" if alert.over_s else "in all"
            on = f" on {alert.source}" if alert.source else ""
            return f"more than {number(alert.above)} {_words(alert.metric)}{on} {over}"
        case Spike():
            return f"{_words(alert.metric)} of {span(alert.over_s)} far above those of {span(alert.base_s)} before"
        case Pace():
            goal = goal_of(campaign, alert)
            return f"the goal of {number(goal.value)} {_words(goal.metric)} will be missed"
        case Silence():
            return f"no event for {span(alert.over_s)} within a launch window"
        case Mood():
            return f"more than {percent(alert.negative)} of the posts are negative"
        case Hijack():
            return "a new hashtag rises, and its posts are negative"


def _words(metric: str) -> str:
    return metric.replace("_", " ")


def _file(groups: Sequence[tuple[str, Sequence[Rule]]]) -> str:
    lines = ["# Made by `groundswell alerts rules`.", "groups:"]
    for name, rules in groups:
        lines += [f"  - name: {name}", "    rules:"]
        for rule in rules:
            lines += [
                f"      - alert: {rule.alert}",
                f"        expr: {_quoted(rule.expression)}",
                f"        for: {rule.lasts}",
                "        labels:",
                f"          severity: {rule.severity}",
                *([f"          campaign: {_quoted(rule.campaign)}"] if rule.campaign else []),
                "        annotations:",
                f"          summary: {_quoted(rule.summary)}",
                f"          description: {_quoted(rule.description)}",
            ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A double-quoted scalar: JSON's strings are YAML's too."""
    return json.dumps(text, ensure_ascii=False)
