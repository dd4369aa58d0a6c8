"""Declarations on the real engine: the views show what the files say now, whoever declared what before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from schemas.campaign import Benchmark, Campaign, Goal, Group, LaunchWindow
from schemas.counters import DATABASE
from schemas.declared import VIEWS
from streams import clickhouse
from streams.declare import declare
from streams.token_table import own_hashtags
from tests.counting_fixture import Counted

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LAST_YEAR = LaunchWindow("last year", START - 365 * 24 * HOUR, START - 364 * 24 * HOUR)
WINDOW = LaunchWindow("it's a \\ 'launch'", START, START + 2 * HOUR, "America/St_Johns")
LOVE = Campaign(
    "love",
    "Love",
    hashtags=("Love_1%", "#LOVE*day"),
    groups=(Group("spellings", ("LÖVE",)),),
    launch_windows=(LAST_YEAR, WINDOW),
    goals=(Goal("many", "mentions", 1000, START + HOUR), Goal("people", "contributors", 9, START + 2 * HOUR)),
    benchmark=Benchmark("love", "last year"),
)
OPEN = Campaign("open", "Open", hashtags=("open",), goals=(Goal("any", "likes", 5, START + HOUR),))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    with Counted(tmp_path_factory.mktemp("declare")) as counted:
        yield counted


@pytest.fixture
def client(engine: Counted) -> Iterator[Any]:
    found = clickhouse.connect(engine.settings)
    found.command(f"TRUNCATE TABLE {DATABASE}.declaration")
    yield found
    found.close()


def shown(engine: Counted, view: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT * FROM {DATABASE}.{view} ORDER BY ALL"
    return [tuple(row) for row in engine.client.query(sql, tz_mode="aware").result_rows]


def test_views_show_what_the_files_declare(engine: Counted, client: Any) -> None:
    assert declare(client, [LOVE, OPEN])
    assert shown(engine, "launch_windows") == [
        ("love", WINDOW.name, WINDOW.start, WINDOW.end),
        ("love", "last year", LAST_YEAR.start, LAST_YEAR.end),
    ]
    assert shown(engine, "goals") == [
        ("love", "many", "mentions", 1000, START, START + HOUR),
        ("love", "people", "contributors", 9, START, START + 2 * HOUR),
        ("open", "any", "likes", 5, None, START + HOUR),
    ]
    assert shown(engine, "benchmarks") == [("love", "love", "last year", LAST_YEAR.start, LAST_YEAR.end)]
    patterns = [("love", "love%day"), ("love", "love\\_1\\%"), ("love", "löve"), ("open", "open")]
    assert shown(engine, "campaign_hashtags") == patterns


@pytest.mark.parametrize(
    "hashtag", ["love_1%", "lovea1%", "loveday", "loveliestday", "lovedays", "löve", "open", "opening"]
)
def test_patterns_are_like_what_counting_takes_for_the_campaigns(engine: Counted, client: Any, hashtag: str) -> None:
    declare(client, [LOVE, OPEN])
    sql = f"SELECT campaign FROM {DATABASE}.campaign_hashtags WHERE {{hashtag:String}} LIKE pattern"
    found = engine.client.query(sql, parameters={"hashtag": hashtag}).result_rows
    assert {(campaign, hashtag) for (campaign,) in found} == own_hashtags([LOVE, OPEN], [hashtag])


def test_views_forget_what_the_files_no_longer_declare(engine: Counted, client: Any) -> None:
    declare(client, [LOVE, OPEN])
    assert declare(client, [replace(OPEN, goals=())])
    assert [shown(engine, view.name) for view in VIEWS] == [[], [], [], [("open", "open")]]


def test_declaring_the_same_again_writes_nothing(engine: Counted, client: Any) -> None:
    assert declare(client, [LOVE, OPEN])
    assert not declare(client, [OPEN, LOVE])
    assert not any(declare(client, [LOVE, OPEN]) for _ in range(2))
    assert declare(client, [])
    assert not declare(client, [])
    ((declarations,),) = engine.client.query(f"SELECT uniq(declaration) FROM {DATABASE}.declaration").result_rows
    assert declarations == 2


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_views_have_the_columns_that_are_documented(engine: Counted, view: Any) -> None:
    rows = engine.client.query(f"DESCRIBE TABLE {DATABASE}.{view.name}").result_rows
    assert {name: kind for name, kind, *_ in rows} == {name: kind for name, (kind, _) in view.columns.items()}
