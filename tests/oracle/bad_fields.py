"""Cases that are JSON objects, with one of the table's fields wrong."""

import json
from collections.abc import Iterator

from tests.oracle.cases import HOUR_MS, STRUCTURED, Case, Corpus

STRINGS = ("post_id", "ref_post_id", "url", "author_id", "author_name", "lang", "country", "text", "currency")
INTS = ("event_time", "observed_at", "quantity", "schema_version", "author_followers", "amount")
LISTS = ("hashtags", "accounts")
REQUIRED = ("event_id", "source", "event_type", "event_time")
TEN_400 = "1" + "0" * 400
INT64 = 2**63
NO_STRINGS: tuple[object, ...] = (1, 1.5, True, False, ["a"], {"a": "b"})
NO_INTS: tuple[object, ...] = ("1", "", True, False, [1], {"a": 1})
NO_LISTS: tuple[object, ...] = (
    "a string", "", 1, True, {"a": "b"}, {}, [None], ["a", None], [1], [True], [["a"]], [[]], [{}],
)  # fmt: skip


def cases(made: Corpus) -> Iterator[Case]:
    """All of them."""
    yield from _required(made)
    yield from _types(made)
    yield from _lists(made)
    yield from _ranges(made)
    yield from _amounts(made)
    yield from _characters(made)
    yield from _repeated(made)
    yield from _cloud_events(made)


def _required(made: Corpus) -> Iterator[Case]:
    for name in REQUIRED:
        yield made.changed(f"without {name}", "missing_field", **{name: ...})
        yield made.changed(f"{name} is null", "missing_field", "wrong_type", **{name: None})
    yield made.changed("only unknown fields", "missing_field", **dict.fromkeys((*REQUIRED, "text"), ...), x_any=1)
    yield made.edited("names in capitals", lambda good: good.replace(b'"event_id"', b'"EVENT_ID"'), "missing_field")
    yield made.edited("a name with a space", lambda good: good.replace(b'"event_id"', b'"event_id "'), "missing_field")
    yield made.edited("the event one level down", lambda good: b'{"event": ' + good + b"}", "missing_field")
    yield made.edited(
        "a CloudEvent's envelope without its header", lambda good: b'{"specversion": "1.0", "data": ' + good + b"}",
        "missing_field",
    )  # fmt: skip


def _types(made: Corpus) -> Iterator[Case]:
    for name in ("event_id", "source", "event_type", *STRINGS):
        for wrong in NO_STRINGS:
            yield made.changed(f"{name} is {json.dumps(wrong)}", "wrong_type", **{name: wrong})
    for name in INTS:
        for wrong in NO_INTS:
            yield made.changed(f"{name} is {json.dumps(wrong)}", "wrong_type", **{name: wrong})
        for raw in ("1.0", "1.5", "1e3", "1E3", "10e-1", "-0.0", "1e400", "1.7e12", "1763000000000.0"):
            yield made.with_raw(f"{name} is {raw}", f'"{name}": {raw}', "wrong_type")


def _lists(made: Corpus) -> Iterator[Case]:
    for name in LISTS:
        for wrong in NO_LISTS:
            yield made.changed(f"{name} is {json.dumps(wrong)}", "wrong_type", **{name: wrong})
        yield made.changed(f"{name} with a number at its end", "wrong_type", **{name: ["a"] * 100 + [1]})


def _ranges(made: Corpus) -> Iterator[Case]:
    yield made.changed("event_id is empty", "out_of_range", event_id="")
    yield made.changed("event_id of 513 characters", "out_of_range", event_id="x" * 513)
    yield made.changed("event_id of 513 code points beyond the BMP", "out_of_range", event_id="💜" * 513)
    for wrong in ("", "twitter", "Bluesky", "BLUESKY", " x", "x ", "х", "ｘ", "null"):
        yield made.changed(f"source is {wrong!r}", "out_of_range", source=wrong)
    for wrong in ("", "post", "Mention", "LIKE", "likes", "mention\n", "comment"):
        yield made.changed(f"event_type is {wrong!r}", "out_of_range", event_type=wrong)
    for wrong_ms in (946_684_799_999, 0, -1, 1_763_000_000, -(10**12), -INT64, -INT64 - 1):
        yield made.changed(f"event_time is {wrong_ms}", "out_of_range", event_time=wrong_ms)
    for wrong_ms in (4_291_747_200_000, 10**15, INT64 - 1, INT64, 2**64):
        yield made.changed(f"event_time is {wrong_ms}", "out_of_range", "future", event_time=wrong_ms)
    yield made.changed("event_time in the year 2105", "future", event_time=4_291_747_199_999)
    yield made.changed("event_time 25 h ahead", "future", event_time=made.now_ms + 25 * HOUR_MS)
    yield made.changed("event_time in nanoseconds", "out_of_range", "future", event_time=made.now_ms * 10**6)


def _amounts(made: Corpus) -> Iterator[Case]:
    for name in ("quantity", "amount"):
        for wrong_int in (10**12 + 1, -(10**12) - 1, INT64 - 1, INT64, -INT64, 2**64, 2**64 + 1):
            yield made.changed(f"{name} is {wrong_int}", "out_of_range", **{name: wrong_int})
    for wrong_int in (0, 2, -1, 2**64 + 1):
        yield made.changed(f"schema_version is {wrong_int}", "out_of_range", schema_version=wrong_int)
    for wrong_int in (-1, -INT64, INT64):
        yield made.changed(f"author_followers is {wrong_int}", "out_of_range", author_followers=wrong_int)
    for wrong_int in (INT64, -INT64 - 1, 2**64):
        yield made.changed(f"observed_at is {wrong_int}", "out_of_range", observed_at=wrong_int)
    for name in INTS:
        reasons = ("out_of_range", "future") if name == "event_time" else ("out_of_range",)
        yield made.with_raw(f"{name} is 10^400", f'"{name}": {TEN_400}', *reasons)
        yield made.with_raw(f"{name} is -10^400", f'"{name}": -{TEN_400}', "out_of_range")
        yield made.with_raw(f"{name} of 5,000 digits", f'"{name}": {"9" * 5000}', *reasons)


def _characters(made: Corpus) -> Iterator[Case]:
    wrong = {"NUL": (r"a\u0000b", "nul"), "a lone high surrogate": (r"a\ud83d", "surrogate"),
             "a lone low surrogate": (r"\uDC9Cb", "surrogate"), "surrogates reversed": (r"\udc9c\ud83d", "surrogate"),
             "a high surrogate before a letter": (r"\ud83dx", "surrogate"),
             "a high surrogate before an escape": (r"\ud83d\u0041", "surrogate")}  # fmt: skip
    for what, (raw, reason) in wrong.items():
        for name in ("event_id", *STRINGS):
            yield made.with_raw(f"{what} in {name}", f'"{name}": "{raw}"', reason)
        for name in ("source", "event_type"):
            yield made.with_raw(f"{what} in {name}", f'"{name}": "{raw}"', reason, "out_of_range")
        for name in LISTS:
            yield made.with_raw(f"{what} in {name}", f'"{name}": ["good", "{raw}"]', reason)
    yield made.with_raw("NUL and a lone surrogate in text", r'"text": "\u0000\ud83d"', "nul", "surrogate")
    yield made.with_raw("a NUL alone in text", r'"text": "\u0000"', "nul")
    yield made.with_raw("two high surrogates and a low one", r'"text": "\ud83d\ud83d\udc9c"', "surrogate")


def _repeated(made: Corpus) -> Iterator[Case]:
    yield made.with_raw("repeated quantity, the last wrong", '"quantity": 1, "quantity": "1"', "wrong_type")
    yield made.with_raw("repeated source, the last unknown", '"source": "myspace"', "out_of_range")
    yield made.with_raw("repeated event_id, the last empty", '"event_id": ""', "out_of_range")
    yield made.with_raw("repeated event_time, the last null", '"event_time": null', "missing_field", "wrong_type")
    yield made.with_raw("repeated hashtags, the last wrong", '"hashtags": [], "hashtags": [1]', "wrong_type")
    yield made.with_raw("repeated text by an escaped name, the last wrong", r'"t\u0065xt": 1', "wrong_type")


def _cloud_events(made: Corpus) -> Iterator[Case]:
    def structured(name: str, data: object, *expected: str, **attributes: object) -> Case:
        envelope = {"specversion": "1.0", "type": "social.event", "source": "/cases", **attributes, "data": data}
        envelope = {field: value for field, value in envelope.items() if value is not ...}
        return Case(name, json.dumps(envelope).encode(), frozenset(expected), headers=STRUCTURED)

    yield structured("structured mode without data", ..., "missing_field", id="1", time="2026-11-01T10:00:00Z")
    yield structured("structured mode, data in base64", ..., "missing_field", id="1", data_base64="e30=")
    for wrong in ("text", [1], 5, True):
        yield structured(f"structured mode, data is {json.dumps(wrong)}", wrong, "not_object", "wrong_type")
    yield structured("structured mode, data is null", None, "missing_field", "not_object", "wrong_type")
    name = "structured mode without any id"
    yield structured(name, made.event(name, event_id=...), "missing_field")
    name = "structured mode, quantity wrong"
    yield structured(name, made.event(name, quantity="1"), "wrong_type", id=name)
    name = "structured mode, event one level too low"
    yield structured(name, {"data": made.event(name)}, "missing_field")

    def binary(name: str, expected: str, headers: tuple[tuple[str, bytes], ...], *missing: str) -> Case:
        value = json.dumps(made.event(name, **dict.fromkeys(missing, ...))).encode()
        return Case(name, value, frozenset(expected.split()), headers=(("ce_specversion", b"1.0"), *headers))

    yield binary("binary mode without ce_id", "missing_field", (("ce_type", b"t"),), "event_id")
    yield binary("binary mode without ce_time", "missing_field", (("ce_id", b"bm-1"),), "event_time")
    yield binary("binary mode, ce_id empty", "out_of_range", (("ce_id", b""),), "event_id")
    yield binary("binary mode, ce_id of 513 characters", "out_of_range", (("ce_id", b"x" * 513),), "event_id")
    yield binary("binary mode, ce_id with NUL", "nul", (("ce_id", b"a\x00b"),), "event_id")
    yield binary("binary mode, ce_time before 2000", "out_of_range", (("ce_time", b"1999-12-31T23:59:59Z"),),
                 "event_time")  # fmt: skip
    for wrong_time in ("yesterday", "1763000000000", "2026-11-01", "2026-13-01T10:00:00Z", "2026-11-01T10:00:00", ""):
        name = f"binary mode, ce_time is {wrong_time!r}"
        yield binary(name, "wrong_type out_of_range", (("ce_time", wrong_time.encode()),), "event_time")
