"""What the week's panels must say, counted plainly from its events: no window, no segment, no view."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tests.dashboards import week
from tests.dashboards.week import Event

Key = TypeVar("Key")
POSTS = {"mention", "reply", "quote", "video"}


def hashtags(event: Event) -> set[str]:
    return {word[1:].lower() for word in event.get("text", "").split() if word.startswith("#")}


def is_loves(event: Event) -> bool:
    return any(tag == "love" or tag.startswith("kind") for tag in hashtags(event))


class Naive:
    """The campaign's events of ``[since_s, until_s)``, by the start of their windows of ten seconds."""

    def __init__(self, events: list[Event], since_s: float, until_s: float) -> None:
        loves = {(one["source"], one["post_id"]) for one in events if "post_id" in one and is_loves(one)}
        within = [one for one in events if since_s <= one["event_time"] // 10_000 * 10 < until_s]
        self.own = [one for one in within if is_loves(one)]
        # A reaction without text belongs where its post does, which is never an hour older here.
        self.credited = [one for one in within if not one.get("text") and (one["source"], one["ref_post_id"]) in loves]
        self.within = within

    def mentions(self) -> list[Event]:
        return [one for one in self.own if one["event_type"] in POSTS]

    def types(self) -> Counter[str]:
        return summed((one["event_type"], quantity(one)) for one in [*self.own, *self.credited])

    def acts(self) -> list[Event]:
        """What names a post that it was done to."""
        return [one for one in (*self.own, *self.credited) if "ref_post_id" in one]

    def by(self, field: str) -> Counter[str]:
        return summed((one.get(field) or "unknown", quantity(one)) for one in self.mentions())

    def contributors(self) -> dict[tuple[str, str], int | None]:
        """Of each distinct author of mentions that stand the most followers, None where nobody told."""
        stand = summed(((one["source"], one["author_id"]), quantity(one)) for one in self._authored())
        found: dict[tuple[str, str], int | None] = {}
        for one in self._authored():
            author = (one["source"], one["author_id"])
            if stand[author] > 0:
                told = [count for count in (found.get(author), one.get("author_followers")) if count is not None]
                found[author] = max(told, default=None)
        return found

    def pairs(self) -> Counter[str]:
        def found() -> Iterator[tuple[str, int]]:
            for one in self.own:
                tags = sorted(hashtags(one))
                yield from ((f"#{a} #{b}", quantity(one)) for a in tags for b in tags if a < b)

        return summed(found())

    def target_authors(self) -> Counter[tuple[str, str]]:
        return summed(
            ((one["source"], one["author_id"]), quantity(one))
            for one in self.within
            if "minister" in one.get("accounts", []) and one.get("author_id")
        )

    def _authored(self) -> list[Event]:
        return [one for one in self.mentions() if one.get("author_id")]


def quantity(one: Event) -> int:
    return int(one.get("quantity", 1))


def summed(found: Iterable[tuple[Key, int]]) -> Counter[Key]:
    """The sums that are above zero."""
    sums: Counter[Key] = Counter()
    for key, count in found:
        sums[key] += count
    return +sums


def of_the_week(events: list[Event]) -> Naive:
    return Naive(events, week.START.timestamp(), week.END.timestamp())
