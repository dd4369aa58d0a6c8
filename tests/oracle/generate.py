"""Seeded records to produce, and what their texts hold.

The text of an event is composed of tokens whose counted form is known (``vocabulary``), so nobody need extract
anything to know what must be counted.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from random import Random
from typing import Any

from tests.oracle import vocabulary
from tests.oracle.bad_records import corpus
from tests.oracle.cases import STRUCTURED, Case
from tests.oracle.log import Headers
from tests.oracle.texts import Texts
from tests.oracle.tokens import Tokens
from tests.oracle.verdict import EVENT_TYPES, SOURCES

_MOST_BAD_BYTES = 24_000
"""Larger cases of the corpus are not mixed in: a few would outweigh all the rest."""
_DAY_MS = 24 * 3600 * 1000
_SHARE_REPEATED = 0.05
_RECENT_POSTS = 500
_ACTS_ON = ("like", "share", "view")
_POSTS = ("mention", "reply", "quote", "video")
_EXTRAS = (
    '"x_big": 1' + "0" * 400, '"x_half": "\\ud83d"', '"x_nul": "\\u0000"', '"x_deep": ' + "[" * 60 + "]" * 60,
    '"x_like": {"event_id": 1, "source": "x", "text": "#nothing"}', '"x_real": -1.5E+300', '"": [null, true, false]',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Produced:
    """One record to send, as it goes to Kafka."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(slots=True)
class Generated:
    """Records in the order to send them, and by value what the text in it holds."""

    records: list[Produced] = field(default_factory=list)
    truth: dict[bytes, Tokens] = field(default_factory=dict)


def generate(count: int, seed: int, now_ms: int, share_bad: float = 0.0) -> Generated:
    """``count`` records, the same for the same arguments; ``now_ms`` (since the epoch) is when they will be appended.

    One in twenty is sent twice or more, next to each other or thousands of records apart, as it was or written
    otherwise; ``share_bad`` of all are cases of ``bad_records`` or events that are corrected by the next record.
    """
    writer = _Writer(Random(seed), now_ms)
    bad = [case for case in corpus(now_ms) if len(case.value or b"") <= _MOST_BAD_BYTES]
    rng, made = writer.rng, Generated()
    events = 0
    # The position from which an event comes again, a number that breaks ties, the event.
    again: list[tuple[int, int, dict[str, Any]]] = []
    while len(made.records) < count:
        if again and again[0][0] <= len(made.records):
            made.records.append(writer.record(heappop(again)[2], made.truth))
        elif rng.random() < share_bad:
            made.records += _bad(writer, bad, made.truth)
        else:
            event = writer.event(events)
            events += 1
            made.records.append(writer.record(event, made.truth))
            if rng.random() < _SHARE_REPEATED:
                for copy in range(rng.choice((1, 1, 1, 2, 5))):
                    distance = rng.choice((0, 0, 1, 100, 5_000, rng.randrange(50_000)))
                    heappush(again, (len(made.records) + distance, 10 * events + copy, writer.repeated(event)))
    del made.records[count:]
    return made


def _bad(writer: "_Writer", cases: list[Case], truth: dict[bytes, Tokens]) -> Iterator[Produced]:
    if writer.rng.random() < 0.8:
        case = writer.rng.choice(cases)
        yield Produced(case.key, case.value, case.headers)
        return
    event = writer.event(writer.rng.randrange(10**9, 10**12))
    yield writer.record({**event, "quantity": "1"}, truth)
    yield writer.record(event, truth)


class _Writer:
    """Makes events and writes them down; every choice comes from one seeded source."""

    def __init__(self, rng: Random, now_ms: int) -> None:
        self.rng = rng
        self.now_ms = now_ms
        self.texts = Texts(rng)
        self.posts = [(rng.choice(SOURCES), f"post-{n}") for n in range(_RECENT_POSTS)]

    def event(self, number: int) -> dict[str, Any]:
        """A good event; the tokens of its text stand under ``_tokens``, which is not written."""
        rng = self.rng
        tokens = Tokens()
        event_id, source = f"id-{number}", rng.choice(SOURCES)
        if number % 20 < 2:
            # Two platforms use the same id for two events: neither is the other's duplicate.
            event_id, source = f"shared-{number // 20}", ("web", "reddit")[number % 20]
        event_type = rng.choice(EVENT_TYPES)
        acts_on = rng.choice(self.posts)
        if event_type in _ACTS_ON and number % 20 >= 2:
            source = acts_on[0]
        event: dict[str, Any] = {
            "event_id": event_id,
            "source": source,
            "event_type": event_type,
            "event_time": self._time_ms(),
            "_tokens": tokens,
        }
        self._optional(event)
        if event_type in _ACTS_ON:
            event["ref_post_id"] = acts_on[1]
        elif event_type in _POSTS:
            event["post_id"] = f"post-of-{number}"
            self.posts[rng.randrange(_RECENT_POSTS)] = (source, event["post_id"])
        if event_type == "pledge":
            event["amount"], event["currency"] = rng.choice((100, 200, 2550, 0, -100)), rng.choice(("USD", "EUR"))
        if rng.random() < 0.85:
            event["text"] = self.texts.plain(source, tokens)
        elif rng.random() < 0.1:
            event["text"] = self.texts.crowd(tokens)
        event.update(self.texts.lists(source))
        return event

    def repeated(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event as it was, or the same id with something else about it; the key stays."""
        draw = self.rng.random()
        if draw < 0.6:
            return event
        if draw < 0.8:
            return {**event, "observed_at": self.now_ms + 1, "quantity": 7}
        return {**event, "text": "seen again #again", "_tokens": Tokens(hashtag=[("again", "again")])}

    def record(self, event: Mapping[str, Any], truth: dict[bytes, Tokens]) -> Produced:
        """The event as a Kafka record, noted in ``truth``."""
        rng = self.rng
        fields = {name: value for name, value in event.items() if name != "_tokens"}
        headers: Headers = ()
        draw = rng.random()
        if draw < 0.01:
            time_ms = fields.pop("event_time")
            headers = (
                ("ce_specversion", b"1.0"),
                ("ce_id", fields.pop("event_id").encode()),
                ("ce_time", _time(time_ms)),
            )
        value = self._json(fields)
        if 0.01 <= draw < 0.02:
            value = f'{{"specversion": "1.0", "id": "not this", "type": "social.event", "data": {value}}}'
            headers = STRUCTURED
        written = value.encode()
        truth[written] = event["_tokens"]
        return Produced(_key(event), written, headers)

    def _json(self, fields: dict[str, Any]) -> str:
        rng = self.rng
        if rng.random() < 0.2:
            names = list(fields)
            rng.shuffle(names)
            fields = {name: fields[name] for name in names}
        compact = rng.random() < 0.5
        text = json.dumps(fields, ensure_ascii=rng.random() < 0.3, separators=(",", ":") if compact else None)
        if rng.random() < 0.05:
            text = f"{text[:-1]}, {rng.choice(_EXTRAS)}}}"
        if rng.random() < 0.02:
            # Of a repeated name the last counts, and these all come again.
            text = '{"source": "nowhere", "event_type": 5, ' + text[1:]
        return text

    def _time_ms(self) -> int:
        draw = self.rng.random()
        if draw < 0.6:
            return self.now_ms - self.rng.randrange(120_000)
        if draw < 0.8:
            edge = (self.now_ms - self.rng.randrange(600_000)) // 10_000 * 10_000
            return edge + self.rng.choice((-1, 0, 1, 9_999, 10_000))
        if draw < 0.98:
            return self.now_ms - self.rng.randrange(_DAY_MS + 2 * 3_600_000)
        return self.now_ms + self.rng.randrange(_DAY_MS - 3_600_000)

    def _optional(self, event: dict[str, Any]) -> None:
        rng = self.rng
        draw = rng.random()
        if draw < 0.4:
            event["quantity"] = rng.choice((None, 1, 1, -1, -1, 0, rng.randrange(1000), -rng.randrange(50), 10**12))
        if draw < 0.7:
            event["lang"] = rng.choice(vocabulary.LANGS)
            event["country"] = rng.choice(vocabulary.COUNTRIES)
        if 0.3 < draw < 0.6:
            event["observed_at"] = rng.choice((None, self.now_ms, event["event_time"] + 5))
        if 0.5 < draw < 0.8:
            event["author_id"], event["author_name"] = f"author-{rng.randrange(10_000)}", rng.choice(vocabulary.AUTHORS)
            event["author_followers"] = rng.choice(vocabulary.FOLLOWERS)
        if draw > 0.95:
            event.update(schema_version=1, url="https://example.org/p", amount=None, text=None, hashtags=None)


def _key(event: Mapping[str, Any]) -> bytes:
    subject = None
    if event["event_type"] in _ACTS_ON:
        subject = event.get("ref_post_id")
    elif event["event_type"] in _POSTS:
        subject = event.get("post_id")
    return f"{event['source']}:{subject or event['event_id']}".encode()


def _time(time_ms: int) -> bytes:
    moment = datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{time_ms % 1000:03d}Z".encode()
