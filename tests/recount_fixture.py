"""A stack whose closed segments are counted again, next to an oracle that knows which campaign counted which part."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec
from kafka import TopicPartition

from deploy.stack import Stack
from schemas.topics import EVENTS
from streams import recount, topics
from streams.settings import Settings
from tests.oracle import vocabulary
from tests.oracle.log import Campaign, Record, read_log
from tests.oracle.oracle import Expected, Rows, expect
from tests.oracle.views import added, additive, compare, views
from tests.stack_fixture import Ledger, ask, stack_settings, wait_until, wait_until_counted

PARTITIONS = 2
RECORDS = 1_800
SEGMENT_RECORDS = 256
HORIZON_RECORDS = 500
OLD = {campaign.name: campaign for campaign in vocabulary.CAMPAIGNS}
NEW = Campaign("kindness", hashtags=("Kindness", "love", "мир"), keywords=("peace",))
"""Another file of a campaign of ``OLD``."""

Bounds = Mapping[int, int]
"""By partition, an offset."""


@dataclass
class Counted:
    """A stack whose workers started with the campaigns ``OLD``; the log is remembered, whatever Kafka deletes."""

    ledger: Ledger
    log: dict[int, dict[int, Record]] = field(default_factory=dict)
    expected: dict[object, Expected] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self.ledger.settings

    def write(self, *campaigns: Campaign) -> None:
        """Change campaign files; the workers do not look at them again."""
        for campaign in campaigns:
            path = self.settings.campaigns / f"{campaign.name}.toml"
            path.write_text(campaign.toml(), encoding="utf-8")

    def remember(self) -> None:
        """Take in what is on the log now, all of which must be counted."""
        for partition, records in read_log(self.settings.kafka_bootstrap, EVENTS.name).items():
            self.log.setdefault(partition, {}).update({record.offset: record for record in records})
        wait_until_counted(self.settings, sum(map(len, self.log.values())))

    def commits(self) -> dict[int, int]:
        """The workers' commits once they stand still: the starts of the open segments."""
        wait_until(lambda: self._commits() == self.open(), "the commits are the open segments' starts")
        return self._commits()

    def _commits(self) -> dict[int, int]:
        with topics.admin(self.settings) as client:
            return topics.commits(client, self.settings)

    def segments(self) -> dict[int, list[int]]:
        """The names of the segments, by partition."""
        rows = ask(self.settings, "SELECT DISTINCT partition, segment FROM groundswell.records ORDER BY ALL")
        found: dict[int, list[int]] = {}
        for row in rows.splitlines():
            partition, segment = map(int, row.split("\t"))
            found.setdefault(partition, []).append(segment)
        return found

    def open(self) -> dict[int, int]:
        return {partition: names[-1] for partition, names in self.segments().items()}

    def expect(self, campaigns: Sequence[Campaign], before: Bounds | None = None) -> Expected:
        """What the oracle counts of the log, or of what stands before an offset; asked again, it is remembered."""
        kept = {
            partition: [records[at] for at in sorted(records) if before is None or at < before[partition]]
            for partition, records in self.log.items()
        }
        asked = (tuple(campaigns), tuple(map(len, kept.values())))
        if asked not in self.expected:
            horizon_ms = self.settings.horizon_s * 1000
            horizon = self.settings.horizon_records
            self.expected[asked] = expect(
                kept, campaigns, horizon_records=horizon, horizon_ms=horizon_ms, truth=self.ledger.truth
            )
        return self.expected[asked]

    def check(self, changed: Campaign | None = None, begin: Bounds | None = None, end: Bounds | None = None) -> None:
        """Every key of every view: ``OLD``, but ``changed`` within the offsets ``[begin, end)``."""
        old = list(OLD.values())
        parts = [(1, self.expect(old).views)]
        if changed is not None:
            assert end is not None
            new = [changed if campaign.name == changed.name else campaign for campaign in old]
            for sign, before in ((1, end), (-1, begin or dict.fromkeys(end, 0))):
                parts += [(sign, self.expect(new, before).views), (-sign, self.expect(old, before).views)]
        found = views(self.settings.clickhouse_url)
        assert compare(added(*parts), additive(found)) == []
        self.check_archive(found["engagement"])

    def check_archive(self, engagement: Rows) -> None:
        """The archive's events by campaign are those of the counters."""
        rows = ask(
            self.settings,
            "SELECT intDiv(toUnixTimestamp(event_time), 10) * 10, arrayJoin(campaigns), source, event_type, lang, "
            "country, count() FROM groundswell.events GROUP BY ALL FORMAT JSONCompactEachRow",
        )
        found = {tuple(key): (int(count),) for *key, count in map(json.loads, rows.splitlines())}
        want: Counter[tuple[Any, ...]] = Counter()
        for (*key, _), (events, _) in engagement.items():
            # Without the sentiment: campaigns may judge one event differently, and the archive shows one of them.
            want[tuple(key)] += events if key[1] != "*" else 0
        assert compare({"events": {key: (events,) for key, events in want.items()}}, {"events": found}) == []

    def between(self, end: Bounds, begin: Bounds | None = None) -> int:
        """How many segments lie in ``[begin, end)``."""
        return sum(
            (begin[partition] if begin else 0) <= segment < end[partition]
            for partition, names in self.segments().items()
            for segment in names
        )

    def same_rules(self, campaign: str) -> dict[int, int]:
        """Where the segments end that stand under the rules of the first one."""
        rows = ask(
            self.settings,
            "SELECT partition, segment, argMax(rules, generation) FROM groundswell.segments "
            f"WHERE campaign = '{campaign}' GROUP BY partition, segment ORDER BY partition, segment",
        )
        found: dict[int, list[tuple[int, int]]] = {}
        for row in rows.splitlines():
            partition, segment, version = map(int, row.split("\t"))
            found.setdefault(partition, []).append((segment, version))
        return {
            partition: next(segment for segment, version in versions if version != versions[0][1])
            for partition, versions in found.items()
        }

    def delete(self, before: int, partition: int = 0) -> None:
        """Have Kafka delete the records of a partition before an offset."""
        with topics.admin(self.settings) as client:
            client.delete_records({TopicPartition(EVENTS.name, partition): before})

    def recount(self, *names: str) -> Any:
        """Recount here, which spares a process; returns the report as programs read it."""
        report = recount.recount(self.settings, names, None, lambda *_: None)
        return json.loads(msgspec.json.encode(report))

    def by_the_old_rules(self) -> Self:
        """Whatever was recounted before stands by the old rules again: recounted under the old files."""
        if (self.settings.campaigns / "kindness.toml").read_text(encoding="utf-8") != OLD["kindness"].toml():
            self.write(OLD["kindness"])
            self.commits()
            self.recount("kindness")
            self.check()
        return self


@contextmanager
def counting(folder: Path) -> Iterator[Counted]:
    """A stack with a worker, which has counted some segments."""
    settings = stack_settings(
        folder,
        vocabulary.CAMPAIGNS,
        partitions=PARTITIONS,
        segment_size=SEGMENT_RECORDS,
        horizon_records=HORIZON_RECORDS,
        batch_records=400,
    )
    with Stack(settings, workers=1, progress=print):
        made = Counted(Ledger(settings, vocabulary.CAMPAIGNS))
        made.ledger.send(made.ledger.generate(RECORDS, seed=40))
        made.remember()
        made.check()
        yield made
