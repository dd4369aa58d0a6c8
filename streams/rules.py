"""The rules that counting follows here and now: from settings and campaign files."""

from schemas.counters import COUNTERS
from streams import campaigns, pinned
from streams.decode import MAX_DEPTH
from streams.extract import VERSION as EXTRACTOR
from streams.match import Matcher, rules_versions
from streams.partition import Counting
from streams.phrases import VERSION as PHRASES
from streams.places import Horizon
from streams.reactions import VERSION as REACTIONS
from streams.sample import VERSION as SAMPLE
from streams.segments import SegmentRule
from streams.sentiment import version as sentiment_version
from streams.settings import Settings


def load(settings: Settings) -> tuple[Counting, dict[str, int]]:
    """What counting goes by, and the rules version of each campaign and of ``*``.

    Raises ``GroundswellError`` where a campaign file is wrong.
    """
    found = campaigns.load(settings.campaigns)
    counting = Counting(
        SegmentRule(settings.segment_size, settings.segment_age_s * 1000, settings.segment_bytes),
        Horizon(settings.horizon_records, settings.horizon_s * 1000),
        Matcher(found),
        settings.archive,
    )
    fixed = [getattr(settings, name) for name in pinned.NAMES]
    counted = ", ".join(sorted(counter.view for counter in COUNTERS))
    ours = (counted, MAX_DEPTH, EXTRACTOR, PHRASES, REACTIONS, SAMPLE, sentiment_version())
    return counting, rules_versions(found, (*fixed, *ours))
