"""How Grafana draws a panel and a variable: from the declarations to the foundation SDK's builders.

``raw_sql`` makes a declared query the plugin's. A variable's value reaches it percent-encoded and inside quotes, and
nothing else of it does: whatever somebody puts into the dashboard's address, no quote or backslash arrives that could
end the literal. (Grafana's own ``singlequote`` and ``sqlstring`` formats leave backslashes as they are, so with them it
could.) The boundary that remains is the database user's: who may edit a panel, or ask the data source directly, can
send any statement, and only the grants of the data source's user (``reader``: SELECT, within limits) say what comes of
it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as model

from dashboards.panel import SKY_BLUE, Column, Drawing, Panel, Unit
from dashboards.variables import (
    CAMPAIGN_NAME,
    CHOSEN_PLATFORMS,
    FROM,
    GRANULARITY_S,
    TO,
    Granularity,
    QueryVariable,
)
from schemas.event import SOURCES, WINDOW_S

DATASOURCE = model.DataSourceRef(type_val="grafana-clickhouse-datasource", uid="groundswell")
PLUGIN_VERSION = "4.20.0"
"""The plugin whose query model and macros these are; it asks for Grafana 11.6 or later."""

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

# `locale` writes 1,234,567: every post is seen to be counted, where `short` would say 1.23 Mil.
_GRAFANA_UNITS: dict[Unit, str] = {
    "posts": "locale",
    "events": "locale",
    "events per minute": "locale",
    "records": "locale",
    "seconds": "s",
    "share": "percentunit",
}
_ROWS_AT_MOST = 12
_DrawnPanel = stat.Panel | bargauge.Panel | timeseries.Panel


def raw_sql(query: str) -> str:
    """The plugin's query for one with ClickHouse's parameters."""
    for parameter, expression in _PARAMETERS.items():
        query = query.replace(parameter, expression)
    return query.strip()


class _Target(Builder[Dataquery]):
    """A query as the plugin saves it: its format is 0 for a time series, 1 for a table."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def build(self) -> Dataquery:
        series = self._panel.drawing == "series"
        return UnknownDataquery(
            {
                "refId": "A",
                "datasource": DATASOURCE,
                "editorType": "sql",
                "queryType": "timeseries" if series else "table",
                "format": 0 if series else 1,
                "rawSql": raw_sql(self._panel.query),
                "pluginVersion": PLUGIN_VERSION,
            }
        )


def drawn(panel: Panel, number: int) -> Builder[model.Panel]:
    """The panel for a dashboard, with ``number`` as its id there."""
    return _finished(_DRAWINGS[panel.drawing](panel), panel, number)


def query_variable(variable: QueryVariable, current: model.VariableOption) -> board.QueryVariable:
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


def granularity_variable(choices: Iterable[Granularity], default: Granularity) -> board.CustomVariable:
    """A choice of bucket length; its value is in seconds."""
    options = [_option(choice, selected=choice == default) for choice in choices]
    return (
        board.CustomVariable("granularity")
        .label("Granularity")
        .description("The length of a bucket in what is drawn over time.")
        .values(",".join(f"{option.text} : {option.value}" for option in options))
        .options(options)
        .current(_option(default, selected=True))
        .multi(False)
        .include_all(False)
        .allow_custom_value(False)
    )


def _option(choice: Granularity, *, selected: bool) -> model.VariableOption:
    return model.VariableOption(selected=selected, text=choice.label, value=str(choice.seconds))


def _finished(drawing: _DrawnPanel, panel: Panel, number: int) -> _DrawnPanel:
    drawing.id(number).title(f"{panel.title}, {panel.unit}")
    drawing.description(f"{panel.question}\n\n{panel.definition}\n\nUnit: {panel.unit}.")
    drawing.datasource(DATASOURCE).with_target(_Target(panel)).span(panel.width).height(panel.height)
    drawing.unit(_GRAFANA_UNITS[panel.unit]).no_value(panel.empty).color_scheme(_fixed(SKY_BLUE))
    for column in panel.columns:
        drawing.override_by_name(column.name, [*_column(column), *_look(panel, column)])
    return drawing


def _numbers(_panel: Panel) -> stat.Panel:
    return _stat(common.ReduceDataOptions().calcs(["lastNotNull"]))


def _tiles(_panel: Panel) -> stat.Panel:
    return _stat(common.ReduceDataOptions().values(True).limit(_ROWS_AT_MOST))


def _stat(reduced: common.ReduceDataOptions) -> stat.Panel:
    return (
        stat.Panel()
        .reduce_options(reduced)
        .text_mode(looks.BigValueTextMode.VALUE_AND_NAME)
        .color_mode(looks.BigValueColorMode.VALUE)
        .graph_mode(looks.BigValueGraphMode.NONE)
    )


def _bars(_panel: Panel) -> bargauge.Panel:
    return (
        bargauge.Panel()
        .reduce_options(common.ReduceDataOptions().values(True).limit(_ROWS_AT_MOST))
        .orientation(looks.VizOrientation.HORIZONTAL)
        .display_mode(looks.BarGaugeDisplayMode.BASIC)
        .name_placement(looks.BarGaugeNamePlacement.LEFT)
        .value_mode(looks.BarGaugeValueMode.TEXT)
        .show_unfilled(False)
        .text(common.VizTextDisplayOptions().title_size(20).value_size(20))
        .min(0)
    )


def _series(panel: Panel) -> timeseries.Panel:
    return (
        timeseries.Panel()
        .axis_label(panel.unit)
        .axis_soft_min(0)
        .span_nulls(False)
        .show_points(looks.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(looks.LegendDisplayMode.LIST)
            .placement(looks.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI))
    )


_DRAWINGS: dict[Drawing, Callable[[Panel], _DrawnPanel]] = {
    "numbers": _numbers,
    "tiles": _tiles,
    "bars": _bars,
    "series": _series,
}


def _column(column: Column) -> list[model.DynamicConfigValue]:
    found: dict[str, Any] = {"unit": _GRAFANA_UNITS[column.unit]}
    if column.limits:
        steps = [{"value": value, "color": colour} for value, colour in column.limits]
        found |= {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": steps}}
    else:
        found |= {"color": {"mode": "fixed", "fixedColor": column.colour}}
    if column.unit == "share":
        found["decimals"] = 0
    if column.empty is not None:
        found["noValue"] = column.empty
    return [model.DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]


def _look(panel: Panel, column: Column) -> list[model.DynamicConfigValue]:
    if panel.drawing != "series":
        return []
    if column.look == "dashed line":
        found: dict[str, Any] = {
            "custom.drawStyle": "line",
            "custom.lineWidth": 2,
            "custom.lineStyle": {"fill": "dash", "dash": [8, 6]},
            "custom.fillOpacity": 0,
        }
    else:
        opacity = 25 if column.look == "faint bar" else 80
        found = {"custom.drawStyle": "bars", "custom.lineWidth": 1, "custom.fillOpacity": opacity}
    return [model.DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]


def _fixed(colour: str) -> board.FieldColor:
    return board.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(colour)
