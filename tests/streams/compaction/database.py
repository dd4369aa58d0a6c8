"""The engine with what workers write to it, what readers see, and the compactor's client."""

from collections.abc import Iterable
from typing import Any

from schemas.counter import Counter
from schemas.counters import AUTHORS, DATABASE, SPELLINGS, TOKEN_COUNTS
from streams import clickhouse, compact
from streams.settings import load
from tests.deploy.clickhouse_fixtures import ClickHouse

T_S = 3600
KINDS = (TOKEN_COUNTS, SPELLINGS, AUTHORS)
"""A counter of each kind: of windows, of none, and one with a highest. Compaction knows no others in these tests: with
every counter each would take four times as long; ``tests/test_compaction.py`` has them all."""

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

    def count(self, segment: int, added: int, **more: Any) -> None:
        """Counters of a segment as they stand, in each table."""
        self.count_all([segment], added, **more)

    def count_all(self, segments: Iterable[int], added: int, **more: Any) -> None:
        """The same of several segments, in one block a table."""
        made = list(segments)
        for counter in KINDS:
            self.insert(counter.table, *(self._row(counter, segment, added, **more) for segment in made))

    def _row(
        self,
        counter: Counter,
        segment: int,
        added: int,
        removed: int = 0,
        rules: int = 1,
        campaign: str = "*",
        unit_s: int | None = None,
    ) -> dict[str, Any]:
        row = {**PLACE, "segment": segment, "rules": rules, "campaign": campaign}
        row["unit"] = unit_of(segment) if unit_s is None else unit_s
        places: dict[str, Any] = {"kind": "hashtag", "token": "love", "spelling": "Love", "source": "x"}
        places |= {"event_type": "like", "window_start": T_S + segment % 3 * 10}
        key = {name: places.get(name, "") for name in counter.key if name != "campaign"}
        times = {"occurrences": 2}
        measures: dict[str, int] = {}
        for measure in counter.measures:
            more = times.get(measure.name, 1)
            measures[measure.added] = more * (added if measure.removed else added + removed)
            if measure.removed:
                measures[measure.removed] = more * removed
        return {**row, **key, **measures}

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

    def sums(self, counter: Counter) -> dict[str, int]:
        """What a counter's view has of each campaign."""
        measure = next(one.name for one in counter.measures if one.removed)
        return dict(
            self.query(f"SELECT campaign, sum({measure}) FROM {counter.view} GROUP BY campaign HAVING count() > 0")
        )

    def posts(self) -> dict[str, int]:
        """What every view has of each campaign; all must be one."""
        first, *others = (self.sums(counter) for counter in KINDS)
        assert all(other == first for other in others), (first, others)
        return first

    def rows_read(self) -> int:
        """How many rows of workers' a reader of the view is shown: none, when all is compacted."""
        ((count,),) = self.query("SELECT length(rows) FROM coverage")
        return int(count)


def unit_of(segment: int) -> int:
    """Segments of a hundred offsets each, two of which begin in an hour."""
    return segment // 200 * T_S
