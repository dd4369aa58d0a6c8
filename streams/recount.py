"""Recount: closed segments counted again from the log by today's rules, while live counting goes on above them.

Everything below the group's commit is wholly written, and no worker counts it any more, so that is where a recount
works. What it counts is the rows that a worker under these rules would have written. Nobody reads them until the
accounts, the rows of ``segments``, vouch for them under a generation above all others: those are written last, in one
insert of one block, which is atomic. So readers switch over at once, and a recount that is cut short changes nothing.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl
from kafka.errors import OffsetOutOfRangeError
from msgspec import structs

from schemas.counters import EVERY_CAMPAIGN
from schemas.topics import EVENTS
from streams import preflight, rules
from streams.count import Additions
from streams.errors import GroundswellError, UsageError
from streams.match import Matcher
from streams.partition import Account, Counting, Flush, Partition
from streams.recount_accounts import ONE_BLOCK, Accounts
from streams.recount_log import Log, Stretch
from streams.recount_report import OutOfReach, Recounted, Report
from streams.rows import Share, Writer
from streams.settings import Settings
from streams.sink import Sink, UnavailableError

_FLUSH_RECORDS = 50_000
_FLUSH_BYTES = 64 * 1024 * 1024
_PATIENCE_S = 300
_RETRY_S = 2
_MOST_ATTEMPTS = 10

Progress = Callable[[int, int], None]
"""Told how many offsets of how many have been read."""


def recount(settings: Settings, names: Sequence[str], since: datetime | None, progress: Progress) -> Report:
    """Count the closed segments of the campaigns ``names`` again, from the one that the moment ``since`` falls in.

    By append time; None is all that Kafka keeps. Raises ``GroundswellError``, and whatever it is interrupted by; until
    the last insert nothing has changed for readers then, and a repetition begins anew.
    """
    begun, begun_s = datetime.now(UTC), time.monotonic()
    counting, versions = _of_these(settings, names)
    ground = preflight.check(settings, **ONE_BLOCK)
    topic_id = ground.topic.topic_id
    accounts = Accounts(ground.client, topic_id)
    closed = accounts.closed(ground.commits)
    if not closed and not accounts.any():
        raise GroundswellError(
            f"Nothing of {EVENTS.name} has been counted yet, so nothing can be counted again: `groundswell worker` "
            "counts it by today's rules."
        )
    run = _Run(counting, versions, Writer(Sink(ground.client), topic_id, versions))
    with Log(settings) as log:
        run.count(log, closed, ground.commits, None if since is None else int(since.timestamp() * 1000), progress)
    before, after = run.switch(accounts)
    return Report(
        [Recounted(name, run.segments, run.records, before[name], after[name]) for name in run.versions],
        [_out_of_reach(stretch, since) for stretch in run.stretches if stretch.cut_short],
        accounts.behind(run.versions),
        begun,
        round(time.monotonic() - begun_s, 3),
    )


def _of_these(settings: Settings, names: Collection[str]) -> tuple[Counting, dict[str, int]]:
    """Today's rules, with no campaigns but these. Raises ``UsageError`` for one that there is not."""
    counting, versions = rules.load(settings)
    for name in names:
        if name not in versions:
            raise UsageError(
                f"There is no campaign {name!r} in {settings.campaigns}: choose from {', '.join(map(repr, versions))}."
            )
    chosen = [campaign for campaign in counting.matcher.campaigns if campaign.name in names]
    # The archive's rows may hold no other campaign either, so not "*" unless it is one of these.
    archive = "matched" if counting.archive == "all" and EVERY_CAMPAIGN not in names else counting.archive
    return structs.replace(counting, matcher=Matcher(chosen), archive=archive), {name: versions[name] for name in names}


def _out_of_reach(stretch: Stretch, since: datetime | None) -> OutOfReach:
    until = None if stretch.first_ms is None else datetime.fromtimestamp(stretch.first_ms / 1000, UTC)
    return OutOfReach(stretch.partition, since, until)


class _Run:
    """One recount: what is counted again, by partition, and not yet vouched for."""

    def __init__(self, counting: Counting, versions: Mapping[str, int], writer: Writer) -> None:
        self.versions = versions
        self._counting = counting
        self._writer = writer
        self._counted: dict[int, dict[int, Account]] = {}
        self.stretches: list[Stretch] = []

    @property
    def segments(self) -> int:
        """How many segments were counted again."""
        return sum(map(len, self._counted.values()))

    @property
    def records(self) -> int:
        """How many records were counted again."""
        return sum(account.read for found in self._counted.values() for account in found.values())

    def count(
        self,
        log: Log,
        closed: Mapping[int, Mapping[int, int]],
        commits: Mapping[int, int],
        since_ms: int | None,
        progress: Progress,
    ) -> None:
        """Count one partition after the other; ``closed`` has the records of each closed segment."""
        planned = {one: log.stretch(one, sorted(closed[one]), commits[one], since_ms).length for one in sorted(closed)}
        total, done = sum(planned.values()), 0
        for partition, length in planned.items():
            for _ in range(_MOST_ATTEMPTS):
                try:
                    stretch = log.stretch(partition, sorted(closed[partition]), commits[partition], since_ms)
                    base = done + length - stretch.end
                    self._count(log, stretch, closed[partition], lambda at, base=base: progress(base + at, total))  # type: ignore[misc]  # bound here
                    break
                except OffsetOutOfRangeError:
                    # Retention has gone past the place that was being read: what is left is counted anew.
                    continue
            else:
                raise GroundswellError(
                    f"Kafka deletes the records of {EVENTS.name}, partition {partition}, faster than they are read; "
                    "nothing has changed for readers: recount what is younger, with --since."
                )
            done += length
            self.stretches.append(stretch)

    def _count(self, log: Log, stretch: Stretch, expected: Mapping[int, int], progress: Callable[[int], None]) -> None:
        if not stretch.segments:
            return
        partition = Partition(self._counting, stretch.segments[0], stretch.position)
        accounts: dict[int, Account] = {}
        pending_bytes = 0
        for chunk in log.chunks(stretch):
            pending_bytes += partition.take(chunk).memory_bytes
            if partition.pending_records >= _FLUSH_RECORDS or pending_bytes >= _FLUSH_BYTES:
                accounts |= self._flush(stretch.partition, partition)
                pending_bytes = 0
            progress(partition.next_offset)
        accounts |= self._flush(stretch.partition, partition)
        found = {segment: account.read for segment, account in accounts.items()}
        if found != {segment: expected[segment] for segment in stretch.segments}:
            raise GroundswellError(
                f"Partition {stretch.partition} of {EVENTS.name} no longer holds the records that were counted of it, "
                "so nothing was changed for readers: `groundswell doctor` looks at what may be wrong."
            )
        self._counted[stretch.partition] = accounts

    def _flush(self, number: int, partition: Partition) -> dict[int, Account]:
        """Write what is counted and not yet written; returns the accounts, to be written at the end."""
        flush = partition.begin_flush()
        if flush is None:
            return {}
        if EVERY_CAMPAIGN not in self.versions:
            flush = structs.replace(flush, additions=[_but_every(additions) for additions in flush.additions])
        rows = {number: partition.changed_rows(flush)}
        _until_taken(lambda: self._writer.write_counts([Share(number, 0, flush)], rows))
        partition.written(flush)
        return flush.accounts

    def switch(self, accounts: Accounts) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Make readers see it; returns each campaign's events right before and after."""
        before = accounts.events(self.versions)
        if not self.segments:
            return before, before
        try:
            while True:
                generations = accounts.next_generations(self._counted)
                shares = [
                    Share(number, generations[number], Flush([], [], found, 0, 0, 0))
                    for number, found in self._counted.items()
                ]
                _until_taken(lambda shares=shares: self._writer.write_accounts(shares))  # type: ignore[misc]  # bound here
                # Of two recounts that end at once, one at least sees the other, and goes above it.
                if not accounts.disputed(self.versions, generations):
                    return before, accounts.events(self.versions)
        except KeyboardInterrupt as error:
            raise GroundswellError(
                "Stopped in the recount's last step, so readers see either all of it or nothing: repeat the command."
            ) from error


def _but_every(additions: Additions) -> Additions:
    return {table: rows.filter(pl.col("campaign") != EVERY_CAMPAIGN) for table, rows in additions.items()}


def _until_taken(write: Callable[[], None]) -> None:
    """Write, again and again while ClickHouse is away for a while."""
    give_up_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            write()
        except UnavailableError as error:
            if time.monotonic() > give_up_s:
                raise GroundswellError(
                    f"ClickHouse has not taken the recount's rows for {_PATIENCE_S} s ({str(error)[:300]}): mend "
                    "it, and repeat the command."
                ) from error
            time.sleep(_RETRY_S)
        else:
            return
