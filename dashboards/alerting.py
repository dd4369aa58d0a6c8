"""Grafana's alert rules, provisioned from a file: what the view `alerts` says is firing, and that nothing comes.

The thresholds are those of the campaign files, which say what is to call people; a rule for each kind of alert has
Grafana route, silence and notify it by its own means. An alert's labels come with its row.
"""

from typing import Any, get_args

import yaml
from msgspec import Struct

from dashboards.boards import DASHBOARDS
from dashboards.grafana import DATASOURCE, sql_model, uid
from dashboards.panels.launch import FRESHNESS, VELOCITY
from schemas.campaign import AnyAlert
from schemas.counters import DATABASE

FOLDER = "Groundswell"
NO_DATA_S = 120
_EVERY = "10s"
_EXPRESSIONS = "__expr__"
KINDS = tuple(str(kind.__struct_config__.tag) for kind in get_args(AnyAlert))
"""The kinds of alerts that campaign files may declare."""


class Rule(Struct, frozen=True):
    """Fires for each row of ``query`` whose number is above ``above``; the row's texts are its labels.

    ``silent``: the state where there is no row, ``failed``: where ClickHouse does not answer. In the texts a label is
    ``{{ .Labels.name }}``.
    """

    name: str
    title: str
    query: str
    above: int
    silent: str
    failed: str
    panel: int
    summary: str
    description: str
    labels: dict[str, str]


def _of_kind(kind: str) -> Rule:
    return Rule(
        name=f"groundswell-{kind}",
        title=f"{kind.capitalize()} of a campaign",
        query=f"""
SELECT campaign, alert, severity, alert_id, message, 1 AS firing
FROM {DATABASE}.alerts
WHERE kind = '{kind}' AND resolved IS NULL
ORDER BY alert_id
""",
        above=0,
        silent="OK",
        failed="KeepLast",
        panel=_panel(VELOCITY.title),
        summary="{{ .Labels.campaign }}: {{ .Labels.alert }}",
        description="{{ .Labels.message }} `groundswell alerts ack {{ .Labels.alert_id }}` takes it on.",
        labels={},
    )


def _panel(title: str) -> int:
    """The id of a panel of the first dashboard."""
    return [panel.title for panel in DASHBOARDS[0].panels].index(title) + 1


NO_DATA = Rule(
    name="groundswell-no-data",
    title="Nothing is counted",
    query=FRESHNESS.query,
    above=NO_DATA_S,
    silent="Alerting",
    failed="Alerting",
    panel=_panel(FRESHNESS.title),
    summary="Nothing was counted for two minutes",
    description=(
        "No event of any campaign or platform lies in the last two minutes. `groundswell doctor` tells whether "
        "collectors, Kafka, workers or ClickHouse stand still."
    ),
    labels={"severity": "critical"},
)
RULES = (*(_of_kind(kind) for kind in KINDS), NO_DATA)


def document() -> str:
    """The file as the YAML that Grafana reads."""
    group = {"orgId": 1, "name": "groundswell", "folder": FOLDER, "interval": _EVERY}
    found = {"apiVersion": 1, "groups": [{**group, "rules": [_rule(rule) for rule in RULES]}]}
    text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=1_000)
    return f"# Made by `python -m dashboards`.\n{text}"


def _rule(rule: Rule) -> dict[str, Any]:
    threshold = {
        "refId": "B",
        "type": "threshold",
        "datasource": {"type": _EXPRESSIONS, "uid": _EXPRESSIONS},
        "expression": "A",
        "conditions": [{"evaluator": {"type": "gt", "params": [rule.above]}}],
    }
    return {
        "uid": rule.name,
        "title": rule.title,
        "condition": "B",
        "data": [
            {
                "refId": "A",
                "relativeTimeRange": {"from": 600, "to": 0},
                "datasourceUid": DATASOURCE.uid,
                "model": sql_model(rule.query),
            },
            {
                "refId": "B",
                "relativeTimeRange": {"from": 0, "to": 0},
                "datasourceUid": _EXPRESSIONS,
                "model": threshold,
            },
        ],
        "dashboardUid": uid(DASHBOARDS[0]),
        "panelId": rule.panel,
        "noDataState": rule.silent,
        "execErrState": rule.failed,
        "for": "0s",
        "annotations": {"summary": rule.summary, "description": rule.description},
        "labels": {"source": "groundswell", **rule.labels},
    }
