from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import Event
from streams.sources.jetstream import convert
from streams.sources.outcome import Outcome, Refused, Skipped

FIXTURES = Path(__file__).parents[2] / "fixtures" / "jetstream"
NOW_MS = 1_780_000_100_000
SEEN_MS = 1_780_000_000_000
AMY = "did:plc:amyamyamyamyamyamyamyamy"
BEN = "did:plc:benbenbenbenbenbenbenben"
CHO = "did:plc:chochochochochochochocho"
POST_1 = f"at://{AMY}/app.bsky.feed.post/3lpost0000001"
POST_2 = f"at://{BEN}/app.bsky.feed.post/3lpost0000002"


def outcomes(name: str) -> list[Outcome]:
    return [convert(line, NOW_MS) for line in (FIXTURES / name).read_bytes().splitlines()]


def events() -> dict[str, Event]:
    return {
        one.event_id.split("#")[0].rpartition("/")[2]: one for one in outcomes("v1.jsonl") if isinstance(one, Event)
    }


def frame(record: dict[str, Any], **commit: Any) -> bytes:
    body = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "3l", "cid": "bafy", "record": record}
    return msgspec.json.encode(
        {"did": AMY, "time_us": SEEN_MS * 1000 + 999, "kind": "commit", "commit": {**body, **commit}}
    )


def post(**fields: Any) -> Event:
    event = convert(frame({"text": "", "createdAt": "2026-05-28T20:26:40Z", **fields}), NOW_MS)
    assert isinstance(event, Event), event
    return event


def tag(start: int, end: int, name: str) -> dict[str, Any]:
    feature = {"$type": "app.bsky.richtext.facet#tag", "tag": name}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def test_jetstream_both_wires_give_the_same_outcomes() -> None:
    assert outcomes("v1.jsonl") == outcomes("v2.jsonl")
    kinds = Counter(one.event_type if isinstance(one, Event) else type(one).__name__ for one in outcomes("v2.jsonl"))
    assert kinds == {"mention": 5, "reply": 1, "quote": 2, "like": 1, "share": 1, "follow": 1, "Skipped": 5}


def test_jetstream_skips_are_counted_by_what_they_are() -> None:
    assert [one.reason for one in outcomes("v1.jsonl") if isinstance(one, Skipped)] == [
        "delete of a record",
        "update of a record",
        "another collection",
        "identity frame",
        "account frame",
    ]


def test_jetstream_post_is_a_mention_with_every_field_the_platform_gives() -> None:
    assert events()["3lpost0000001"] == Event(
        event_id=f"{POST_1}#create#bafyrei3lpost0000001",
        source="bluesky",
        event_type="mention",
        event_time=1_780_000_000_123,
        observed_at=1_780_000_000_001,
        post_id=POST_1,
        url=f"https://bsky.app/profile/{AMY}/post/3lpost0000001",
        author_id=AMY,
        lang="ko",
        text="오늘 친구에게 💜 #ENDviolence #친구의날 그리고 #ENDviolence",
        hashtags=["ENDviolence", "친구의날", "ENDviolence", "KindNotes"],
    )


def test_jetstream_post_without_facets_leaves_tokens_to_the_text() -> None:
    event = events()["3lpost0000002"]
    assert (event.hashtags, event.accounts) == (None, None)
    assert event.event_time == 1_780_000_001_000


def test_jetstream_answers_and_quotes_name_the_post_they_act_on() -> None:
    found = {name: (one.event_type, one.ref_post_id) for name, one in events().items()}
    assert found["3lreply000001"] == ("reply", POST_2)
    assert found["3lquote000001"] == ("quote", POST_1)
    assert found["3lquote000002"] == ("quote", POST_2)
    assert found["3lfeed0000001"] == ("mention", None)
    assert found["3llink0000001"] == ("mention", None)


def test_jetstream_answer_that_also_quotes_is_a_reply() -> None:
    reply = {"root": {"uri": POST_1}, "parent": {"uri": POST_1}}
    event = post(reply=reply, embed={"$type": "app.bsky.embed.record", "record": {"uri": POST_2}})
    assert (event.event_type, event.ref_post_id) == ("reply", POST_1)


def test_jetstream_reactions_name_their_post_and_follows_the_followed() -> None:
    found = events()
    like, share, follow = found["3llike0000001"], found["3lrepost00001"], found["3lfollow00001"]
    assert (like.event_type, like.ref_post_id, like.author_id, like.event_time) == ("like", POST_1, BEN, 1780000008500)
    assert (share.event_type, share.ref_post_id, share.author_id) == ("share", POST_1, CHO)
    assert (follow.event_type, follow.url, follow.author_id) == ("follow", f"https://bsky.app/profile/{AMY}", CHO)


@pytest.mark.parametrize(
    "created_at",
    [None, 5, "", "yesterday", "2026-05-28", "2026-05-28T20:26:40", "1999-12-31T23:59:59Z", "2026-05-30T00:00:00Z"],
)
def test_jetstream_event_time_falls_back_to_when_it_was_seen(created_at: Any) -> None:
    event = post(createdAt=created_at)
    assert event.event_time == event.observed_at == SEEN_MS


@pytest.mark.parametrize(
    ("created_at", "event_time_ms"),
    [("2000-01-01T00:00:00Z", 946_684_800_000), ("2026-05-29T20:26:40.000999Z", 1_780_086_400_000)],
)
def test_jetstream_event_time_is_believed_up_to_the_limits(created_at: str, event_time_ms: int) -> None:
    assert post(createdAt=created_at).event_time == event_time_ms


def test_jetstream_facets_count_by_their_bytes_in_the_text() -> None:
    text = "é #a"
    assert post(text=text, facets=[tag(3, 5, "a")]).hashtags == ["a"]
    assert post(text=text, facets=[tag(3, 5, "a"), tag(3, 5, "a")]).hashtags == ["a"]
    assert post(text=text, facets=[tag(3, 6, "a")]).hashtags is None
    assert post(text=text, facets=[tag(3, 3, "a"), tag(-1, 2, "b")]).hashtags is None


def test_jetstream_tags_add_only_what_facets_do_not_name() -> None:
    assert post(text="#Kind", facets=[tag(0, 5, "Kind")], tags=["kind", "KIND", "Calm", "calm"]).hashtags == [
        "Kind",
        "Calm",
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "malformed_frame"),
        (b"{", "malformed_frame"),
        (b"[]", "malformed_frame"),
        (b"\xff\xfe", "malformed_frame"),
        (b"[" * 100_000, "malformed_frame"),
        (b"{}", "not_jetstream"),
        (b'{"event_id":"1","source":"x"}', "not_jetstream"),
        (b'{"kind":"commit","did":"did:plc:a"}', "not_jetstream"),
        (frame({"createdAt": "2026-05-28T20:26:40Z"}), "malformed_frame"),
        (frame({"text": 7}), "malformed_frame"),
        (frame({"text": "a"}, cid=None), "malformed_frame"),
        (frame({"subject": "a"}, collection="app.bsky.feed.like"), "malformed_frame"),
        (frame({"text": "a\0b"}), "nul"),
        (frame({"text": "a" * 70_000}), "too_large"),
        (frame({"text": "a"}, rkey="r" * 600), "out_of_range"),
    ],
)
def test_jetstream_refuses_by_reason(line: bytes, reason: str) -> None:
    outcome = convert(line, NOW_MS)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason


def test_jetstream_error_frame_is_skipped() -> None:
    assert convert(b'{"$type":"error","error":"ConsumerTooSlow"}', NOW_MS) == Skipped("frame of type error")


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(msgspec.json.encode))
def test_jetstream_takes_any_bytes_without_raising(line: bytes) -> None:
    assert isinstance(convert(line, NOW_MS), Skipped | Refused)
