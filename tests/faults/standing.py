"""Segments as they stand in ClickHouse, and by which rules: against the log, cut by the oracle."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from streams.settings import Settings
from tests.oracle.log import Campaign, Log
from tests.oracle.oracle import EVERY, CampaignsOf
from tests.oracle.segments import cut
from tests.stack_fixture import ask


@dataclass(frozen=True)
class Rules:
    """What workers have counted by.

    ``definitions``: what each rules version of a campaign says, by name and version; ``together``: the names of the
    campaigns, ``*`` among them, that were counted at one time.
    """

    definitions: Mapping[tuple[str, int], Campaign]
    together: Collection[frozenset[str]]


@dataclass
class Standing:
    """``campaigns_of`` tells by which rules a record's whole segment must be counted; ``lines`` what is wrong."""

    lines: list[str] = field(default_factory=list)
    _of: dict[tuple[int, int], list[Campaign]] = field(default_factory=dict)

    @property
    def campaigns_of(self) -> CampaignsOf:
        return lambda partition, offset: self._of[partition, offset]


def standing(settings: Settings, log: Log, rules: Rules) -> Standing:
    """Read ``segments``: each must be cut by the log alone, and be counted wholly, by campaigns that belong together.

    Of one segment and campaign, the rules of the highest generation stand, if by them as much was counted as of ``*``.
    """
    found = Standing()
    versions, lasts = _read(settings, found.lines)
    expected = set()
    for partition, records in log.items():
        for segment in cut(records, settings.segment_size, settings.segment_age_s * 1000, settings.segment_bytes):
            place = partition, segment[0].offset
            expected.add(place)
            have = versions.get(place, {})
            if not any(names <= have.keys() for names in rules.together) or lasts[place] != segment[-1].offset:
                found.lines.append(
                    f"segment {place}: expected {[sorted(names) for names in rules.together]} up to "
                    f"{segment[-1].offset}, found {sorted(have)} up to {lasts.get(place)}"
                )
            campaigns = [rules.definitions[name, version] for name, version in have.items() if name != EVERY]
            found._of.update(dict.fromkeys(((partition, record.offset) for record in segment), campaigns))
    found.lines += [
        f"segment {place} stands there, though the log has no such" for place in sorted({*versions} - expected)
    ]
    return found


def _read(
    settings: Settings, lines: list[str]
) -> tuple[dict[tuple[int, int], dict[str, int]], dict[tuple[int, int], int]]:
    """By (partition, segment): the standing rules version of each campaign; the last offset."""
    reads: defaultdict[tuple[int, int, str], defaultdict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    lasts: defaultdict[tuple[int, int], int] = defaultdict(int)
    columns = "partition, segment, campaign, rules, generation, max(last_offset), max(read)"
    keys = columns.rsplit(",", 2)[0]
    for row in ask(settings, f"SELECT {columns} FROM groundswell.segments GROUP BY {keys}").splitlines():
        partition, segment, campaign, version, generation, last, read = row.split("\t")
        place = int(partition), int(segment)
        reads[(*place, campaign)][int(generation)][int(version)] = int(read)
        lasts[place] = max(lasts[place], int(last))
    newest = {}
    for key, by_generation in reads.items():
        generation_, read_by = max(by_generation.items())
        if len(read_by) > 1:
            lines.append(f"segment {key}: two rules in generation {generation_}")
        newest[key] = max(read_by.items())
    versions: defaultdict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for (partition_, segment_, campaign), (version_, read_) in newest.items():
        if read_ == newest[partition_, segment_, EVERY][1]:
            versions[partition_, segment_][campaign] = version_
    return dict(versions), dict(lasts)
