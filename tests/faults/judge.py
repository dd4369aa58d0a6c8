"""The verdict on a run: all that can be read afterwards, against an independent count of the log."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.topics import DEAD_LETTERS, ERROR_HEADER_PREFIX, EVENTS
from streams.settings import Settings
from tests.faults.load import Load
from tests.faults.standing import Rules, standing
from tests.faults.watch import Watch
from tests.oracle.log import Log, read_log
from tests.oracle.oracle import Expected, expect
from tests.oracle.verdict import REASONS
from tests.oracle.views import compare, views
from tests.stack_fixture import account, ask

_MANY = 10**9


@dataclass
class Verdict:
    """``wrong`` keys of ``keys``, records ``unaccounted``, commits ``ahead``; ``lines`` say which, in words."""

    records: int = 0
    keys: int = 0
    wrong: int = 0
    unaccounted: int = 0
    ahead: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        return not self.lines

    def __str__(self) -> str:
        return (
            f"{'EXACT' if self.exact else 'WRONG'}: {self.records} records, {self.wrong} of {self.keys} keys wrong, "
            f"{self.unaccounted} records unaccounted, {self.ahead} commits ahead"
        )


def judge(settings: Settings, load: Load, watch: Watch, rules: Rules, deleted: Log) -> Verdict:
    """Judge what stands there now; the log, whose first records may be ``deleted``, must have been counted to its end.

    Of every segment and campaign exactly one of the ``rules`` must have counted: the one that stands.
    """
    left = read_log(settings.kafka_bootstrap, EVENTS.name)
    log = {partition: [*deleted.get(partition, ()), *records] for partition, records in left.items()}
    stands = standing(settings, log, rules)
    expected = expect(
        log,
        stands.campaigns_of,
        horizon_records=settings.horizon_records,
        horizon_ms=settings.horizon_s * 1000,
        truth=load.truth,
    )
    verdict = Verdict(records=sum(len(records) for records in log.values()), lines=stands.lines)
    lost = Counter((one.key, one.value) for one in load.acknowledged) - Counter(
        (one.key, one.value) for records in log.values() for one in records
    )
    verdict.lines += [f"acknowledged, but not on the log: {key!r}" for key, _ in lost]
    _judge_views(verdict, settings, expected)
    _judge_account(verdict, settings, expected)
    _judge_archive(verdict, settings, expected)
    _judge_dead_letters(verdict, settings, expected)
    ahead = watch.ahead(log, expected)
    verdict.ahead = len(ahead)
    verdict.lines += ahead
    return verdict


def _judge_views(verdict: Verdict, settings: Settings, expected: Expected) -> None:
    actual = views(settings.clickhouse_url)
    verdict.keys = sum(len(rows) for rows in expected.views.values())
    verdict.wrong = len([line for line in compare(expected.views, actual, limit=_MANY) if ": expected" in line])
    verdict.lines += compare(expected.views, actual, limit=5)


def _judge_account(verdict: Verdict, settings: Settings, expected: Expected) -> None:
    actual = account(settings)
    want: Mapping[str, Mapping[Any, Any]] = {"account": expected.account}
    verdict.lines += compare(want, {"account": actual})
    nothing = dict.fromkeys(("read", "counted", "duplicates", "dead", "markers"), 0)
    for partition, numbers in expected.account.items():
        found = actual.get(partition, nothing)
        verdict.unaccounted += max(abs(number - found[name]) for name, number in numbers.items())
        if found["read"] != sum(found[name] for name in nothing if name != "read"):
            verdict.lines.append(f"account of partition {partition} does not add up: {found}")


def _judge_archive(verdict: Verdict, settings: Settings, expected: Expected) -> None:
    """Every event that matches a campaign stands in the archive once, with those campaigns, and no other does."""
    columns = "toUnixTimestamp(event_time), source, event_id, campaigns"
    rows = ask(settings, f"SELECT {columns} FROM groundswell.events FORMAT JSONCompactEachRow")
    found = Counter(
        (second, source, event_id, tuple(campaigns))
        for second, source, event_id, campaigns in map(json.loads, rows.split("\n")[:-1])
    )
    for what, these in (("lacks", expected.archive - found), ("should not have", found - expected.archive)):
        verdict.lines += [f"the archive {what} {times} of {row}" for row, times in list(these.items())[:5]]


def _judge_dead_letters(verdict: Verdict, settings: Settings, expected: Expected) -> None:
    refused = {place for place, what in expected.verdicts.items() if what in REASONS}
    found = set()
    for letters in read_log(settings.kafka_bootstrap, DEAD_LETTERS.name).values():
        for letter in letters:
            headers = {name.removeprefix(ERROR_HEADER_PREFIX): value for name, value in letter.headers}
            found.add((int(headers["partition"] or b""), int(headers["offset"] or b"")))
    for what, places in (("no dead letter", refused - found), ("a dead letter of an accepted record", found - refused)):
        verdict.unaccounted += len(places)
        verdict.lines += [f"{what}: partition {partition}, offset {at}" for partition, at in sorted(places)[:5]]
