"""What the differences of snapshots must add up to: told by the polls alone, with none of the product's code."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

NAMES = ("like", "share", "view", "reply", "quote", "video")

Poll = Mapping[str, Any]
"""A snapshot, as its JSON has it."""

Sums = dict[tuple[str, str, str], int]
"""By (source, post, counter): the sum of quantities."""


def growth(polls: Iterable[Poll]) -> Sums:
    """Of each counter the last value less its base line, where that is not 0; ``polls`` in the log's order."""
    by_post: dict[tuple[str, str], list[Poll]] = {}
    for poll in polls:
        by_post.setdefault((poll["source"], poll["post_id"]), []).append(poll)
    found: Sums = {}
    for (source, post), all_polls in by_post.items():
        newest = [
            poll
            for index, poll in enumerate(all_polls)
            if all(poll["observed_at"] > earlier["observed_at"] for earlier in all_polls[:index])
        ]
        made, since = newest[0].get("created_at"), newest[0].get("tracked_since")
        tracked = made is not None and since is not None and since <= made
        for name in NAMES:
            values = [poll["counters"][name] for poll in newest if poll["counters"].get(name) is not None]
            if values and values[-1] != (0 if tracked else values[0]):
                found[source, post, name] = values[-1] - (0 if tracked else values[0])
    return found


def added_up(events: Iterable[bytes]) -> Sums:
    """The sums of the quantities of events, given as their records' values, where they are not 0."""
    sums: Sums = {}
    for event in map(json.loads, events):
        key = (event["source"], event["ref_post_id"], event["event_type"])
        sums[key] = sums.get(key, 0) + event["quantity"]
    return {key: total for key, total in sums.items() if total}
