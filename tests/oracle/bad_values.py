"""Cases whose value is wrong as a whole: no JSON object, not UTF-8, too large, too deep."""

import json
from collections.abc import Iterator

from tests.oracle.cases import MARKER, MAX_VALUE_BYTES, STRUCTURED, Case, Corpus


def cases(made: Corpus) -> Iterator[Case]:
    """All of them."""
    yield from _sizes(made)
    yield from _encodings(made)
    yield from _no_json(made)
    yield from _no_object()
    yield from _depths(made)
    yield from _odd_records(made)


def _whole(name: str, value: bytes | None, *expected: str) -> Case:
    return Case(name, value, frozenset(expected))


def _sizes(made: Corpus) -> Iterator[Case]:
    yield _whole("null value (tombstone)", None, "null")
    yield _whole("empty value", b"", "empty")
    yield _whole("one space", b" ", "empty", "not_json")
    yield _whole("white space only", b" \t\r\n ", "empty", "not_json")
    yield made.edited("65,537 bytes by white space", lambda good: good.ljust(MAX_VALUE_BYTES + 1), "too_large")
    yield made.changed("65,537 bytes by text", "too_large", text="x" * MAX_VALUE_BYTES)
    yield made.edited(
        "40,000 characters of 80,000 bytes",
        lambda good: good[:-1] + b', "x": "' + ("é" * 40_000).encode() + b'"}',
        "too_large",
    )
    yield made.changed("a record of 1 MB", "too_large", text="x" * 1_000_000)
    yield _whole("1 MB of no JSON", b"\xff" * 1_000_000, "too_large", "not_utf8")
    yield made.changed("a record of 10 MB", "too_large", text="x" * 10_000_000)


def _encodings(made: Corpus) -> Iterator[Case]:
    yield made.edited("UTF-8 BOM", lambda good: b"\xef\xbb\xbf" + good, "bom")
    yield _whole("UTF-8 BOM alone", b"\xef\xbb\xbf", "bom")
    yield made.edited("BOM after a space", lambda good: b" \xef\xbb\xbf" + good, "bom", "not_json")
    little, big = (json.dumps(made.event("UTF-16")).encode(f"utf-16-{order}") for order in ("le", "be"))
    yield _whole("UTF-16LE with BOM", b"\xff\xfe" + little, "not_utf8", "bom")
    yield _whole("UTF-16BE with BOM", b"\xfe\xff" + big, "not_utf8", "bom")
    yield _whole("UTF-16LE without BOM", little, "not_json")
    yield _whole("UTF-16BE without BOM", big, "registry_framed", "not_json")
    yield made.edited("UTF-32 with BOM", lambda good: good.decode().encode("utf-32"), "not_utf8", "bom")
    for name, raw in {
        "Latin-1 é": b"caf\xe9",
        "a continuation byte alone": b"a\x80b",
        "a byte 0xFF": b"a\xffb",
        "overlong NUL": b"\xc0\x80",
        "overlong slash": b"\xe0\x80\xaf",
        "CESU surrogate pair": b"\xed\xa0\xbd\xed\xb2\x9c",
        "a surrogate in UTF-8": b"\xed\xa0\x80",
        "beyond U+10FFFF": b"\xf4\x90\x80\x80",
        "a sequence cut short": b"\xf0\x9f\x92",
    }.items():
        yield made.with_raw(f"not UTF-8 in the text: {name}", b'"text": "' + raw + b'"', "not_utf8")
        yield made.with_raw(f"not UTF-8 in an unknown field: {name}", b'"x_any": "' + raw + b'"', "not_utf8")
    yield made.with_raw("not UTF-8 in a name", b'"x_\xff": 1', "not_utf8")
    yield made.edited("not UTF-8 after the object", lambda good: good + b"\xff", "not_utf8")
    yield made.edited("ends within a character", lambda good: good[:-1] + b', "x": "\xf0\x9f', "not_utf8")
    yield made.edited("registry framed", lambda good: b"\x00\x00\x00\x00\x2a" + good, "registry_framed")
    yield made.edited(
        "registry framed, id not UTF-8", lambda good: b"\x00\x00\x00\xff\xfe" + good, "registry_framed", "not_utf8"
    )
    yield _whole("registry frame alone", b"\x00\x00\x00\x00\x01", "registry_framed", "not_json")
    yield _whole("one NUL byte", b"\x00", "not_json", "registry_framed")


def _no_json(made: Corpus) -> Iterator[Case]:
    for name, text in {
        "a word": "hello", "an open brace": "{", "a closing brace": "}", "single quotes": "{'event_id': '1'}",
        "a name without quotes": '{event_id: "1"}', "XML": "<event/>", "a query string": "event_id=1&source=x",
    }.items():  # fmt: skip
        yield _whole(f"no JSON: {name}", text.encode(), "not_json")
    for name, edit in {
        "cut in the middle": lambda good: good[: len(good) // 2],
        "without its last brace": lambda good: good[:-1],
        "a brace too many": lambda good: good + b"}",
        "trailing comma": lambda good: good[:-1] + b",}",
        "two commas": lambda good: good.replace(b", ", b",, ", 1),
        "no comma": lambda good: good.replace(b", ", b" ", 1),
        "no colon": lambda good: good.replace(b": ", b" ", 1),
        "a comment": lambda good: good + b" // it",
        "a comment within": lambda good: b"{/**/" + good[1:],
        "two objects": lambda good: good + good,
        "two objects in two lines": lambda good: good + b"\n" + good,
        "two objects and a comma": lambda good: good + b"," + good,
        "a NUL byte after it": lambda good: good + b"\x00",
        "a no-break space before it": lambda good: b"\xc2\xa0" + good,
        "a vertical tab after it": lambda good: good + b"\x0b",
        "a form feed before it": lambda good: b"\x0c" + good,
        "an ideographic space after it": lambda good: good + "\u3000".encode(),
        "a record separator before it": lambda good: b"\x1e" + good,
        "a callback around it": lambda good: b"cb(" + good + b")",
    }.items():
        yield made.edited(f"no JSON: {name}", edit, "not_json")
    for raw in (
        "NaN", "Infinity", "-Infinity", "-NaN", "+1", "01", "-01", "1.", ".5", "-.5", "1e", "1e+", "-", "--1", "0x10",
        "1_000", "True", "None", "nul", "undefined", "'a'", '"\\x41"', '"\\u12G4"', '"\\u12"', '"\\\'"', '"\\',
        '"a\nb"', '"a\tb"', '"a\0b"', '"a\x1fb"', "[1,]", "[,1]", "[1 2]", '{"a"}', '{"a":}', "{1: 2}", "[", "]",
        "[}", "１２", "١",
    ):  # fmt: skip
        yield made.with_raw(f"no JSON in an unknown field: {raw!r}", f'"x_any": {raw}', "not_json")
    for name, raw in (("quantity", "NaN"), ("quantity", "01"), ("event_time", "Infinity"), ("text", '"a\nb"')):
        yield made.with_raw(f"no JSON in {name}: {raw!r}", f'"{name}": {raw}', "not_json")


def _no_object() -> Iterator[Case]:
    for text in ("null", "true", "false", "0", "-1.5e3", '""', '"a string"', "[]", '[{"event_id": "1"}]'):
        yield _whole(f"no object: {text}", text.encode(), "not_object")
    yield _whole("no event: an empty object", b"{}", "missing_field")


def _depths(made: Corpus) -> Iterator[Case]:
    yield made.with_raw("nested 10,000 deep", f'"x_any": {"[" * 10_000}{"]" * 10_000}', "too_deep")
    yield made.with_raw("objects nested 5,000 deep", '"x_any": ' + '{"a":' * 5000 + "1" + "}" * 5000, "too_deep")
    yield made.with_raw("nested 257 levels", f'"x_any": {"[" * 256}{"]" * 256}', "too_deep")
    yield made.with_raw("hashtags nested 257 levels", f'"hashtags": {"[" * 256}{"]" * 256}', "too_deep", "wrong_type")
    yield made.with_raw(
        "nested 257 levels, the last of a repeated name flat", f'"x": {"[" * 256}{"]" * 256}, "x": 1', "too_deep"
    )
    yield _whole("10,000 arrays and nothing else", b"[" * 10_000 + b"]" * 10_000, "too_deep", "not_object")
    yield _whole("65,000 opening brackets", b"[" * 65_000, "too_deep", "not_json")
    yield _whole("10,000 opening objects", b'{"a":' * 10_000, "too_deep", "not_json")


def _odd_records(made: Corpus) -> Iterator[Case]:
    """Records whose key and headers are odd, too: a dead letter keeps them as they are."""
    null = frozenset({"null"})
    yield Case("null key and value", None, null, key=None)
    yield Case("null key, no object", b"[]", frozenset({"not_object"}), key=None)
    yield Case("empty key", None, null, key=b"")
    yield Case("binary key", None, null, key=b"\x00\xff\xfe")
    yield Case("a header without a value", None, null, headers=(("x-empty", None),))
    yield Case("a header twice", None, null, headers=(("x-twice", b"1"), ("x-twice", b"2")))
    yield Case("a binary header", b"\xff", frozenset({"not_utf8"}), headers=(("x-binary", b"\x00\xff"),))
    yield Case("a header of Connect's", b"{", frozenset({"not_json"}), headers=(("__connect.errors.topic", b"mine"),))
    yield Case("a header named by an emoji", b"[]", frozenset({"not_object"}), headers=(("💜", "💜".encode()),))
    yield Case("structured mode, no JSON", b"{", frozenset({"not_json"}), headers=STRUCTURED)
    yield Case("structured mode, null value", None, null, headers=STRUCTURED)
    marker = (("groundswell-marker", b"1"),)
    yield Case("a marker", None, frozenset({MARKER}), headers=marker, key=None)
    good = made.changed("a marker that holds an event", MARKER)
    yield Case(good.name, good.value, good.expected, headers=marker)
