"""A week with a launch in it, as events: composed by chance, the same each time, and counted by the product itself."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from schemas.campaign import Benchmark, Campaign, Goal, LaunchWindow
from streams.places import Horizon

Event = dict[str, Any]

END = datetime(2026, 3, 8, 12, tzinfo=UTC)
START = END - timedelta(days=7)
LAUNCH = LaunchWindow("launch", END - timedelta(days=3), END + timedelta(days=1), "Asia/Tokyo")
LAST_TIME = LaunchWindow("last time", START - timedelta(days=6), START - timedelta(days=2))
LOVE = Campaign(
    "love",
    "Love",
    hashtags=("love", "kind*"),
    launch_windows=(LAST_TIME, LAUNCH),
    own=("x:lovehq",),
    partners=("x:idol",),
    targets=("minister", "mayor"),
    positive=("wonderful",),
    negative=("dreadful",),
    goals=(
        Goal("posts", "mentions", 3_000, END + timedelta(hours=12)),
        Goal("people", "contributors", 500, END + timedelta(days=1)),
        Goal("voices", "target_mentions", 10, END + timedelta(days=1)),
        Goal("early likes", "likes", 50, LAUNCH.start + timedelta(days=1)),
    ),
    benchmark=Benchmark("love", "last time"),
)
PLAIN = Campaign("o'clock", "Plain", hashtags=("plain",))
CAMPAIGNS = (LOVE, PLAIN)
HORIZON = Horizon(1_000_000, 60 * 60 * 1000)
RISING = ("newthing", "other_thing")

_SOURCES = ("x", "bluesky", "tiktok", "mastodon")
_TAGS = ("love", "kindness", "kinder", "peace", "school")
_EMOJIS = ("💜", "❤️", "🇨🇦", "👍🏽")
_MOODS = ("wonderful", "dreadful", "so it is", "")
_PLACES = (("en", "CA"), ("en", "GB"), ("ja", "JP"), ("de", None), (None, None))


class _Week:
    """Events as they are made up; times are in seconds since the epoch."""

    def __init__(self) -> None:
        self.made: list[Event] = []
        self.posts: list[Event] = []
        self.rng = Random(20260308)

    def add(self, at_s: float, **fields: Any) -> Event:
        number = len(self.made)
        event = {"event_id": f"e{number}", "event_time": int(at_s * 1000), **fields}
        self.made.append(event)
        return event

    def post(self, at_s: float, *, campaign: bool, **fields: Any) -> Event:
        rng = self.rng
        lang, country = rng.choice(_PLACES)
        author: dict[str, Any] = {}
        if rng.random() < 0.9:
            person = int(rng.expovariate(0.01))
            author = {"author_id": f"a{person}", "author_name": f"name{person}"}
            author |= {"author_followers": person * 10} if rng.random() < 0.5 else {}
        tags = rng.sample(_TAGS, 2) if campaign else ["other"]
        words = [*(f"#{tag}" for tag in tags), rng.choice(_MOODS), rng.choice(_EMOJIS)]
        of = {
            "source": rng.choice(_SOURCES),
            "event_type": rng.choices(("mention", "reply", "quote", "video"), (8, 1, 1, 1))[0],
            "text": " ".join(words),
            "accounts": ["minister"] if rng.random() < 0.1 else [],
            "post_id": f"p{len(self.made)}",
        }
        if of["event_type"] in {"reply", "quote"} and self.posts:
            of |= {"ref_post_id": rng.choice(self.posts[-3:])["post_id"]}
        one = self.add(at_s, **{**of, "lang": lang, "country": country, **author, **fields})
        self.posts.append(one)
        return one

    def reactions(self, to: Event) -> None:
        at_s = to["event_time"] / 1000
        for _ in range(self.rng.choice((0, 0, 0, 1, 3))):
            what = self.rng.choices(("like", "share", "view"), (5, 2, 1))[0]
            quantity = self.rng.choice((1, 1, 1, -1)) if what == "like" else 1
            until_s = min(at_s + self.rng.uniform(1, 900), END.timestamp() - 1)
            fields = {"source": to["source"], "ref_post_id": to["post_id"], "quantity": quantity}
            self.add(until_s, event_type=what, **fields)

    def undo(self, one: Event) -> None:
        moment = min(one["event_time"] + 60_000, int(END.timestamp() * 1000) - 1)
        self.made.append({**one, "event_id": f"not {one['event_id']}", "quantity": -1, "event_time": moment})


def events() -> list[Event]:
    """In the order of their times: a week, ever busier in its last three days, and the launch to compare it with."""
    found = _Week()
    rng = found.rng
    start_s, launch_s, end_s = START.timestamp(), LAUNCH.start.timestamp(), END.timestamp()
    for _ in range(300):
        found.post(rng.uniform(LAST_TIME.start.timestamp(), LAST_TIME.end.timestamp()), campaign=True)
    moments = [(rng.uniform(start_s, end_s), rng.random() < 0.4) for _ in range(1_500)]
    moments += [(rng.triangular(launch_s, end_s, launch_s + 40_000), True) for _ in range(1_500)]
    for at_s, campaign in moments:
        one = found.post(at_s, campaign=campaign)
        found.reactions(one)
        if rng.random() < 0.05:
            found.undo(one)
    for number in range(40):
        ours = {"author_id": f"o{number % 2}", "author_name": ("idol", "lovehq")[number % 2]}
        found.post(rng.uniform(launch_s, end_s), campaign=True, source="x", author_followers=21_000_000, **ours)
        found.post(rng.uniform(launch_s, end_s), campaign=False, text="#Plain and simple")
    for number in range(120):
        for hashtag, times in (*zip(RISING, (2, 1), strict=True), ("kindnesses", 2)):
            for _ in range(times):
                text = {"text": f"#{hashtag}", "accounts": []}
                found.post(rng.uniform(end_s - 250, end_s), campaign=False, **text, author_id=f"r{number}")
    return sorted(found.made, key=lambda one: one["event_time"])
