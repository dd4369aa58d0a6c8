"""Seeded events of the contract, in bulk: columns of strings are put together, never one event at a time.

Event times run over ``SPAN_MS`` up to ``end_ms`` in the order of the log, but for the late ones. What was put into a
text is known from the indices drawn for it, and that alone is counted (``truth``). ``Shape`` says what they are like.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec import Struct

from benchmarks import truth, vocabulary
from benchmarks.murmur import murmur2
from benchmarks.vocabulary import COUNTRIES, PHRASES, SOURCES, TYPES, WITH_TEXT

SEED = 20261121
SPAN_MS = 300_000

_CHUNK = 250_000
_REACTED_MEAN = 20_000
_HOT_POSTS = 500
_PEOPLE = 200_000
_HASHTAGS_A_POST = (0.25, 0.40, 0.25, 0.10)
_EMOJIS_A_POST = (0.5, 0.35, 0.15)
_NONE = -1

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Chunk(Struct, frozen=True):
    """Consecutive records with the partition of each, and what their texts hold (``truth.COLUMNS``)."""

    keys: list[bytes]
    values: list[bytes]
    partitions: Ints
    counts: pl.DataFrame


class Shape(Struct, frozen=True):
    """What a log is like; the defaults are those of the contenders' table.

    ``hashtags``: how many different ones are drawn from, by Zipf's law, or all alike where ``evenly``. Of the events
    ``share_late`` are late, by ``late_mean_ms`` on average, and never by more than ``most_late_ms``: what a tool with
    windows must wait for. ``more_bytes`` of plain words, or of an address, make each event longer. It is counted by so
    many ``campaigns``, each with so many ``rules``: hashtags that no other has; 0: a few of several kinds.
    """

    events: int
    hashtags: int = vocabulary.HASHTAGS
    evenly: bool = False
    share_late: float = 0.03
    late_mean_ms: int = 8_000
    most_late_ms: int = 55_000
    more_bytes: int = 0
    partitions: int = 4
    campaigns: int = 10
    rules: int = 0


class Generator:
    """The events of a shape, the same for the same arguments; times are ms since the epoch."""

    def __init__(self, shape: Shape, end_ms: int, seed: int = SEED) -> None:
        self._shape = shape
        self._start_ms = end_ms - SPAN_MS
        self._rng = np.random.default_rng(seed)
        self._prefix = f"b{seed % 1000}"
        words = np.random.default_rng(SEED)  # the vocabulary stays, whatever the seed
        hashtags = vocabulary.hashtags(words)
        # More than the vocabulary has are its words again and again, with a number.
        numbers = np.arange(shape.hashtags)
        self._rounds = pl.Series(["", *(f"_{turn}" for turn in range(1, shape.hashtags // len(hashtags) + 1))])
        base = pl.Series([hashtag.token for hashtag in hashtags])
        self._tokens = base.gather(numbers % len(base)) + self._rounds.gather(numbers // len(base))
        self._emojis = pl.Series(vocabulary.emojis(words))
        self._spellings_each = len(hashtags[0].spellings)
        self._spellings = pl.Series([f"#{written}" for hashtag in hashtags for written in hashtag.spellings])
        passages = vocabulary.passages(words, shape.more_bytes) if shape.more_bytes else []
        self._passages = pl.Series([f" {one}" for one in passages] or [""])
        self._addresses = pl.Series(
            ['"url":"https://example.org/' + one.replace(" ", "-") + '",' for one in passages] or [""]
        )
        self._phrases = pl.Series([phrase for phrases in PHRASES.values() for phrase in phrases])
        langs = [lang for lang, phrases in PHRASES.items() for _ in phrases]
        self._places = pl.Series([f'"lang":"{lang}","country":"{COUNTRIES[lang]}",' for lang in langs])

    def chunks(self) -> Iterator[Chunk]:
        """All events, in the order of the log."""
        for first in range(0, self._shape.events, _CHUNK):
            yield self._chunk(np.arange(first, min(first + _CHUNK, self._shape.events)))

    def _chunk(self, numbers: Ints) -> Chunk:
        rng, size, shape = self._rng, len(numbers), self._shape
        sources, types = _weighted(rng, SOURCES.values(), size), _weighted(rng, TYPES.values(), size)
        late = rng.random(size) < shape.share_late
        lateness_ms = np.minimum(rng.exponential(shape.late_mean_ms, size), shape.most_late_ms) * late
        times_ms = self._start_ms + numbers * SPAN_MS // shape.events - lateness_ms.astype(np.int64)
        names = list(TYPES)
        posts = np.isin(types, [names.index(name) for name in WITH_TEXT])
        tags = _distinct(rng, len(self._tokens), 0.0 if shape.evenly else 1.0, _HASHTAGS_A_POST, posts)
        emojis = _distinct(rng, len(self._emojis), 1.1, _EMOJIS_A_POST, posts)
        passages = rng.integers(0, len(self._passages), size)
        frame = pl.DataFrame(
            {
                "event_id": pl.Series(numbers).cast(pl.String),
                "source": pl.Series(list(SOURCES)).gather(sources),
                "event_type": pl.Series(names).gather(types),
                "event_time": times_ms,
                "is_post": posts,
                "ref": self._reacted_to(numbers),
                "person": np.floor(_PEOPLE * rng.random(size) ** 3).astype(np.int64),
                "passage": self._passages.gather(passages),
                "address": self._addresses.gather(passages),
                **self._texts(posts, tags, emojis),
            }
        ).with_columns(event_id=self._prefix + "-" + pl.col("event_id"), post_id="p" + pl.col("event_id"))
        keys, values = frame.select(key=_key(), value=_value()).get_columns()
        counts = [
            truth.of(times_ms, frame["source"], frame["event_type"], kind, words, slots)
            for kind, words, slots in (("hashtag", self._tokens, tags), ("emoji", self._emojis, emojis))
        ]
        written = keys.cast(pl.Binary).to_list()
        partitions = (murmur2(written) & 0x7FFFFFFF).astype(np.int64) % shape.partitions
        return Chunk(written, values.cast(pl.Binary).to_list(), partitions, pl.concat(counts))

    def _reacted_to(self, numbers: Ints) -> Ints:
        """The number of the post that an event acts on: a recent one, or at times one of the hot ones."""
        rng, size = self._rng, len(numbers)
        recent = np.maximum(numbers - 1 - rng.exponential(_REACTED_MEAN, size).astype(np.int64), 0)
        return np.where(rng.random(size) < 0.03, rng.integers(0, _HOT_POSTS, size), recent)

    def _texts(self, posts: Mask, tags: Sequence[Ints], emojis: Sequence[Ints]) -> dict[str, pl.Series]:
        """A column ``text``, and where its author lives; empty for events that are no posts."""
        rng, size = self._rng, len(posts)
        phrases = np.where(posts, rng.integers(0, len(self._phrases), size), _NONE)
        leads = rng.random(size) < 0.25
        spelled = [self._spelled(tag) for tag in tags]
        accounts = pl.Series([f" @partner_{number}" for number in range(100)])
        mentioned = np.where(posts & (rng.random(size) < 0.15), rng.integers(0, len(accounts), size), _NONE)
        repeated = rng.random(size) < 0.25
        leading = pl.Series(leads) & (spelled[0] != "")
        parts = [
            _only(leading, spelled[0] + " "),
            _written(self._phrases, phrases),
            _written(accounts, mentioned),
            *(_only(tag != "", " " + tag) for tag in (_only(~leading, spelled[0]), *spelled[1:])),
            _written(" " + self._emojis, emojis[0]),
            _written(self._emojis, np.where(repeated, emojis[0], _NONE)),
            *(_written(self._emojis, emoji) for emoji in emojis[1:]),
        ]
        return {"text": pl.select(pl.concat_str(parts)).to_series(), "place": _written(self._places, phrases)}

    def _spelled(self, tag: Ints) -> pl.Series:
        """A hashtag of each index, in one of its spellings; '' where there is none."""
        base, ways = len(self._spellings) // self._spellings_each, self._spellings_each
        chosen = tag % base * ways + self._rng.integers(0, ways, len(tag))
        word = _written(self._spellings, np.where(tag == _NONE, _NONE, chosen))
        return word + _written(self._rounds, np.where(tag == _NONE, _NONE, tag // base))


def _weighted(rng: np.random.Generator, weights: Iterable[float], size: int) -> Ints:
    cumulative = np.cumsum(np.array(list(weights), dtype=float))
    drawn: Ints = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], side="right")
    return drawn


def _distinct(
    rng: np.random.Generator, choices: int, exponent: float, how_many: Sequence[float], posts: Mask
) -> list[Ints]:
    """For each slot of a post, an index by Zipf's law, or none; no index twice in one post."""
    count = np.where(posts, _weighted(rng, how_many, len(posts)), 0)
    law = np.arange(1, choices + 1, dtype=float) ** -exponent
    slots: list[Ints] = []
    for slot in range(1, len(how_many)):
        drawn = np.where(count >= slot, _weighted(rng, law, len(posts)), _NONE)
        for earlier in slots:
            drawn = np.where(drawn == earlier, _NONE, drawn)
        slots.append(drawn)
    return slots


def _written(words: pl.Series, indices: Ints) -> pl.Series:
    """The words of these indices, '' where there is none."""
    return pl.concat([pl.Series([""]), words]).gather(indices + 1)


def _only(kept: pl.Series, words: pl.Series) -> pl.Series:
    """The words that are kept, '' for the others."""
    return words.zip_with(kept, pl.repeat("", len(words), eager=True))


def _key() -> pl.Expr:
    acts_on = pl.col("event_type").is_in(["like", "share", "view"])
    subject = (
        pl.when(acts_on).then("p" + pl.col("ref").cast(pl.String)).when("is_post").then("post_id").otherwise("event_id")
    )
    return pl.col("source") + ":" + subject


def _value() -> pl.Expr:
    """The event as JSON; nothing in it needs escaping."""
    person = pl.col("person").cast(pl.String)
    refers = pl.col("event_type").is_in(["like", "share", "view", "reply", "quote"])
    return pl.concat_str(
        pl.lit('{"event_id":"'), "event_id", pl.lit('","source":"'), "source", pl.lit('","event_type":"'), "event_type",
        pl.lit('","event_time":'), pl.col("event_time").cast(pl.String), pl.lit(","),
        pl.when("is_post").then('"post_id":"' + pl.col("post_id") + '",').otherwise(pl.lit("")),
        pl.when(refers).then('"ref_post_id":"p' + pl.col("ref").cast(pl.String) + '",').otherwise(pl.lit("")),
        "place",
        pl.when("is_post").then('"text":"' + pl.col("text") + pl.col("passage") + '",').otherwise("address"),
        pl.lit('"author_id":"u'), person, pl.lit('","author_name":"friend_'), person, pl.lit('","author_followers":'),
        (21_000_000 // (pl.col("person") + 1)).cast(pl.String), pl.lit("}"),
    )  # fmt: skip
