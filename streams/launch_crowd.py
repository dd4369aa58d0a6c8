"""The people of the played launch: who writes what, where, and what the others do with it."""

import random
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

from msgspec import Struct

from schemas.event import Event, EventType, Source
from streams.launch_words import (
    CAMPAIGN_EMOJIS,
    CAMPAIGN_TAGS,
    CAMPAIGN_TYPES,
    LANGUAGES,
    PLATFORMS,
    SPELLINGS,
    TALK_EMOJIS,
    TALK_TAGS,
    TALK_TYPES,
    VIDEO_PLATFORMS,
)
from streams.tokens.hashtags import fold_hashtag

PARTNER = "sevenlights"
PARTNER_FOLLOWERS = 21_000_000

T = TypeVar("T")

_PEOPLE = 200_000
_SEEN = 20_000
_LATE_SHARE = 0.03
_LATE_MEAN_MS = 8000
_UNDONE_SHARE = 0.01
_NO_FOLLOWERS_TOLD = {"bluesky", "tiktok", "reddit"}
_CURRENCIES = ("USD", "EUR", "GBP", "BRL", "INR")


class Made(Struct, frozen=True):
    """An event, the (kind, token) occurrences that were written into it, and whether it is of the campaign."""

    event: Event
    tokens: tuple[tuple[str, str], ...]
    campaign: bool


class _Post(Struct, frozen=True):
    post_id: str
    source: Source
    hashtags: tuple[str, ...]


class _Weighted(Generic[T]):
    """A choice by relative weights."""

    def __init__(self, choices: Mapping[T, float]) -> None:
        self._choices = list(choices)
        self._cumulative = list(accumulate(choices.values()))

    def pick(self, rng: random.Random) -> T:
        return self._choices[bisect_left(self._cumulative, rng.random() * self._cumulative[-1])]


def _by_rank(choices: Sequence[T], first: float = 1.0) -> _Weighted[T]:
    """Zipf: the n-th with weight 1/n, and the first ``first`` times as often."""
    return _Weighted({choice: (first if rank == 0 else 1.0) / (rank + 1) for rank, choice in enumerate(choices)})


class _Topic:
    """What one kind of talk is made of, and what was posted in it."""

    def __init__(self, types: dict[EventType, float], tags: _Weighted[str], emojis: _Weighted[str]) -> None:
        self.types = _Weighted(types)
        self.tags = tags
        self.emojis = emojis
        # Every reaction puts its post in once more, and the oldest entries fall out: what is seen most and lately is
        # reacted to most.
        self.seen: deque[_Post] = deque(maxlen=_SEEN)
        self.liked: deque[Event] = deque(maxlen=1000)


class Crowd:
    """Makes one event after another; ``prefix`` makes their ids unique.

    The partner posts at ``partner_ms``; after ``fade_ms`` more, its post draws half of what it drew at first.
    """

    def __init__(self, rng: random.Random, prefix: str, partner_ms: int, fade_ms: int) -> None:
        self._rng = rng
        self._prefix = prefix
        self._partner_ms = partner_ms
        self._fade_ms = fade_ms
        self._partner_post: _Post | None = None
        self._made = 0
        self._campaign = _Topic(CAMPAIGN_TYPES, _by_rank(CAMPAIGN_TAGS), _by_rank(CAMPAIGN_EMOJIS, first=2.0))
        self._talk = _Topic(TALK_TYPES, _by_rank(TALK_TAGS), _by_rank(TALK_EMOJIS))
        self._languages = _Weighted({name: language.weight for name, language in LANGUAGES.items()})
        self._platforms = _Weighted(PLATFORMS)
        self._video_platforms = _Weighted(VIDEO_PLATFORMS)
        self._spellings = {tag: _Weighted(dict(spellings)) for tag, spellings in SPELLINGS.items()}

    def event(self, due_ms: int, *, campaign: bool) -> Made:
        """The next event, sent at ``due_ms``: of the campaign, or of the talk about other things."""
        self._made += 1
        if campaign and self._partner_post is None and due_ms >= self._partner_ms:
            return self._partner(due_ms)
        topic = self._campaign if campaign else self._talk
        event_type = topic.types.pick(self._rng)
        if event_type == "follow":
            return Made(self._event(due_ms, "follow", self._platforms.pick(self._rng)), (), campaign=False)
        if event_type in ("signup", "pledge"):
            return self._support(due_ms, event_type)
        if event_type in ("mention", "video") or not topic.seen:
            return self._post(due_ms, "video" if event_type == "video" else "mention", topic, None)
        subject = self._subject(topic, due_ms)
        topic.seen.append(subject)
        if event_type in ("reply", "quote"):
            return self._post(due_ms, event_type, topic, subject)
        return self._reaction(due_ms, event_type, topic, subject)

    def _subject(self, topic: _Topic, due_ms: int) -> _Post:
        """The post that is reacted to: at first mostly the partner's."""
        partner = self._partner_post if topic is self._campaign else None
        if partner and self._rng.random() < 0.5 / (1 + (due_ms - self._partner_ms) / self._fade_ms):
            return partner
        return self._rng.choice(topic.seen)

    def _partner(self, due_ms: int) -> Made:
        tags, emojis = ("ENDviolence", "FriendshipDay"), ("💜",)
        event = self._event(
            due_ms,
            "mention",
            "x",
            on_time=True,
            post_id=f"{self._prefix}-p{self._made}",
            author_id=PARTNER,
            author_name=PARTNER,
            author_followers=PARTNER_FOLLOWERS,
            lang="en",
            country="KR",
            text=f"Be somebody's reason to smile today. {_hashed(tags)} {''.join(emojis)}",
        )
        self._partner_post = _Post(event.post_id or "", "x", tags)
        self._campaign.seen.append(self._partner_post)
        return Made(event, _tokens(tags, emojis), campaign=True)

    def _post(self, due_ms: int, event_type: EventType, topic: _Topic, subject: _Post | None) -> Made:
        rng = self._rng
        campaign = topic is self._campaign
        lang = self._languages.pick(rng)
        tags = self._campaign_tags() if campaign else self._talk_tags()
        emojis = self._emojis(topic, often=0.75 if campaign else 0.3)
        phrase = rng.choice(LANGUAGES[lang].campaign if campaign else LANGUAGES[lang].talk)
        to_partner = subject is not None and subject is self._partner_post
        words = (f"@{PARTNER}" if to_partner else "", phrase, _hashed(tags), "".join(emojis))
        if subject:
            source = subject.source
        else:
            source = (self._video_platforms if event_type == "video" else self._platforms).pick(rng)
        post = _Post(f"{self._prefix}-p{self._made}", source, tags)
        event = self._event(
            due_ms,
            event_type,
            source,
            lang=lang,
            country=rng.choice(LANGUAGES[lang].countries) if rng.random() < 0.6 else None,
            text=" ".join(word for word in words if word),
            post_id=post.post_id,
            ref_post_id=subject.post_id if subject else None,
            # Platforms name the accounts that an answer goes to.
            accounts=[PARTNER] if to_partner else None,
        )
        topic.seen.append(post)
        accounts = (("account", PARTNER),) if to_partner else ()
        return Made(event, _tokens(tags, emojis) + accounts, campaign=campaign)

    def _reaction(self, due_ms: int, event_type: EventType, topic: _Topic, subject: _Post) -> Made:
        rng = self._rng
        tokens, campaign = _tokens(subject.hashtags, ()), topic is self._campaign
        if event_type == "like" and topic.liked and rng.random() < _UNDONE_SHARE:
            liked = topic.liked.popleft()
            undone = self._event(
                due_ms,
                "like",
                liked.source,
                on_time=True,
                quantity=-1,
                ref_post_id=liked.ref_post_id,
                author_id=liked.author_id,
                hashtags=liked.hashtags,
            )
            return Made(undone, _tokens(liked.hashtags or (), ()), campaign)
        event = self._event(
            due_ms,
            event_type,
            subject.source,
            quantity=min(5000, int(20 * rng.paretovariate(1.1))) if event_type == "view" else None,
            ref_post_id=subject.post_id,
            # A reaction has no text; what its post is about is known from the post.
            hashtags=list(subject.hashtags),
        )
        if event_type == "like":
            topic.liked.append(event)
        return Made(event, tokens, campaign)

    def _support(self, due_ms: int, event_type: EventType) -> Made:
        pledge: dict[str, Any] = {}
        if event_type == "pledge":
            amount = self._rng.choice((100, 200, 500, 1000, 2500))
            pledge = {"amount": amount, "currency": self._rng.choice(_CURRENCIES)}
        event = self._event(due_ms, event_type, "web", hashtags=["ENDviolence"], **pledge)
        return Made(event, _tokens(("ENDviolence",), ()), campaign=True)

    def _event(
        self, due_ms: int, event_type: EventType, source: Source, *, on_time: bool = False, **fields: Any
    ) -> Event:
        rng = self._rng
        late = not on_time and rng.random() < _LATE_SHARE
        # A few people write most, and they are the ones that most people follow.
        person = int(_PEOPLE * rng.random() ** 3)
        known = source not in _NO_FOLLOWERS_TOLD and source != "web"
        author = {
            "author_id": f"u{person}",
            "author_name": f"friend_{person}",
            "author_followers": int(30 * (_PEOPLE / (person + 1)) ** 0.9) if known else None,
        }
        return Event(
            event_id=f"{self._prefix}-{self._made}",
            source=source,
            event_type=event_type,
            event_time=due_ms - (1 + int(rng.expovariate(1 / _LATE_MEAN_MS)) if late else 0),
            observed_at=due_ms,
            **(author | fields),
        )

    def _campaign_tags(self) -> tuple[str, ...]:
        rng = self._rng
        both = rng.random()
        main = (
            ("endviolence",) if both < 0.5 else ("friendshipday",) if both < 0.75 else ("endviolence", "friendshipday")
        )
        tags = tuple(self._spellings[tag].pick(rng) for tag in main)
        return (*tags, self._campaign.tags.pick(rng)) if rng.random() < 0.4 else tags

    def _talk_tags(self) -> tuple[str, ...]:
        return (self._talk.tags.pick(self._rng),) if self._rng.random() < 0.5 else ()

    def _emojis(self, topic: _Topic, often: float) -> tuple[str, ...]:
        rng = self._rng
        if rng.random() >= often:
            return ()
        first = (topic.emojis.pick(rng),) * rng.choice((1, 1, 1, 2, 3))
        return (*first, topic.emojis.pick(rng)) if rng.random() < 0.3 else first


def _hashed(tags: Sequence[str]) -> str:
    return " ".join(f"#{tag}" for tag in tags)


def _tokens(tags: Sequence[str], emojis: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return (*(("hashtag", fold_hashtag(tag)) for tag in tags), *(("emoji", emoji) for emoji in emojis))
