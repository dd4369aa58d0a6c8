"""How Grafana draws each kind of panel: from the declarations to the foundation SDK's builders."""

from collections.abc import Callable
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, geomap, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import geomap as maps

from dashboards.panel import GREY, SKY_BLUE, Column, Drawing, Panel, Unit

# `locale` writes 1,234,567: every post is seen to be counted, where `short` would say 1.23 Mil.
_GRAFANA_UNITS: dict[Unit, str] = {
    "posts": "locale",
    "events": "locale",
    "events per minute": "locale",
    "records": "locale",
    "records per second": "locale",
    "rows per second": "locale",
    "seconds": "s",
    "share": "percentunit",
    "authors": "locale",
    "followers": "locale",
    "impressions": "locale",
    "score": "none",
    "times": "none",
    "bytes": "bytes",
    "text": "string",
    "time": "dateTimeAsLocal",
}
_DECIMALS: dict[Unit, int] = {"share": 0, "score": 1, "times": 2}
_ROWS_AT_MOST = 12
_COUNTRIES = "public/gazetteer/countries.json"
_OUTLINES = "public/maps/countries.geojson"
"""Both come with Grafana, so that the map needs no other server. Its keys are ISO 3166-1 codes, in capitals."""

DrawnPanel = stat.Panel | bargauge.Panel | timeseries.Panel | table.Panel | geomap.Panel


def drawing(panel: Panel) -> DrawnPanel:
    """The panel's looks; what it asks, and where it stands, is added by whoever places it."""
    drawn = _DRAWINGS[panel.drawing](panel)
    drawn.title(f"{panel.title}, {panel.unit}")
    drawn.description(f"{panel.question}\n\n{panel.definition}\n\nUnit: {panel.unit}.")
    drawn.unit(_GRAFANA_UNITS[panel.unit]).no_value(panel.empty).color_scheme(_fixed(SKY_BLUE))
    for column in panel.columns:
        if "{{" not in column.name:
            drawn.override_by_name(column.name, [*_column(column), *_look(panel, column)])
    return drawn


def _numbers(panel: Panel) -> stat.Panel:
    drawn = _stat(common.ReduceDataOptions().calcs(["lastNotNull"]))
    # The first number is what the panel is about: alone, it is as large as the panel.
    return drawn.wide_layout(len(panel.columns) > 1)


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


def _bars(panel: Panel) -> bargauge.Panel:
    # Prometheus has a series a bar, ClickHouse a row.
    reduced = common.ReduceDataOptions().values(True).limit(_ROWS_AT_MOST)
    if not panel.query:
        reduced = common.ReduceDataOptions().calcs(["lastNotNull"])
    return (
        bargauge.Panel()
        .reduce_options(reduced)
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


def _table(_panel: Panel) -> table.Panel:
    return table.Panel().show_header(True).cell_height(looks.TableCellHeight.SM).filterable(False)


def _map(panel: Panel) -> geomap.Panel:
    (column,) = panel.columns
    outlines = {"src": _OUTLINES, "rules": [], "style": {"color": {"fixed": GREY}, "opacity": 0.15}}
    dots = {
        "size": {"field": column.name, "fixed": 6, "min": 4, "max": 34},
        "color": {"fixed": column.colour},
        "opacity": 0.65,
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
    }
    place = common.FrameGeometrySource().mode(looks.FrameGeometrySourceMode.LOOKUP)
    return (
        geomap.Panel()
        .view(geomap.MapViewConfig().id("zero").lat(20).lon(0).zoom(1).all_layers(True))
        .controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False))
        .basemap(common.MapLayerOptions().type("geojson").name("countries").config(outlines))
        .layers(
            [
                common.MapLayerOptions()
                .type("markers")
                .name(column.name)
                .location(place.lookup("country").gazetteer(_COUNTRIES))
                .config({"showLegend": False, "style": dots})
                .tooltip(True)
            ]
        )
        .tooltip(geomap.TooltipOptions().mode(maps.TooltipMode.DETAILS))
    )


_DRAWINGS: dict[Drawing, Callable[[Panel], DrawnPanel]] = {
    "numbers": _numbers,
    "tiles": _tiles,
    "bars": _bars,
    "series": _series,
    "table": _table,
    "map": _map,
}


def _column(column: Column) -> list[model.DynamicConfigValue]:
    found: dict[str, Any] = {"unit": _GRAFANA_UNITS[column.unit]}
    if column.limits:
        steps = [{"value": value, "color": colour} for value, colour in column.limits]
        found |= {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": steps}}
    else:
        found |= {"color": {"mode": "fixed", "fixedColor": column.colour}}
    if column.unit in _DECIMALS:
        found["decimals"] = _DECIMALS[column.unit]
    if column.empty is not None:
        found["noValue"] = column.empty
    return _settings(found)


def _look(panel: Panel, column: Column) -> list[model.DynamicConfigValue]:
    if panel.drawing == "table":
        coloured = {"custom.cellOptions": {"type": "color-text"}} if column.limits else {}
        return _settings({"custom.align": "left" if column.unit in {"text", "time"} else "right", **coloured})
    if panel.drawing != "series":
        return []
    if column.look in {"line", "dashed line"}:
        found: dict[str, Any] = {"custom.drawStyle": "line", "custom.lineWidth": 2, "custom.fillOpacity": 0}
        if column.look == "dashed line":
            found["custom.lineStyle"] = {"fill": "dash", "dash": [8, 6]}
    else:
        opacity = 25 if column.look == "faint bar" else 80
        found = {"custom.drawStyle": "bars", "custom.lineWidth": 1, "custom.fillOpacity": opacity}
    return _settings(found)


def _settings(found: dict[str, Any]) -> list[model.DynamicConfigValue]:
    return [model.DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]


def _fixed(colour: str) -> board.FieldColor:
    return board.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(colour)
