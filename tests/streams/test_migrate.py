"""The database: migrations, the contract's views as they really are, and what the views make of rows, on the engine."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any

import pytest
from clickhouse_connect.driver import Client

from schemas.counter import SEGMENT_COLUMNS
from schemas.counters import COUNTERS, DATABASE
from streams.errors import GroundswellError
from streams.migrate import let_views_be_granted, migrate, migrations
from tests.deploy.clickhouse_fixtures import ClickHouse

pytestmark = pytest.mark.stack

TIME, WORD = "DateTime('UTC')", "LowCardinality(String)"
# The contract, section 3: every view's columns, in its order, with their types.
VIEWS = {
    "token_counts": {
        "window_start": TIME, "campaign": WORD, "kind": WORD, "token": "String", "source": WORD, "event_type": WORD,
        "posts": "Int64", "occurrences": "Int64",
    },
    "engagement": {
        "window_start": TIME, "campaign": WORD, "source": WORD, "event_type": WORD, "lang": WORD, "country": WORD,
        "sentiment": WORD, "events": "Int64", "quantity": "Int64",
    },
    "events": {
        "event_time": TIME, "observed_at": TIME, "source": WORD, "event_id": "String", "event_type": WORD,
        "campaigns": "Array(String)", "post_id": "String", "ref_post_id": "String", "url": "String",
        "author_id": "String", "author_name": "String", "author_followers": "Nullable(UInt64)", "lang": WORD,
        "country": WORD, "text": "String", "hashtags": "Array(String)", "emojis": "Array(String)",
        "accounts": "Array(String)", "quantity": "Int64", "amount": "Nullable(Int64)", "currency": WORD,
        "sentiment": WORD,
    },
    "spellings": {"campaign": WORD, "kind": WORD, "token": "String", "spelling": "String", "posts": "Int64"},
    "authors": {
        "window_start": TIME, "campaign": WORD, "source": WORD, "event_type": WORD, "author_id": "String",
        "author_name": "String", "role": WORD, "events": "Int64", "quantity": "Int64", "impressions": "Int64",
        "likely_impressions": "Int64", "unknown": "Int64", "followers": "Nullable(Int64)",
    },
    "target_mentions": {
        "window_start": TIME, "campaign": WORD, "target": WORD, "source": WORD, "event_type": WORD,
        "author_id": "String", "posts": "Int64",
    },
    "hashtag_pairs": {
        "window_start": TIME, "campaign": WORD, "hashtag": "String", "other": "String", "posts": "Int64",
    },
    "hashtag_groups": {
        "window_start": TIME, "campaign": WORD, "hashtag_group": WORD, "source": WORD, "event_type": WORD,
        "posts": "Int64",
    },
    "pledged": {
        "window_start": TIME, "campaign": WORD, "source": WORD, "currency": WORD, "events": "Int64",
        "amount": "Int64", "unknown": "Int64",
    },
    "reactions": {
        "window_start": TIME, "campaign": WORD, "source": WORD, "event_type": WORD, "post": WORD, "events": "Int64",
        "quantity": "Int64",
    },
    "hashtag_reactions": {
        "window_start": TIME, "campaign": WORD, "hashtag": "String", "source": WORD, "event_type": WORD,
        "events": "Int64", "quantity": "Int64",
    },
    "hashtag_sentiment": {
        "window_start": TIME, "campaign": WORD, "hashtag": "String", "source": WORD, "event_type": WORD,
        "sentiment": WORD, "posts": "Int64",
    },
    "post_reactions": {
        "window_start": TIME, "campaign": WORD, "post_id": "String", "source": WORD, "event_type": WORD,
        "events": "Int64", "quantity": "Int64",
    },
    "sampled_posts": {
        "window_start": TIME, "campaign": WORD, "hashtag": "String", "source": WORD, "author_id": "String",
        "post_id": "String", "posts": "Int64",
    },
}  # fmt: skip
# Databases have them behind them: what they lack comes by a new migration. Of each the beginning of its SHA-256.
LANDED = {
    "0001_log.sql": "3037f5f563584a7c",
    "0002_counters.sql": "23e21a15d37e49fb",
    "0003_archive.sql": "68ef11e7e3fa25b3",
    "0004_views.sql": "a40636956b93e5e0",
    "0005_gaps.sql": "d13319c13ec7d246",
    "0006_campaigns.sql": "2907ee85da26dac1",
    "0007_event_sentiment.sql": "53c7371a47752d27",
    "0008_alerts.sql": "4360ac53d91a14b1",
    "0009_declared.sql": "2a7e8431016128c9",
    "0010_addends.sql": "866723cd39f90b00",
}
NAMES = [migration.name for migration in migrations()]


class Database:
    """The engine by a client, with the two ways that ``migrate`` is given."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.executed: list[str] = []

    def execute(self, sql: str) -> None:
        self.client.command(sql)
        self.executed.append(sql)

    def query(self, sql: str) -> Sequence[Sequence[Any]]:
        return self.client.query(sql).result_rows

    def migrate(self, archive_days: int = 90, execute: Callable[[str], Any] | None = None) -> list[str]:
        return migrate(execute or self.execute, self.query, archive_days)

    def columns(self, table: str) -> dict[str, str]:
        rows = self.query(
            f"SELECT name, type FROM system.columns WHERE database = '{DATABASE}' AND table = '{table}' "
            "ORDER BY position"
        )
        return dict(map(tuple, rows))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path_factory.mktemp("migrate"))
    yield server
    server.stop()


@pytest.fixture
def fresh(server: ClickHouse) -> Iterator[Database]:
    """An engine without a database of Groundswell's."""
    with server.client() as client:
        client.command(f"DROP DATABASE IF EXISTS {DATABASE} SYNC")
        yield Database(client)
        client.command(f"DROP DATABASE IF EXISTS {DATABASE} SYNC")


@pytest.fixture
def database(server: ClickHouse) -> Iterator[Database]:
    """A migrated database with empty tables."""
    with server.client() as client:
        database = Database(client)
        database.migrate()
        for table in (*(counter.table for counter in COUNTERS), "segments", "archive"):
            client.command(f"TRUNCATE TABLE {DATABASE}.{table}")
        yield database


# --- migrations ---------------------------------------------------------------------------------------------------


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.version for migration in migrations()] == list(range(1, len(NAMES) + 1))
    assert all(migration.statements for migration in migrations())


def test_migrations_that_have_landed_are_as_they_were() -> None:
    assert {one.name: one.sha256[:16] for one in migrations() if one.name in LANDED} == LANDED


def test_migrating_twice_applies_everything_once(fresh: Database) -> None:
    assert fresh.migrate() == NAMES
    assert fresh.migrate() == []
    assert [row[0] for row in fresh.query(f"SELECT name FROM {DATABASE}.migrations ORDER BY version")] == NAMES


def test_two_that_migrate_at_once_do_no_harm(fresh: Database) -> None:
    # Both have found nothing applied before either has applied anything.
    fresh.migrate()
    found = fresh.query
    blind = lambda sql: [] if "DISTINCT version" in sql else found(sql)  # noqa: E731 - one line says it best
    assert migrate(fresh.execute, blind, 90) == NAMES
    assert fresh.migrate() == []


@pytest.mark.parametrize("last", range(1, 14, 2))
def test_migrating_may_be_cut_short_anywhere_and_repeated(fresh: Database, last: int) -> None:
    def failing(sql: str) -> None:
        if len(fresh.executed) == last:
            raise ConnectionError("cut off")
        fresh.execute(sql)

    with pytest.raises(ConnectionError):
        fresh.migrate(execute=failing)
    fresh.migrate()
    for view, columns in VIEWS.items():
        assert fresh.columns(view) == columns
    assert fresh.migrate() == []


def test_a_newer_database_is_refused_in_one_sentence_and_left_alone(fresh: Database) -> None:
    fresh.migrate()
    fresh.execute(f"INSERT INTO {DATABASE}.migrations (version, name, sha256) VALUES (9999, 'later', '')")
    before = fresh.query(f"SELECT name, create_table_query FROM system.tables WHERE database = '{DATABASE}'")
    with pytest.raises(GroundswellError, match=r"^[^.]*migration 9999,[^.]* upgrade Groundswell here\.$"):
        fresh.migrate(archive_days=7)
    assert before == fresh.query(f"SELECT name, create_table_query FROM system.tables WHERE database = '{DATABASE}'")


def test_archive_days_set_the_archives_ttl_once(fresh: Database) -> None:
    for days, changes in ((90, 0), (30, 1), (30, 0), (3, 1), (90, 1)):
        fresh.executed.clear()
        fresh.migrate(archive_days=days)
        assert sum("MODIFY TTL" in sql for sql in fresh.executed) == changes
        ((ddl,),) = fresh.query(
            f"SELECT create_table_query FROM system.tables WHERE database = '{DATABASE}' AND name = 'archive'"
        )
        assert f"TTL append_time + toIntervalDay({days})" in ddl


def test_every_view_is_told_once_to_read_its_tables_as_the_user_who_migrated(fresh: Database) -> None:
    fresh.migrate()
    let_views_be_granted(fresh.execute, fresh.query)
    views = fresh.query(
        f"SELECT name, create_table_query FROM system.tables WHERE database = '{DATABASE}' AND engine = 'View'"
    )
    assert {name for name, _ in views} >= set(VIEWS)
    assert all("SQL SECURITY DEFINER" in ddl for _, ddl in views)
    fresh.executed.clear()
    let_views_be_granted(fresh.execute, fresh.query)
    assert fresh.executed == []


# --- columns ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_view_has_exactly_the_contracts_columns_and_types(database: Database, view: str) -> None:
    assert list(database.columns(view).items()) == list(VIEWS[view].items())
    assert database.query(f"SELECT * FROM {DATABASE}.{view}") == []


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: counter.table)
def test_counters_table_is_as_declared_and_sorted_by_all_that_is_no_measure(database: Database, counter: Any) -> None:
    declared = counter.key | SEGMENT_COLUMNS
    growing = dict.fromkeys(counter.growing, "SimpleAggregateFunction(max, UInt64)")
    assert database.columns(counter.table) == declared | growing
    ((key,),) = database.query(
        f"SELECT sorting_key FROM system.tables WHERE database = '{DATABASE}' AND name = '{counter.table}'"
    )
    assert sorted(key.split(", ")) == sorted(declared)


# --- what views make of rows --------------------------------------------------------------------------------------


def insert(database: Database, table: str, **row: Any) -> None:
    database.client.insert(f"{DATABASE}.{table}", [list(row.values())], column_names=list(row))


AT = 1_785_434_400
PLACE = {"topic_id": "t", "partition": 0, "segment": 0}


def spelled(
    database: Database, added: int, removed: int = 0, rules: int = 1, campaign: str = "*", **place: Any
) -> None:
    insert(
        database, "spelling_counter", campaign=campaign, kind="hashtag", token="love", spelling="Love",
        posts_added=added, posts_removed=removed, rules=rules, **PLACE | place,
    )  # fmt: skip


def stands(database: Database, generation: int = 1, rules: int = 1, campaign: str = "*", **changes: Any) -> None:
    """A ``segments`` row: these rules count for this segment and campaign, as of this generation."""
    row = {"last_offset": 9, "read": 10, "counted": 10, "duplicates": 0, "dead": 0, "markers": 0, **PLACE, **changes}
    insert(database, "segments", campaign=campaign, rules=rules, generation=generation, **row)


def posts(database: Database) -> dict[str, int]:
    return dict(database.query(f"SELECT campaign, sum(posts) FROM {DATABASE}.spellings GROUP BY campaign"))  # type: ignore[arg-type]  # two columns


def merged(database: Database) -> None:
    for table in (*(counter.table for counter in COUNTERS), "segments", "archive"):
        database.client.command(f"OPTIMIZE TABLE {DATABASE}.{table} FINAL")


def test_writes_repeated_and_in_any_order_leave_the_last_state_of_a_chain(database: Database) -> None:
    stands(database)
    for segment, order in enumerate(permutations((1, 2, 5))):
        stands(database, segment=segment)
        for added in (*order, order[0], order[1]):
            spelled(database, added, segment=segment)
        assert posts(database) == {"*": 5 * (segment + 1)}
    merged(database)
    assert posts(database) == {"*": 5 * 6}


def test_a_torn_write_is_made_whole_by_its_repetition(database: Database) -> None:
    stands(database)
    key = {"window_start": AT, "campaign": "*", "source": "x", "event_type": "like", "lang": "", "country": "",
           "sentiment": "", "rules": 1, **PLACE}  # fmt: skip
    late = {**key, "window_start": AT - 86_400 * 3}
    measures = {"events": 2, "quantity_added": 3, "quantity_removed": 7}
    insert(database, "engagement_counter", **key, **measures)  # the first day's part arrived, the other's did not
    for row in (key, late):
        insert(database, "engagement_counter", **row, **measures)
    merged(database)
    found = database.query(
        f"SELECT toUnixTimestamp(window_start), events, quantity FROM {DATABASE}.engagement ORDER BY 1"
    )
    assert found == [(AT - 86_400 * 3, 2, -4), (AT, 2, -4)]


def test_rows_without_a_segments_row_are_not_read(database: Database) -> None:
    spelled(database, 5)
    assert posts(database) == {}
    stands(database, campaign="another")
    stands(database, segment=64)
    stands(database, partition=1)
    stands(database, topic_id="u")
    stands(database, rules=2)
    assert posts(database) == {}


def test_rules_of_the_highest_generation_are_read_whatever_was_written_last(database: Database) -> None:
    spelled(database, 5, rules=1)
    spelled(database, 3, rules=2)
    stands(database, generation=8, rules=2)
    stands(database, generation=7, rules=1)
    assert posts(database) == {"*": 3}
    merged(database)
    assert posts(database) == {"*": 3}
    stands(database, generation=9, rules=1)  # old, new, old
    assert posts(database) == {"*": 5}


def test_rules_that_match_nothing_supersede_too(database: Database) -> None:
    spelled(database, 5, campaign="launch", rules=1)
    spelled(database, 8, campaign="*", rules=10)
    stands(database, generation=1, campaign="launch", rules=1)
    stands(database, generation=1, campaign="*", rules=10)
    assert posts(database) == {"*": 8, "launch": 5}
    stands(database, generation=2, campaign="launch", rules=2)
    assert posts(database) == {"*": 8}


def test_campaign_that_came_or_went_in_mid_segment_does_not_stand_there(database: Database) -> None:
    for campaign in ("gone", "kept", "*"):
        spelled(database, 5, campaign=campaign)
        stands(database, generation=1, campaign=campaign, read=5)
    assert posts(database) == {"gone": 5, "kept": 5, "*": 5}
    for campaign, rules in (("kept", 1), ("*", 1), ("new", 2)):
        spelled(database, 9, campaign=campaign, rules=rules)
        stands(database, generation=2, campaign=campaign, rules=rules, read=9)
    assert posts(database) == {"kept": 9, "*": 9, "new": 9}
    stands(database, generation=3, campaign="kept", read=12)
    stands(database, generation=3, campaign="*", read=12)
    assert posts(database) == {"kept": 9, "*": 9}
    merged(database)
    assert posts(database) == {"kept": 9, "*": 9}


def test_rules_are_chosen_for_each_segment_by_itself(database: Database) -> None:
    for segment, generation_of_2 in ((0, 4), (64, 6)):
        spelled(database, 1, rules=1, segment=segment)
        spelled(database, 100, rules=2, segment=segment)
        stands(database, generation=5, rules=1, segment=segment)
        stands(database, generation=generation_of_2, rules=2, segment=segment)
    assert posts(database) == {"*": 1 + 100}


def test_segments_partitions_and_topics_add_up(database: Database) -> None:
    for added, place in ((1, {}), (20, {"segment": 64}), (300, {"partition": 1}), (4_000, {"topic_id": "again"})):
        spelled(database, added, **place)
        stands(database, **place)
    assert posts(database) == {"*": 4_321}


def test_what_was_undone_is_taken_away_and_may_leave_less_than_nothing(database: Database) -> None:
    stands(database)
    insert(
        database, "token_counter", window_start=AT, campaign="*", kind="emoji", token="💜", source="x",
        event_type="like", posts_added=2, posts_removed=5, occurrences_added=2, occurrences_removed=9, rules=1, **PLACE,
    )  # fmt: skip
    assert database.query(f"SELECT token, posts, occurrences FROM {DATABASE}.token_counts") == [("💜", -3, -7)]
    stands(database, segment=64)
    spelled(database, 4, removed=1)
    spelled(database, 0, removed=6, segment=64)
    assert posts(database) == {"*": -3}


def test_account_adds_up_to_what_was_read(database: Database) -> None:
    stands(database, generation=1, read=4, counted=2, duplicates=1, dead=1, last_offset=3)
    stands(database, generation=1, read=9, counted=5, duplicates=1, dead=2, markers=1, last_offset=8)
    stands(database, generation=2, read=6, counted=4, duplicates=1, dead=1, last_offset=5)
    stands(database, generation=1, segment=64, read=1, counted=1)
    stands(database, generation=3, campaign="launch", read=100, counted=100)
    rows = database.query(
        "SELECT segment, last_offset, read, counted, duplicates, dead, markers "
        f"FROM {DATABASE}.records ORDER BY segment"
    )
    assert rows == [(0, 8, 9, 5, 1, 2, 1), (64, 9, 1, 1, 0, 0, 0)]


def archived(database: Database, offset: int, sentiment: str = "", **rules: int) -> None:
    """An archive row: the event at this offset, of these campaigns by these rules versions (``every`` is ``*``)."""
    insert(
        database, "archive", **PLACE, offset=offset, event_time=AT, event_id=f"e{offset}",
        append_time=time.time_ns() // 10**9,  # what is older than the archive keeps is gone at once
        campaigns=[name.replace("every", "*") for name in rules], rules=list(rules.values()),
        sentiment=sentiment,
    )  # fmt: skip


def events(database: Database) -> list[tuple[object, ...]]:
    return [
        tuple(row) for row in database.query(f"SELECT event_id, campaigns FROM {DATABASE}.events ORDER BY event_id")
    ]


def test_archive_shows_an_event_once_with_the_campaigns_of_the_standing_rules(database: Database) -> None:
    archived(database, 7, launch=1, other=4)
    archived(database, 8, launch=1)
    assert events(database) == []
    stands(database)
    stands(database, generation=1, campaign="launch", rules=1)
    stands(database, generation=1, campaign="other", rules=4)
    archived(database, 8, launch=1)  # written again, after a crash
    assert events(database) == [("e7", ["launch", "other"]), ("e8", ["launch"])]
    archived(database, 9, launch=2)  # a recount of one campaign, not yet done
    assert events(database) == [("e7", ["launch", "other"]), ("e8", ["launch"])]
    stands(database, generation=2, campaign="launch", rules=2)
    assert events(database) == [("e7", ["other"]), ("e9", ["launch"])]
    merged(database)
    assert events(database) == [("e7", ["other"]), ("e9", ["launch"])]


def test_archive_of_everything_shows_events_of_no_campaign(database: Database) -> None:
    archived(database, 7, every=3)
    archived(database, 8, every=3, launch=1)
    stands(database, campaign="*", rules=3)
    assert events(database) == [("e7", []), ("e8", [])]
    stands(database, campaign="launch", rules=1)
    assert events(database) == [("e7", []), ("e8", ["launch"])]


def test_archive_shows_the_sentiment_of_the_first_campaign_that_stands(database: Database) -> None:
    archived(database, 7, "negative", launch=1)
    archived(database, 7, "positive", every=3, other=4)
    archived(database, 8, "", every=3)
    for campaign, rules in (("*", 3), ("launch", 1), ("other", 4)):
        stands(database, campaign=campaign, rules=rules)
    asked = f"SELECT event_id, campaigns, sentiment FROM {DATABASE}.events ORDER BY event_id"
    assert [tuple(row) for row in database.query(asked)] == [("e7", ["launch", "other"], "negative"), ("e8", [], "")]
    stands(database, generation=2, campaign="launch", rules=2)
    assert [tuple(row) for row in database.query(asked)] == [("e7", ["other"], "positive"), ("e8", [], "")]
