"""The dashboards' JSON: fresh, of Grafana's schema, complete, readable."""

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

import dashboards.__main__ as command
from dashboards.boards import DASHBOARDS
from dashboards.grafana import DATASOURCE, PROMETHEUS
from dashboards.variables import GRANULARITIES
from schemas.event import WINDOW_S
from schemas.generated import run

Json = dict[str, Any]
FILES: dict[str, Json] = {
    board.name: json.loads((command.HERE / f"{board.name}.json").read_text(encoding="utf-8")) for board in DASHBOARDS
}
PANELS = [(name, panel) for name, board in FILES.items() for panel in board["panels"]]
OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999"}
GRID_COLUMNS = 24
SCREEN_ROWS = 22
"""Of 38 pixels each, they and what stands above them fit a screen of 1080."""

every_board = pytest.mark.parametrize("name", FILES)
every_panel = pytest.mark.parametrize(
    "panel", [panel for _, panel in PANELS], ids=[f"{name}: {panel['title']}" for name, panel in PANELS]
)


def queries() -> list[str]:
    """Every SQL text that Grafana sends: of panels, marks and variables."""
    found = [target["rawSql"] for _, panel in PANELS for target in panel["targets"] if "rawSql" in target]
    for board in FILES.values():
        found += [one["target"]["rawSql"] for one in board.get("annotations", {}).get("list", [])]
        found += [one["query"]["rawSql"] for one in board["templating"]["list"] if one["type"] == "query"]
    return sorted(set(found))


def colours(found: object) -> list[str]:
    return re.findall(r"#[0-9A-Fa-f]{6}\b", json.dumps(found))


def test_dashboards_are_as_their_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command.files(), ["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_dashboards_check_names_what_is_stale_until_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "HERE", tmp_path)
    monkeypatch.setattr(command, "ALERTING", tmp_path / "alerting.yaml")
    named = "".join(f"{tmp_path.name}/{path.name}\n" for path in command.files())
    assert run(command.files(), ["--check"]) == 1
    (tmp_path / "launch.json").write_text("{}", encoding="utf-8")
    assert run(command.files(), ["--check"]) == 1
    assert run(command.files(), []) == 0
    assert capsys.readouterr().out == named * 3
    assert run(command.files(), ["--check"]) == 0


@every_board
def test_dashboard_survives_the_way_through_the_model_of_grafanas_schema(name: str) -> None:
    register_default_plugins()
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(FILES[name])))
    for placed in [*again["links"], *again.get("annotations", {}).get("list", [])]:
        # The model knows no other place, and takes it where none is said.
        assert placed.pop("placement") == "inControlsMenu"
    assert again == FILES[name]


@pytest.mark.parametrize("board", DASHBOARDS, ids=lambda board: board.name)
def test_dashboard_has_every_declared_panel_once(board: Any) -> None:
    panels = FILES[board.name]["panels"]
    assert [panel["title"] for panel in panels] == [f"{panel.title}, {panel.unit}" for panel in board.panels]
    assert len({panel["id"] for panel in panels}) == len(panels)


@every_board
def test_panels_fill_the_grid_and_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in FILES[name]["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert cells
        assert not cells & taken
        assert all(x < GRID_COLUMNS for x, _ in cells)
        taken |= cells
    height = 1 + max(y for _, y in taken)
    assert len(taken) == GRID_COLUMNS * height
    assert height <= SCREEN_ROWS


@pytest.mark.parametrize("board", DASHBOARDS, ids=lambda board: board.name)
def test_panels_of_a_row_are_24_columns_wide_and_equally_high(board: Any) -> None:
    places = [panel["gridPos"] for panel in FILES[board.name]["panels"]]
    for _, row in groupby(places, lambda place: place["y"]):
        of_row = list(row)
        assert sum(place["w"] for place in of_row) == GRID_COLUMNS
        assert len({place["h"] for place in of_row}) == 1


def test_mentions_come_first_and_largest_on_the_wall() -> None:
    first, *others = FILES["launch"]["panels"]
    assert first["title"] == "Mentions, posts"
    numbers = [panel["gridPos"] for panel in others if panel["type"] == "stat" and panel["gridPos"]["y"] == 0]
    assert numbers
    assert all(first["gridPos"]["w"] > place["w"] for place in numbers)


@every_panel
def test_panels_say_what_they_mean_and_in_which_unit(panel: Json) -> None:
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["noValue"]
    question, definition, unit = panel["description"].split("\n\n")
    assert question.endswith("?")
    assert len(definition) > 60
    assert unit.startswith("Unit: ")


@every_panel
def test_panels_ask_one_query_of_the_plugins_model_or_prometheus(panel: Json) -> None:
    if panel["datasource"] == {"type": PROMETHEUS.type_val, "uid": PROMETHEUS.uid}:
        assert all(target["expr"] and target["datasource"] == panel["datasource"] for target in panel["targets"])
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        return
    assert panel["datasource"] == {"type": DATASOURCE.type_val, "uid": DATASOURCE.uid}
    (target,) = panel["targets"]
    series = panel["type"] == "timeseries"
    assert (target["format"], target["queryType"]) == ((0, "timeseries") if series else (1, "table"))
    assert (target["refId"], target["editorType"], target["datasource"]) == ("A", "sql", panel["datasource"])
    assert target["rawSql"]
    assert target["pluginVersion"]


@every_panel
def test_panels_use_colours_that_the_colour_blind_can_tell(panel: Json) -> None:
    assert colours(panel)
    assert set(colours(panel)) <= OKABE_ITO
    for override in panel["fieldConfig"]["overrides"]:
        assert any(setting["id"] == "color" for setting in override["properties"])


@every_panel
def test_series_of_a_panel_differ_in_colour(panel: Json) -> None:
    if panel["type"] == "timeseries":
        drawn = [setting["value"]["fixedColor"] for override in panel["fieldConfig"]["overrides"]
                 for setting in override["properties"] if setting["id"] == "color"]  # fmt: skip
        assert len(set(drawn)) == len(drawn)


def test_map_finds_countries_by_their_codes_with_what_comes_with_grafana() -> None:
    (drawn,) = (panel for _, panel in PANELS if panel["type"] == "geomap")
    (layer,) = drawn["options"]["layers"]
    gazetteer = "public/gazetteer/countries.json"
    assert layer["location"] == {"mode": "lookup", "lookup": "country", "gazetteer": gazetteer}
    assert drawn["options"]["basemap"]["type"] == "geojson"
    assert "://" not in json.dumps(drawn)


@every_board
def test_variables_are_choices_and_no_free_text(name: str) -> None:
    variables = FILES[name]["templating"]["list"]
    assert {variable["name"]: variable["type"] for variable in variables} == {
        "campaign": "query",
        "platform": "query",
        "granularity": "custom",
    }
    assert not any(variable["allowCustomValue"] for variable in variables)
    assert [variable.get("allValue") for variable in variables] == [None, "*", None]
    once_opened = 1
    assert [variable["refresh"] for variable in variables if variable["type"] == "query"] == [once_opened] * 2


@pytest.mark.parametrize("board", DASHBOARDS, ids=lambda board: board.name)
def test_dashboards_link_to_all_others_and_keep_choices_and_time(board: Any) -> None:
    links = FILES[board.name]["links"]
    others = [other for other in DASHBOARDS if other is not board]
    assert [(link["title"], link["url"]) for link in links] == [
        (other.title, f"/d/groundswell-{other.name}") for other in others
    ]
    assert all(link["includeVars"] and link["keepTime"] for link in links)
    assert {FILES[other.name]["uid"] for other in others} == {link["url"].removeprefix("/d/") for link in links}


@pytest.mark.parametrize("board", DASHBOARDS, ids=lambda board: board.name)
def test_dashboards_are_seen_in_the_browsers_time_zone_with_their_marks(board: Any) -> None:
    found = FILES[board.name]
    assert found["timezone"] == "browser"
    assert found["schemaVersion"] >= 41
    assert [one["name"] for one in found.get("annotations", {}).get("list", [])] == [mark.name for mark in board.marks]
    for one in found.get("annotations", {}).get("list", []):
        assert one["mappings"]["timeEnd"] == {"source": "field", "value": "time_end"}
        assert one["iconColor"] in OKABE_ITO


@pytest.mark.parametrize("sql", queries())
def test_values_reach_queries_only_encoded_and_in_quotes(sql: str) -> None:
    without = re.sub(r"'\$\{(campaign|platform|granularity):percentencode\}'", "", sql)
    # All that may be left is the time range's macros; ClickHouse's parameters, which the plugin cannot bind, may not.
    without = re.sub(r"\$__(fromTime|toTime)\b", "", without)
    assert not re.search(r"\{\w+:", without)
    assert "$" not in without


@pytest.mark.parametrize("sql", queries())
def test_queries_are_plain_to_whoever_looks_for_macros_in_them(sql: str) -> None:
    """The plugin skips comments and literals; versions of it differ in what they know of escapes and quotes."""
    without = re.sub(r"'[^'\\]*(?:\\\\[^'\\]*)*'", "", sql)
    names = re.findall(r"`([^`]*)`", without)
    assert all(re.fullmatch(r"[\w ,-]+", name) and "--" not in name for name in names)
    without = re.sub(r"`[^`]*`", "", without)
    assert not re.search(r"['\"`\\#]|--|/\*", without)


@every_board
def test_granularities_are_whole_windows(name: str) -> None:
    assert all(choice.seconds % WINDOW_S == 0 for choice in GRANULARITIES)
    (granularity,) = (one for one in FILES[name]["templating"]["list"] if one["name"] == "granularity")
    assert granularity["query"] == "10s : 10,1m : 60,5m : 300,1h : 3600"
    assert granularity["current"]["value"] == {"traction": "300", "post-mortem": "3600"}.get(name, "60")
