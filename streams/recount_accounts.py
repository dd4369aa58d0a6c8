"""The accounts that a recount goes by and ends with: what ClickHouse says about counted segments."""

from collections.abc import Iterable, Mapping
from typing import Any

from clickhouse_connect.driver import Client

from schemas.counters import DATABASE, EVERY_CAMPAIGN

ONE_BLOCK = {
    # An insert of any size is one block, and so one part: it is seen whole or not at all.
    "min_insert_block_size_rows": 2**40,
    "min_insert_block_size_bytes": 2**50,
    # A replica that lags behind must not tell of an older generation.
    "select_sequential_consistency": 1,
}
"""Settings of a client that writes and reads accounts."""


class Accounts:
    """The rows of ``segments`` of one topic."""

    def __init__(self, client: Client, topic_id: str) -> None:
        self._client = client
        self._topic_id = topic_id

    def _ask(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        found = self._client.query(sql, parameters={"topic_id": self._topic_id, **parameters})
        return [tuple(row) for row in found.result_rows]

    def any(self) -> bool:
        """Whether anything of the topic has been counted."""
        return bool(self._ask(f"SELECT 1 FROM {DATABASE}.segments WHERE topic_id = {{topic_id:String}} LIMIT 1"))

    def closed(self, commits: Mapping[int, int]) -> dict[int, dict[int, int]]:
        """The segments below ``commits`` by partition, each with the number of its records."""
        rows = self._ask(
            f"SELECT partition, segment, read FROM {DATABASE}.records WHERE topic_id = {{topic_id:String}} "
            "ORDER BY partition, segment"
        )
        found: dict[int, dict[int, int]] = {}
        for partition, segment, read in rows:
            if segment < commits.get(partition, 0):
                found.setdefault(partition, {})[segment] = read
        return found

    def next_generations(self, partitions: Iterable[int]) -> dict[int, int]:
        """For each partition a generation above all that stand."""
        rows = self._ask(
            f"SELECT partition, max(generation) FROM {DATABASE}.segments WHERE topic_id = {{topic_id:String}} "
            "GROUP BY partition"
        )
        highest = dict(rows)
        return {partition: highest[partition] + 1 for partition in partitions}

    def disputed(self, campaigns: Iterable[str], generations: Mapping[int, int]) -> bool:
        """Whether two rules versions stand under one of these generations."""
        rows = self._ask(
            f"SELECT partition, generation FROM {DATABASE}.segments "
            "WHERE topic_id = {topic_id:String} AND campaign IN {campaigns:Array(String)} "
            "GROUP BY partition, segment, campaign, generation HAVING uniqExact(rules) > 1",
            campaigns=list(campaigns),
        )
        return any(generations.get(partition) == generation for partition, generation in rows)

    def behind(self, versions: Mapping[str, int]) -> list[str]:
        """The campaigns that the newest segment of some partition does not count under these versions."""
        rows = self._ask(
            "SELECT partition, campaign, max(segment), argMax(rules, (segment, generation)) "
            f"FROM {DATABASE}.segments WHERE topic_id = {{topic_id:String}} GROUP BY partition, campaign"
        )
        newest = {(partition, campaign): (segment, version) for partition, campaign, segment, version in rows}
        return [
            name
            for name, version in versions.items()
            if any(
                newest.get((partition, name)) != (segment, version)
                for (partition, campaign), (segment, _) in newest.items()
                if campaign == EVERY_CAMPAIGN
            )
        ]

    def events(self, campaigns: Iterable[str]) -> dict[str, int]:
        """How many events each of the campaigns has, as readers see it."""
        names = list(campaigns)
        rows = self._ask(
            f"SELECT campaign, sum(events) FROM {DATABASE}.engagement WHERE campaign IN {{campaigns:Array(String)}} "
            "GROUP BY campaign",
            campaigns=names,
        )
        return dict.fromkeys(names, 0) | dict(rows)
