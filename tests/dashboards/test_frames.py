"""What Grafana gets of every query of the dashboards and the alert rules: frames, of the types that it draws."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from dashboards import __main__ as command
from dashboards.boards import DASHBOARDS
from dashboards.marks import MARKS
from dashboards.panel import Panel
from dashboards.panels.launch import FRESHNESS
from tests.dashboards import week
from tests.dashboards.conftest import CHOSEN, Grafana, Week
from tests.dashboards.frames import Driver, Frame, QueryError, built
from tests.dashboards.plugin import Value, expand
from tests.dashboards.recorder import Recorder
from tests.deploy.clickhouse_users import USERS

# Building the program may take minutes, the first time.
pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

FILES: dict[str, Any] = {
    board.name: json.loads((command.HERE / f"{board.name}.json").read_text(encoding="utf-8")) for board in DASHBOARDS
}
PANELS = [
    (panel, drawn["targets"][0]["rawSql"])
    for board in DASHBOARDS
    for panel, drawn in zip(board.panels, FILES[board.name]["panels"], strict=True)
    if panel.query and panel is not FRESHNESS  # it is about now, whatever the time range
]
MARKED = {one["name"]: one["target"]["rawSql"] for one in FILES["launch"]["annotations"]["list"]}
LISTED = {
    one["name"]: one["query"]["rawSql"] for one in FILES["launch"]["templating"]["list"] if one["type"] == "query"
}
(GROUP,) = yaml.safe_load(command.ALERTING.read_text(encoding="utf-8"))["groups"]
RULES = {rule["uid"]: rule["data"][0]["model"]["rawSql"] for rule in GROUP["rules"]}
(NOW,) = (panel["targets"][0]["rawSql"] for panel in FILES["launch"]["panels"] if "Freshness" in panel["title"])
OVER_TIME = [sql for panel, sql in PANELS if panel.drawing == "series"]
EVERY = [NOW, *(sql for _, sql in PANELS), *MARKED.values(), *LISTED.values(), *RULES.values()]

every_panel = pytest.mark.parametrize(
    ("panel", "sql"), PANELS, ids=[f"{number}: {panel.title}" for number, (panel, _) in enumerate(PANELS)]
)
NASTY = ("'", "\\", "\\'", "' OR 1=1 --", "-- x", "/* x", "%27", "%", "?", "$1", "@x", "{x:String}", "$__toTime", "`")
"""What ends a literal, begins a comment, or stands for a parameter somewhere on the way."""

OF_THE_PROTOCOL = {"database", "default_format", "client_protocol_version"}
"""Of a request's arguments those that are no settings."""
TIMES = (int(week.START.timestamp()), int(week.END.timestamp()))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="module")
def driver(program: Path, counted_week: Week) -> Iterator[Driver]:
    with Driver(program, counted_week.grafana.url) as found:
        yield found


@pytest.fixture(scope="module")
def empty_driver(program: Path, empty_grafana: Grafana) -> Iterator[Driver]:
    with Driver(program, empty_grafana.url) as found:
        yield found


def sent(sql: str, **variables: Value) -> str:
    """The query as the driver gets it, over the week."""
    chosen: Mapping[str, Value] = {**CHOSEN, "campaign": "love", "granularity": "3600", **variables}
    return expand(sql, *TIMES, chosen)


def rows(frame: Frame) -> list[tuple[Any, ...]]:
    return list(zip(*(field.values for field in frame.values()), strict=True))


def kind(unit: str) -> str:
    return {"text": "string", "time": "time"}.get(unit, "number")


@every_panel
def test_frames_of_panels_have_the_columns_that_are_drawn_in_their_types(
    driver: Driver, panel: Panel, sql: str
) -> None:
    frame = driver.frame(sent(sql))
    kinds = {name: field.kind for name, field in frame.items()}
    declared = {column.name: kind(column.unit) for column in panel.columns}
    if panel.drawing != "numbers":
        named = kinds.pop(next(iter(kinds)))
        assert named in {"series": {"time"}, "table": {"time", "string"}}.get(panel.drawing, {"string"})
    assert kinds == declared
    assert rows(frame)


@every_panel
def test_frames_of_panels_have_the_numbers_that_clickhouse_says(
    driver: Driver, counted_week: Week, panel: Panel, sql: str
) -> None:
    frame = driver.frame(sent(sql))
    said = counted_week.grafana.query(panel.query, *TIMES, {"campaign": "love", "granularity": "3600"})
    numbers = [name for name, field in frame.items() if field.kind == "number"]
    assert numbers
    for name in numbers:
        assert frame[name].values == pytest.approx([row[name] for row in said], nan_ok=True)


@pytest.mark.parametrize("sql", OVER_TIME)
def test_frames_over_time_are_a_series_for_each_number_in_order_of_time(driver: Driver, sql: str) -> None:
    """Grafana's backend would have to turn texts into series, and refuses to where times do not rise."""
    times, *numbers = driver.frame(sent(sql)).values()
    assert (times.kind, {field.kind for field in numbers}) == ("time", {"number"})
    assert None not in times.values
    assert times.values == sorted(set(times.values))
    assert week.START.timestamp() * 1000 <= times.values[0] < times.values[-1] < week.END.timestamp() * 1000


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.name)
def test_frames_of_marks_have_the_fields_that_they_are_mapped_from(driver: Driver, mark: Any) -> None:
    frame = driver.frame(sent(MARKED[mark.name]))
    kinds = {name: field.kind for name, field in frame.items()}
    assert kinds == {"time": "time", "time_end": "time", "title": "string", "text": "string"}
    assert len(rows(frame)) == 1


def test_frames_of_alert_rules_have_one_number_and_texts_that_label_it(driver: Driver) -> None:
    frame = driver.frame(RULES["groundswell-spike"])
    kinds = {name: field.kind for name, field in frame.items()}
    assert kinds.pop("firing") == "number"
    assert set(kinds.values()) == {"string"}
    assert len(rows(frame)) == 1
    # Nothing is no data, which such a rule takes for well.
    for name in RULES.keys() - {"groundswell-spike"}:
        assert driver.frame(RULES[name]) == {}


def test_freshness_and_its_alert_rule_are_one_number(program: Path, grafana: Grafana) -> None:
    with Driver(program, grafana.url) as driver:
        for sql in (NOW, RULES["groundswell-no-data"]):
            (field,) = driver.frame(sent(sql, campaign="*")).values()
            (age_s,) = field.values
            assert field.kind == "number"
            assert age_s > 90


@pytest.mark.parametrize("name", LISTED)
def test_frames_of_choices_are_one_column_of_texts(driver: Driver, name: str) -> None:
    (field,) = driver.frame(sent(LISTED[name])).values()
    assert field.kind == "string"
    assert (
        set(field.values)
        == {"campaign": {"*", "love", "o'clock"}, "platform": {"x", "bluesky", "tiktok", "mastodon"}}[name]
    )


@pytest.mark.parametrize("name", [*NASTY, "".join(NASTY)])
def test_whatever_is_in_a_campaigns_name_it_finds_no_more_than_an_unknown_one(driver: Driver, name: str) -> None:
    some = [*MARKED.values(), OVER_TIME[0]]
    for sql in some if name in NASTY else [*some, *(sql for _, sql in PANELS)]:
        found = driver.frame(sent(sql, campaign=name, platform=[name, "x"]))
        assert found == driver.frame(sent(sql, campaign="unknown", platform="x"))


@pytest.mark.parametrize("length", NASTY)
def test_a_granularity_that_is_no_number_is_the_shortest(driver: Driver, length: str) -> None:
    found = driver.frame(sent(OVER_TIME[0], granularity=f"3600{length}"))
    assert found == driver.frame(sent(OVER_TIME[0], granularity="10"))


@pytest.mark.parametrize("sql", EVERY)
def test_an_empty_database_gives_frames_with_nothing_in_them_and_no_error(empty_driver: Driver, sql: str) -> None:
    numbers = [field.values for field in empty_driver.frame(sent(sql)).values() if field.kind == "number"]
    assert all(value in {None, 0} for values in numbers for value in values)


@pytest.mark.parametrize(
    ("sql", "why"), [("SELECT * FROM nowhere", "UNKNOWN_TABLE"), ("DROP TABLE groundswell.segments", "READONLY")]
)
def test_errors_come_with_clickhouses_own_words(driver: Driver, sql: str, why: str) -> None:
    with pytest.raises(QueryError, match=why):
        driver.frame(sql)


def test_settings_that_the_driver_sends_are_those_that_the_reader_may_change(program: Path, counted_week: Week) -> None:
    """On a server, that is: the embedded engine lets more of them pass."""
    limits = ET.parse(USERS).find("profiles/reader/constraints")
    assert limits is not None
    most = {one.tag: int(one.findtext("max", "")) for one in limits if one.find("changeable_in_readonly") is not None}
    with Recorder(counted_week.grafana.url) as recorder, Driver(program, recorder.url) as driver:
        for sql in MARKED.values():
            driver.frame(sent(sql))
    # The connection's greeting comes first.
    assert len(recorder.asked) > len(MARKED)
    for asked in recorder.asked:
        changed = {name: value for name, value in asked.items() if name not in OF_THE_PROTOCOL}
        assert changed.keys() <= most.keys()
        assert all(0 < int(value) <= most[name] for name, value in changed.items())
    assert set(recorder.asked[-1]) == {*OF_THE_PROTOCOL, "max_execution_time"}
