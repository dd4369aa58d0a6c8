"""Cases that look wrong and are events all the same."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.oracle.bad_fields import INT64, LISTS, STRINGS, TEN_400
from tests.oracle.cases import ACCEPTED, HOUR_MS, MAX_VALUE_BYTES, STRUCTURED, Case, Corpus


def cases(made: Corpus) -> Iterator[Case]:
    """All of them."""
    yield from _shapes(made)
    yield from _unknown_fields(made)
    yield from _values(made)
    yield from _repeated(made)
    yield from _structured(made)
    yield from _binary(made)


def _shapes(made: Corpus) -> Iterator[Case]:
    yield made.changed("the good event", ACCEPTED)
    yield made.changed("only the required fields", ACCEPTED, text=...)
    yield made.edited("65,536 bytes by white space", lambda good: good.ljust(MAX_VALUE_BYTES), ACCEPTED)
    yield made.edited(
        "65,536 bytes by an unknown field",
        lambda good: good[:-1] + b',"x":"' + b"x" * (MAX_VALUE_BYTES - len(good) - 8) + b'"}',
        ACCEPTED,
    )
    yield made.edited("white space around it", lambda good: b" \t\r\n" + good + b"\r\n\t ", ACCEPTED)
    yield made.edited("a line's end after it", lambda good: good + b"\n", ACCEPTED)
    yield made.edited("one member a line", lambda good: good.replace(b", ", b"\n,\r\n\t"), ACCEPTED)
    yield made.edited("no white space at all", lambda good: good.replace(b'": ', b'":').replace(b", ", b","), ACCEPTED)
    yield made.edited("escaped names", lambda good: good.replace(b'"event_id"', b'"\\u0065vent\\u005Fid"'), ACCEPTED)
    yield made.edited("escaped enum value", lambda good: good.replace(b'"mention"', b'"m\\u0065ntion"'), ACCEPTED)
    for levels in (64, 65, 255, 256):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            inner = f"{opening * (levels - 2)}[]{closing * (levels - 2)}"
            yield made.with_raw(f"nested {levels} levels of {opening}", f'"x_any": {inner}', ACCEPTED)
    yield made.with_raw("1,000 arrays side by side", f'"x_any": [{",".join(["[]"] * 1000)}]', ACCEPTED)
    yield made.changed("brackets in a text", ACCEPTED, text="[" * 1000 + '"{' * 1000)
    yield made.changed("an escaped quote and backslash before brackets", ACCEPTED, text='\\"\\' + "[" * 300)
    key = made.changed("null key", ACCEPTED)
    yield Case(key.name, key.value, key.expected, key=None)


def _unknown_fields(made: Corpus) -> Iterator[Case]:
    for name, raw in {
        "10^400": TEN_400, "-10^400": f"-{TEN_400}", "5,000 digits": "9" * 5000, "1e400": "1e400", "1E-400": "1E-400",
        "a fraction of 1,000 digits": "0." + "1" * 1000, "NUL": r'"a\u0000b"', "a lone surrogate": r'"\ud83d"',
        "surrogates reversed": r'"\udc9c\ud83d"', "null": "null", "an object": '{"event_id": 1, "source": null}',
        "a list of everything": '[null, true, -0, 1.5e3, "", [], {}]', "U+FEFF": '"\ufeff"', "U+2028": '"\u2028"',
        "DEL": '"\x7f"', "a noncharacter": '"\uffff"', "the last code point": '"\U0010ffff"',
        "repeated names": '{"a": 1, "a": 2}',
    }.items():  # fmt: skip
        yield made.with_raw(f"an unknown field holds {name}", f'"x_any": {raw}', ACCEPTED)
    yield made.with_raw("a name that is empty", '"": 1', ACCEPTED)
    yield made.with_raw("a name with NUL and a lone surrogate", r'"\u0000\ud83d": 1', ACCEPTED)
    yield made.with_raw("a known name in capitals", '"Quantity": "many"', ACCEPTED)
    yield made.with_raw("1,000 unknown fields", ",".join(f'"x_{n}": {n}' for n in range(1000)), ACCEPTED)


def _values(made: Corpus) -> Iterator[Case]:
    optional = (*STRINGS, *LISTS, "observed_at", "quantity", "schema_version", "author_followers", "amount")
    yield made.changed("every optional field null", ACCEPTED, **dict.fromkeys(optional))
    yield made.changed("every optional string empty", ACCEPTED, **dict.fromkeys(STRINGS, ""))
    yield made.changed("event_id of one character", ACCEPTED, event_id="\u2007")
    yield made.changed("event_id of 512 characters", ACCEPTED, event_id="y" * 512)
    yield made.changed("event_id of 512 code points beyond the BMP", ACCEPTED, event_id="💜" * 512)
    for name in ("quantity", "amount"):
        for right in (10**12, -(10**12), 0):
            yield made.changed(f"{name} of {right}", ACCEPTED, **{name: right})
        yield made.with_raw(f"{name} of -0", f'"{name}": -0', ACCEPTED)
    yield made.changed("schema_version of 1", ACCEPTED, schema_version=1)
    yield made.changed("no followers", ACCEPTED, author_followers=0)
    for right in (0, -1, made.now_ms, INT64 - 1, -INT64):
        yield made.changed(f"observed_at of {right}", ACCEPTED, observed_at=right)
    yield made.changed("event_time at its lower bound", ACCEPTED, event_time=946_684_800_000)
    yield made.changed("event_time 23 h ahead", ACCEPTED, event_time=made.now_ms + 23 * HOUR_MS)
    yield made.changed("lists that are empty", ACCEPTED, hashtags=[], accounts=[])
    yield made.changed("lists of 1,000", ACCEPTED, hashtags=[f"many{n}" for n in range(1000)], accounts=["a"] * 1000)
    yield made.with_raw("an escaped surrogate pair", r'"text": "\ud83d\udc9c"', ACCEPTED)
    yield made.with_raw("escaped backslashes before u0000", r'"text": "\\u0000 \\ud83d"', ACCEPTED)
    yield made.with_raw("U+FEFF in a text", '"text": "\ufeffafter"', ACCEPTED)
    yield made.with_raw("escaped controls in a text", r'"text": "\u0001\b\f\n\r\t\u001f\u007f"', ACCEPTED)
    yield made.with_raw("an escaped slash in a url", r'"url": "https:\/\/example.org\/"', ACCEPTED)


def _repeated(made: Corpus) -> Iterator[Case]:
    good_ms = made.now_ms - 30_000
    for name, raw in {
        "quantity": '"quantity": "one", "quantity": 1',
        "quantity out of range": f'"quantity": {TEN_400}, "quantity": 2',
        "source": '"source": "myspace", "source": "web"', "event_time": f'"event_time": null, "event_time": {good_ms}',
        "hashtags": '"hashtags": [1, null], "hashtags": ["good"]', "text with NUL": r'"text": "\u0000", "text": "good"',
        "text with a surrogate": r'"text": "\ud800", "text": null', "text, then null": '"text": 5, "text": null',
        "an escaped name": r'"text": 5, "te\u0078t": "good"', "lang thrice": '"lang": 1, "lang": "x", "lang": "en"',
    }.items():  # fmt: skip
        yield made.with_raw(f"repeated, the last good: {name}", raw, ACCEPTED)


def _structured(made: Corpus) -> Iterator[Case]:
    time = datetime.fromtimestamp(made.now_ms // 1000 - 5, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    envelope = {"specversion": "1.0", "type": "social.event", "source": "/cases"}

    def case(name: str, *missing: str, **attributes: object) -> Case:
        data = made.event(name, **dict.fromkeys(missing, ...))
        value = json.dumps({**envelope, **attributes, "data": data}).encode()
        return Case(name, value, frozenset({ACCEPTED}), headers=STRUCTURED)

    yield case("structured mode", id="not this one", time=f"{time}Z")
    yield case("structured mode without id in data", "event_id", id="structured-1")
    yield case("structured mode without time in data", "event_time", id="not this", time=f"{time}.250Z")
    yield case("structured mode, wrong attributes", id=5, time="not a time", subject=None)
    plain = case("structured mode, plain content type")
    yield Case(plain.name, plain.value, plain.expected, headers=(("content-type", b"application/cloudevents+json"),))


def _binary(made: Corpus) -> Iterator[Case]:
    time = datetime.fromtimestamp(made.now_ms // 1000 - 5, UTC).strftime("%Y-%m-%dT%H:%M:%S")

    def case(name: str, headers: tuple[tuple[str, bytes], ...], *missing: str) -> Case:
        value = json.dumps(made.event(name, **dict.fromkeys(missing, ...))).encode()
        fixed = (("content-type", b"application/json"), ("ce_specversion", b"1.0"), ("ce_type", b"social.event"))
        return Case(name, value, frozenset({ACCEPTED}), headers=(*fixed, *headers))

    yield case("binary mode", (("ce_id", b"not this one"), ("ce_time", f"{time}Z".encode())))
    yield case("binary mode without event_id", (("ce_id", b"binary-1"),), "event_id")
    yield case("binary mode, an id in Korean", (("ce_id", "아이디".encode()),), "event_id")
    yield case(
        "binary mode without both", (("ce_id", b"binary-2"), ("ce_time", f"{time}.5Z".encode())), "event_id",
        "event_time",
    )  # fmt: skip
    for number, written in enumerate((f"{time}.123456789Z", f"{time}+00:00", f"{time}-00:30", f"{time}.001+05:45")):
        headers = (("ce_id", f"binary-time-{number}".encode()), ("ce_time", written.encode()))
        yield case(f"binary mode, ce_time form {number}", headers, "event_id", "event_time")
    yield case("binary mode, a wrong ce_time that is not needed", (("ce_id", b""), ("ce_time", b"never")))
