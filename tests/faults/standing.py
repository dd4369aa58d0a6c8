"""Segments as they stand in ClickHouse, and by which rules: against the log, cut by the oracle."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.settings import Settings
from tests.oracle.log import Campaign, Log
from tests.oracle.oracle import EVERY, CampaignsOf
from tests.oracle.segments import cut
from tests.stack_fixture import ask

Definitions = Mapping[tuple[str, int], Campaign]
"""What each rules version of a campaign says, by name and version."""


@dataclass
class Standing:
    """``campaigns_of`` tells by which rules a record's whole segment must be counted; ``lines`` what is wrong."""

    lines: list[str] = field(default_factory=list)
    _of: dict[tuple[int, int], list[Campaign]] = field(default_factory=dict)

    @property
    def campaigns_of(self) -> CampaignsOf:
        return lambda partition, offset: self._of[partition, offset]


def standing(settings: Settings, log: Log, definitions: Definitions) -> Standing:
    """Read ``segments``: each must be cut by the log alone, and stand by one version of each campaign's rules.

    Of one segment and campaign, the rules of the highest generation stand.
    """
    found = Standing()
    rules, lasts = _read(settings, found.lines)
    names = {EVERY, *(name for name, _ in definitions)}
    expected = set()
    for partition, records in log.items():
        for segment in cut(records, settings.segment_size, settings.segment_age_s * 1000, settings.segment_bytes):
            place = partition, segment[0].offset
            expected.add(place)
            have = rules.get(place, {})
            if have.keys() != names or lasts[place] != segment[-1].offset:
                found.lines.append(
                    f"segment {place}: expected {sorted(names)} up to {segment[-1].offset}, "
                    f"found {sorted(have)} up to {lasts.get(place)}"
                )
            campaigns = [definitions[name, version] for name, version in have.items() if name != EVERY]
            found._of.update(dict.fromkeys(((partition, record.offset) for record in segment), campaigns))
    found.lines += [
        f"segment {place} stands there, though the log has no such" for place in sorted({*rules} - expected)
    ]
    return found


def _read(
    settings: Settings, lines: list[str]
) -> tuple[dict[tuple[int, int], dict[str, int]], dict[tuple[int, int], int]]:
    """By (partition, segment): the standing rules version of each campaign; the last offset."""
    versions: defaultdict[tuple[int, int, str], defaultdict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    lasts: defaultdict[tuple[int, int], int] = defaultdict(int)
    columns = "partition, segment, campaign, rules, generation, max(last_offset)"
    keys = columns.rsplit(",", 1)[0]
    for row in ask(settings, f"SELECT {columns} FROM groundswell.segments GROUP BY {keys}").splitlines():
        partition, segment, campaign, version, generation, last = row.split("\t")
        place = int(partition), int(segment)
        versions[(*place, campaign)][int(generation)].add(int(version))
        lasts[place] = max(lasts[place], int(last))
    rules: defaultdict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for (partition_, segment_, campaign), by_generation in versions.items():
        generation_, standing_versions = max(by_generation.items())
        if len(standing_versions) > 1:
            lines.append(f"segment ({partition_}, {segment_}), {campaign}: two rules in generation {generation_}")
        rules[partition_, segment_][campaign] = max(standing_versions)
    return dict(rules), dict(lasts)
