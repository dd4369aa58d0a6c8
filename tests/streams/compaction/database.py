"""The engine with what workers write to it, what readers see, and the compactor's client."""

from typing import Any

from schemas.counters import DATABASE
from streams import clickhouse, compact
from streams.settings import load
from tests.deploy.clickhouse_fixtures import ClickHouse

T_S = 3600
PLACE = {"topic_id": "t", "partition": 0}


class Database:
    """The engine: what workers write to it, what readers see, and the compactor's client."""

    def __init__(self, server: ClickHouse) -> None:
        self.settings = load(clickhouse_url=server.url)
        self.client = clickhouse.connect(self.settings)
        self.compactor = compact.connect(self.settings)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.client.query(sql.replace(" FROM ", f" FROM {DATABASE}.", 1)).result_rows]

    def insert(self, table: str, *rows: dict[str, Any]) -> None:
        columns = list(rows[0])
        self.client.insert(f"{DATABASE}.{table}", [list(row.values()) for row in rows], column_names=columns)

    def count(self, segment: int, added: int, removed: int = 0, rules: int = 1, campaign: str = "*") -> None:
        """Counters of a segment as they stand, in each table."""
        row = {**PLACE, "segment": segment, "unit": unit_of(segment), "rules": rules, "campaign": campaign}
        token = {"kind": "hashtag", "token": "love"}
        where = {"window_start": T_S + segment % 3 * 10, "source": "x", "event_type": "like"}
        posts = {"posts_added": added, "posts_removed": removed}
        self.insert("token_counter", {**row, **token, **where, **posts, "occurrences_added": 2 * added})
        place = {"lang": "", "country": "", "sentiment": ""}
        quantity = {"events": added + removed, "quantity_added": added, "quantity_removed": removed}
        self.insert("engagement_counter", {**row, **where, **place, **quantity})
        self.insert("spelling_counter", {**row, **token, "spelling": "Love", **posts})

    def vouch(self, *segments: int, read: int = 10, generation: int = 1, rules: int = 1, campaign: str = "*") -> None:
        """Accounts of segments, in one block."""
        row = {**PLACE, "campaign": campaign, "rules": rules, "generation": generation, "read": read, "counted": read}
        self.insert(
            "segments", *({**row, "segment": one, "unit": unit_of(one), "last_offset": one} for one in segments)
        )

    def whole(self, segment: int, added: int, **more: Any) -> None:
        self.count(segment, added, **more)
        more.pop("removed", None)
        self.vouch(segment, **more)

    def compact(self) -> int:
        return compact.compact(self.compactor).compacted

    def sums(self) -> tuple[dict[str, int], ...]:
        """What each view has of each campaign; all must be one."""
        return tuple(
            dict(self.query(f"SELECT campaign, sum({measure}) FROM {view} GROUP BY campaign HAVING count() > 0"))
            for view, measure in (("token_counts", "posts"), ("engagement", "quantity"), ("spellings", "posts"))
        )

    def posts(self) -> dict[str, int]:
        tokens, quantities, spellings = self.sums()
        assert tokens == quantities == spellings
        return tokens

    def rows_read(self) -> int:
        """How many rows of workers' a reader of the view is shown: none, when all is compacted."""
        ((count,),) = self.query("SELECT length(rows) FROM coverage")
        return int(count)


def unit_of(segment: int) -> int:
    """Segments of a hundred offsets each, two of which begin in an hour."""
    return segment // 200 * T_S
