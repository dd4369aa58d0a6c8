"""The dashboard "Launch": what a room watches while a campaign is launched."""

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from dashboards.grafana import drawn, granularity_variable, query_variable
from dashboards.panels import LAUNCH
from dashboards.variables import CAMPAIGN, DEFAULT_GRANULARITY, GRANULARITIES, PLATFORM
from schemas.counters import EVERY_CAMPAIGN


def dashboard() -> model.Dashboard:
    """The dashboard, in the foundation SDK's model."""
    every_campaign = model.VariableOption(selected=True, text=EVERY_CAMPAIGN, value=EVERY_CAMPAIGN)
    every_platform = model.VariableOption(selected=True, text=["All"], value=["$__all"])
    built = (
        board.Dashboard("Launch")
        .uid("groundswell-launch")
        .description("A campaign's launch window, every few seconds: the time range above is the launch window.")
        .tags(["groundswell"])
        .time("now-1h", "now")
        .refresh("5s")
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .with_variable(query_variable(CAMPAIGN, every_campaign))
        .with_variable(query_variable(PLATFORM, every_platform))
        .with_variable(granularity_variable(GRANULARITIES, DEFAULT_GRANULARITY))
    )
    for number, panel in enumerate(LAUNCH, 1):
        built = built.with_panel(drawn(panel, number))
    return built.build()


def document() -> str:
    """The dashboard as the JSON text that Grafana reads."""
    return JSONEncoder(indent=2, ensure_ascii=False).encode(dashboard()) + "\n"
