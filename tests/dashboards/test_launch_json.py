"""The dashboard's JSON: fresh, of Grafana's schema, complete, readable."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

import dashboards.__main__ as command
from dashboards.panels import LAUNCH
from dashboards.variables import GRANULARITIES
from schemas.event import WINDOW_S
from schemas.generated import run

Json = dict[str, Any]
DASHBOARD: Json = json.loads((command.HERE / "launch.json").read_text(encoding="utf-8"))
PANELS: list[Json] = DASHBOARD["panels"]
VARIABLES: list[Json] = DASHBOARD["templating"]["list"]
OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999"}
GRID_COLUMNS = 24

every_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])


def colours(found: object) -> list[str]:
    return re.findall(r"#[0-9A-Fa-f]{6}\b", json.dumps(found))


def test_dashboards_are_as_their_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command.files(), ["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_dashboards_check_names_what_is_stale_until_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "HERE", tmp_path)
    named = f"{tmp_path.name}/launch.json\n"
    assert run(command.files(), ["--check"]) == 1
    (tmp_path / "launch.json").write_text("{}", encoding="utf-8")
    assert run(command.files(), ["--check"]) == 1
    assert run(command.files(), []) == 0
    assert capsys.readouterr().out == named * 3
    assert run(command.files(), ["--check"]) == 0


def test_dashboard_survives_the_way_through_the_model_of_grafanas_schema() -> None:
    register_default_plugins()
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(DASHBOARD))) == DASHBOARD


def test_dashboard_has_every_declared_panel_once() -> None:
    assert [panel["title"] for panel in PANELS] == [f"{panel.title}, {panel.unit}" for panel in LAUNCH]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_panels_fill_the_grid_and_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert cells
        assert not cells & taken
        assert all(x < GRID_COLUMNS for x, _ in cells)
        taken |= cells
    assert len(taken) == GRID_COLUMNS * (1 + max(y for _, y in taken))


@every_panel
def test_panels_say_what_they_mean_and_in_which_unit(panel: Json) -> None:
    assert panel["datasource"] == {"type": "grafana-clickhouse-datasource", "uid": "groundswell"}
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["noValue"]
    question, definition, unit = panel["description"].split("\n\n")
    assert question.endswith("?")
    assert len(definition) > 80
    assert unit.startswith("Unit: ")


@every_panel
def test_panels_ask_one_query_of_the_plugins_model(panel: Json) -> None:
    (target,) = panel["targets"]
    series = panel["type"] == "timeseries"
    assert (target["format"], target["queryType"]) == ((0, "timeseries") if series else (1, "table"))
    assert (target["refId"], target["editorType"], target["datasource"]) == ("A", "sql", panel["datasource"])
    assert target["rawSql"]


@every_panel
def test_panels_use_colours_that_the_colour_blind_can_tell(panel: Json) -> None:
    assert colours(panel)
    assert set(colours(panel)) <= OKABE_ITO
    for override in panel["fieldConfig"]["overrides"]:
        assert any(setting["id"] == "color" for setting in override["properties"])


def test_variables_are_choices_and_no_free_text() -> None:
    assert {variable["name"]: variable["type"] for variable in VARIABLES} == {
        "campaign": "query",
        "platform": "query",
        "granularity": "custom",
    }
    assert not any(variable["allowCustomValue"] for variable in VARIABLES)
    assert [variable.get("allValue") for variable in VARIABLES] == [None, "*", None]
    once_opened = 1
    assert [variable["refresh"] for variable in VARIABLES if variable["type"] == "query"] == [once_opened] * 2


@pytest.mark.parametrize(
    "sql", [target["rawSql"] for panel in PANELS for target in panel["targets"]] + [v["query"] for v in VARIABLES]
)
def test_values_reach_queries_only_encoded_and_in_quotes(sql: str | Json) -> None:
    text = sql if isinstance(sql, str) else sql["rawSql"]
    without = re.sub(r"'\$\{(campaign|platform|granularity):percentencode\}'", "", text)
    # All that may be left is the time range's macros; ClickHouse's parameters, which the plugin cannot bind, may not.
    without = re.sub(r"\$__(fromTime|toTime)\b", "", without)
    assert not re.search(r"\{\w+:", without)
    assert "$" not in without


def test_granularities_are_whole_windows() -> None:
    assert all(choice.seconds % WINDOW_S == 0 for choice in GRANULARITIES)
    (granularity,) = (variable for variable in VARIABLES if variable["name"] == "granularity")
    assert granularity["query"] == "10s : 10,1m : 60,5m : 300,1h : 3600"
    assert granularity["current"]["value"] == "60"
