"""The contenders, each once: what it is, where it runs, how many events it gets."""

from typing import NamedTuple

FULL_EVENTS = 1_000_000
"""The larger of two sizes, for those that are fast enough for all events."""
SMALLER = 4
"""The larger size is this many times the smaller one; a rate is between the two, so that start-up is out of it."""


class Contender(NamedTuple):
    """One row of the table.

    ``environment`` is the folder below ``.bench`` (and the file in ``requirements``), '' the project's own. It gets
    one ``share``-th of the events: a power of ``SMALLER``, so that one contender's larger size is another's smaller.
    ``checked``: whether it has a result to compare with the truth. ``by_default``: whether it is measured unless others
    are asked for.
    """

    name: str
    title: str
    module: str
    environment: str
    share: int = 1
    options: tuple[str, ...] = ()
    checked: bool = True
    by_default: bool = True

    def sizes(self, events: int) -> tuple[int, int]:
        """The two numbers of events it counts, of ``events`` for the fastest."""
        larger = max(events // self.share, SMALLER)
        return larger // SMALLER, larger


def _in_one_or_two(name: str, title: str, module: str, environment: str, share: int) -> tuple[Contender, ...]:
    return (
        Contender(f"{name}-1", f"{title}, 1 process", module, environment, share, options=("1",)),
        # On two cores that are the broker's as well, two were the slower in every pair that was measured.
        Contender(f"{name}-2", f"{title}, 2 processes", module, environment, share, options=("2",), by_default=False),
    )


ALL = (
    *(
        Contender(
            f"groundswell-{workers}-{archive}",
            f"Groundswell, {workers} worker{'s' if workers > 1 else ''}, archive {archive}",
            "groundswell",
            "",
            options=(str(workers), archive),
            by_default=workers > 1 or archive == "off",
        )
        for workers in (1, 2)
        for archive in ("off", "matched")
    ),
    Contender("faust-table", "Faust, windowed table", "faust_table", "faust", share=16),
    Contender("faust-dict", "Faust, agent and a dict", "faust_dict", "faust", share=16),
    *_in_one_or_two("quix", "Quix Streams, tumbling window", "quix", "quix", share=4),
    *_in_one_or_two("bytewax", "Bytewax, tumbling window", "bytewax_windows", "bytewax", share=16),
    Contender("flink", "Flink SQL, tumbling window", "flink", "flink"),
    Contender("clickhouse-file", "Limit: ClickHouse's engine, from a file", "clickhouse_file", "clickhouse"),
    Contender("raw", "Limit: aiokafka, values only", "raw", "faust", checked=False),
)
