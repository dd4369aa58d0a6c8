"""Grafana's dashboards: what the declarations are in its JSON, by the foundation SDK.

``raw_sql`` makes a declared query the plugin's. A variable's value reaches it percent-encoded and inside quotes, and
nothing else of it does: whatever somebody puts into the dashboard's address, no quote or backslash arrives that could
end the literal. (Grafana's own ``singlequote`` and ``sqlstring`` formats leave backslashes as they are, so with them it
could.) The boundary that remains is the database user's: who may edit a panel, or ask the data source directly, can
send any statement, and only the grants of the data source's user (``reader``: SELECT, within limits) say what comes of
it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard as model

from dashboards.drawings import DrawnPanel, drawing
from dashboards.panel import Dashboard, Mark, Panel
from dashboards.variables import (
    CAMPAIGN,
    CAMPAIGN_NAME,
    CHOSEN_PLATFORMS,
    FROM,
    GRANULARITIES,
    GRANULARITY_S,
    PLATFORM,
    TO,
    Granularity,
    QueryVariable,
)
from schemas.counters import EVERY_CAMPAIGN
from schemas.event import SOURCES, WINDOW_S

DATASOURCE = model.DataSourceRef(type_val="grafana-clickhouse-datasource", uid="groundswell")
PROMETHEUS = model.DataSourceRef(type_val="prometheus", uid="groundswell-prometheus")
PLUGIN_VERSION = "4.20.0"
"""The plugin whose query model and macros these are; it asks for Grafana 11.6 or later."""

TAG = "groundswell"
EVERY_PLATFORM = "*"
"""What Grafana puts in for "All" platforms: no platform's name, so that none is asked for and all count."""

_PARAMETERS = {
    FROM: "$__fromTime",
    TO: "$__toTime",
    CAMPAIGN_NAME: "decodeURLComponent('${campaign:percentencode}')",
    # Several values come as `{x,y}`.
    CHOSEN_PLATFORMS: (
        f"extractAll(decodeURLComponent('${{platform:percentencode}}'), '\\\\b(?:{'|'.join(SOURCES)})\\\\b')"
    ),
    GRANULARITY_S: f"greatest(toUInt32OrZero('${{granularity:percentencode}}'), {WINDOW_S})",
}
"""What each parameter of the declared queries is in Grafana: macros of the plugin, and variables."""


def raw_sql(query: str) -> str:
    """The plugin's query for one with ClickHouse's parameters."""
    for parameter, expression in _PARAMETERS.items():
        query = query.replace(parameter, expression)
    return query.strip()


def document(dashboard: Dashboard, others: Sequence[Dashboard]) -> str:
    """The dashboard as the JSON text that Grafana reads, with links to the others."""
    built = (
        board.Dashboard(dashboard.title)
        .uid(uid(dashboard))
        .description(dashboard.meaning)
        .tags([TAG])
        .time(dashboard.since, "now")
        .refresh(dashboard.refresh)
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(_query_variable(CAMPAIGN, _chosen(EVERY_CAMPAIGN, EVERY_CAMPAIGN)))
        .with_variable(_query_variable(PLATFORM, _chosen(["All"], ["$__all"])))
        .with_variable(_granularity_variable(GRANULARITIES, dashboard.granularity_s))
    )
    for mark in dashboard.marks:
        built = built.annotation(_Annotation(mark))
    for other in others:
        built = built.link(_Link(other))
    for number, panel in enumerate(dashboard.panels, 1):
        built = built.with_panel(_placed(panel, number))
    return JSONEncoder(indent=2, ensure_ascii=False).encode(built.build()) + "\n"


def uid(dashboard: Dashboard) -> str:
    """The name of the dashboard in its address."""
    return f"groundswell-{dashboard.name}"


def sql_model(query: str, *, series: bool = False) -> dict[str, Any]:
    """A query as the plugin saves it: its format is 0 for a time series, 1 for a table."""
    return {
        "refId": "A",
        "datasource": {"type": DATASOURCE.type_val, "uid": DATASOURCE.uid},
        "editorType": "sql",
        "queryType": "timeseries" if series else "table",
        "format": 0 if series else 1,
        "rawSql": raw_sql(query),
        "pluginVersion": PLUGIN_VERSION,
    }


class _Sql(Builder[Dataquery]):
    def __init__(self, query: str, *, series: bool = False) -> None:
        self._query = query
        self._series = series

    def build(self) -> Dataquery:
        return UnknownDataquery(sql_model(self._query, series=self._series))


def _placed(panel: Panel, number: int) -> DrawnPanel:
    """The panel for a dashboard, with ``number`` as its id there."""
    drawn = drawing(panel).id(number).span(panel.width).height(panel.height)
    if panel.query:
        return drawn.datasource(DATASOURCE).with_target(_Sql(panel.query, series=panel.drawing == "series"))
    drawn.datasource(PROMETHEUS)
    for letter, column in zip("ABCDEFGHIJ", panel.columns, strict=False):
        query = prometheus.Dataquery().ref_id(letter).datasource(PROMETHEUS).expr(column.promql)
        query.legend_format(column.name)
        drawn.with_target(query.range() if panel.drawing == "series" else query.instant())
    return drawn


class _Annotation(Builder[model.AnnotationQuery]):
    def __init__(self, mark: Mark) -> None:
        self._mark = mark

    def build(self) -> model.AnnotationQuery:
        fields = {"time": "time", "timeEnd": "time_end", "title": "title", "text": "text"}
        by_field = model.AnnotationEventFieldSource.FIELD
        built = model.AnnotationQuery(
            name=self._mark.name,
            datasource=DATASOURCE,
            icon_color=self._mark.colour,
            target=_Sql(self._mark.query).build(),
            mappings={
                name: model.AnnotationEventFieldMapping(source=by_field, value=column)
                for name, column in fields.items()
            },
        )
        # The SDK knows one place, the menu; the bar is where none is said.
        built.placement = None  # type: ignore[assignment]  # its own encoder takes it so
        return built


class _Link(Builder[model.DashboardLink]):
    def __init__(self, to: Dashboard) -> None:
        self._to = to

    def build(self) -> model.DashboardLink:
        built = model.DashboardLink(
            title=self._to.title,
            type_val=model.DashboardLinkType.LINK,
            url=f"/d/{uid(self._to)}",
            tooltip=self._to.meaning,
            icon="dashboard",
            include_vars=True,
            keep_time=True,
        )
        built.placement = None  # type: ignore[assignment]  # its own encoder takes it so
        return built


def _query_variable(variable: QueryVariable, current: model.VariableOption) -> board.QueryVariable:
    """A choice that the plugin finds by a query when the dashboard is opened.

    Not whenever the time range changes: a range that ends now changes with every refresh.
    """
    built = (
        board.QueryVariable(variable.name)
        .label(variable.label)
        .description(variable.meaning)
        .datasource(DATASOURCE)
        .query({"refId": variable.name, "queryType": "sql", "editorType": "sql", "rawSql": raw_sql(variable.query)})
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(variable.multi)
        .include_all(variable.multi)
        .allow_custom_value(False)
        .current(current)
    )
    return built.all_value(EVERY_PLATFORM) if variable.multi else built


def _granularity_variable(choices: Iterable[Granularity], default_s: int) -> board.CustomVariable:
    """A choice of bucket length; its value is in seconds."""
    options = [_option(choice, selected=choice.seconds == default_s) for choice in choices]
    (current,) = (option for option in options if option.selected)
    return (
        board.CustomVariable("granularity")
        .label("Granularity")
        .description("The length of a bucket in what is drawn over time, and of a span where spans are compared.")
        .values(",".join(f"{option.text} : {option.value}" for option in options))
        .options(options)
        .current(current)
        .multi(False)
        .include_all(False)
        .allow_custom_value(False)
    )


def _option(choice: Granularity, *, selected: bool) -> model.VariableOption:
    return model.VariableOption(selected=selected, text=choice.label, value=str(choice.seconds))


def _chosen(text: str | list[str], value: str | list[str]) -> model.VariableOption:
    return model.VariableOption(selected=True, text=text, value=value)
