"""The event's declaration against the contract's table, restated here, and what is generated from it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas.__main__ as generated
from schemas.event import EVENT_TYPES, FIELDS, REQUIRED, SOURCES, Event, json_schema, markdown_table, record_key
from schemas.generated import stale

# The contract, section 1: field, JSON type, required.
TABLE = """
    event_id string yes, source string yes, event_type string yes, event_time integer yes, observed_at integer no,
    quantity integer no, schema_version integer no, post_id string no, ref_post_id string no, url string no,
    author_id string no, author_name string no, author_followers integer no, lang string no, country string no,
    text string no, hashtags array no, accounts array no, amount integer no, currency string no
"""
ROWS = [tuple(row.split()) for row in TABLE.split(",")]
GOOD = {"event_id": "1", "source": "x", "event_type": "mention", "event_time": 1_785_434_400_000}


def described(name: str) -> dict[str, Any]:
    """The schema of a field, without the null that every optional one takes."""
    spec: dict[str, Any] = json_schema()["properties"][name]
    kinds = [one for one in spec.get("anyOf", [spec]) if one.get("type") != "null"]
    (kind,) = kinds
    return dict(kind)


def test_event_has_the_contracts_fields_in_its_order_and_as_required() -> None:
    assert list(FIELDS) == [name for name, _, _ in ROWS]
    assert list(REQUIRED) == [name for name, _, required in ROWS if required == "yes"]
    assert json_schema()["required"] == list(REQUIRED)


@pytest.mark.parametrize(("name", "kind", "required"), ROWS)
def test_event_field_has_the_contracts_type(name: str, kind: str, required: str) -> None:
    spec = described(name)
    assert ("string" if "enum" in spec else spec["type"]) == kind
    assert json_schema()["properties"][name]["description"]
    if kind == "array":
        assert spec["items"] == {"type": "string"}
    if required == "no":
        assert msgspec.convert({**GOOD, name: None}, Event) == msgspec.convert(GOOD, Event)


def test_event_has_the_contracts_enumerations_and_ranges() -> None:
    sources = "bluesky mastodon x tiktok instagram facebook youtube reddit web other"
    types = "mention reply quote share like follow view video pledge signup"
    assert list(SOURCES) == sources.split()
    assert list(EVENT_TYPES) == types.split()
    assert set(described("source")["enum"]) == set(sources.split())
    assert set(described("event_type")["enum"]) == set(types.split())
    assert (described("event_id")["minLength"], described("event_id")["maxLength"]) == (1, 512)
    time = described("event_time")
    assert (time["minimum"], time["exclusiveMaximum"]) == (946_684_800_000, 4_291_747_200_000)
    for name in ("quantity", "amount"):
        assert (described(name)["minimum"], described(name)["maximum"]) == (-(10**12), 10**12)
    assert described("author_followers")["minimum"] == 0


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        *[({"event_type": one, "ref_post_id": "r", "post_id": "p"}, "x:r") for one in ("like", "share", "view")],
        *[
            ({"event_type": one, "ref_post_id": "r", "post_id": "p"}, "x:p")
            for one in ("mention", "reply", "quote", "video")
        ],
        *[({"event_type": one, "ref_post_id": "r", "post_id": "p"}, "x:1") for one in ("follow", "pledge", "signup")],
        ({"event_type": "like", "post_id": "p"}, "x:1"),
        ({"event_type": "mention", "ref_post_id": "r"}, "x:1"),
        ({"event_type": "mention", "post_id": ""}, "x:1"),
        ({"source": "web", "event_type": "reply", "post_id": "글"}, "web:글"),
    ],
)
def test_record_key_names_the_post_acted_on(fields: dict[str, str], key: str) -> None:
    assert record_key(msgspec.convert({**GOOD, **fields}, Event)) == key.encode()


@given(st.integers(-(10**12), 10**12), st.text(), st.lists(st.text()))
def test_event_survives_being_written_and_read(quantity: int, text: str, hashtags: list[str]) -> None:
    event = msgspec.convert({**GOOD, "quantity": quantity, "text": text, "hashtags": hashtags}, Event)
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


def test_markdown_table_has_a_line_for_every_field() -> None:
    lines = markdown_table().splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == list(FIELDS)
    assert [line.rstrip(" |").rsplit("| ", 1)[1] for line in lines] == [required for _, _, required in ROWS]


def test_generated_files_are_fresh() -> None:
    assert stale(generated.files()) == []
    assert json.loads((generated.HERE / "event.schema.json").read_text(encoding="utf-8")) == json_schema()
