import unicodedata
from collections import Counter

import emoji
import msgspec
import pytest

from schemas.campaign_file import parse
from schemas.event import Event
from streams.decode import decode_one
from streams.launch import CAMPAIGN, CAMPAIGNS, PARTNER_POSTS_AT, Launch, Truth
from streams.launch_crowd import PARTNER, PARTNER_FOLLOWERS

START_MS = 1_780_000_000_000
DURATION_S = 60
Played = tuple[list[tuple[int, Event]], Truth]


@pytest.fixture(scope="module")
def played() -> Played:
    launch = Launch(seed=11, start_ms=START_MS, duration_s=DURATION_S, rate_per_s=400)
    return list(launch), launch.truth


def fold(tag: str) -> str:
    return unicodedata.normalize("NFKC", tag).casefold()


def tokens(event: Event) -> list[tuple[str, str]]:
    """The tokens of an event, found naively: words by spaces, emojis by another library."""
    text = event.text or ""
    words = [word[1:] for word in text.split() if word.startswith("#")] if event.hashtags is None else event.hashtags
    accounts = [word[1:] for word in text.split() if word.startswith("@")] if event.accounts is None else event.accounts
    return [
        *(("hashtag", fold(word)) for word in words),
        *(("account", account) for account in accounts),
        *(("emoji", found["emoji"]) for found in emoji.emoji_list(text)),
    ]


def test_launch_same_arguments_give_the_same_events() -> None:
    first, again = Launch(3, START_MS, 10, 100), Launch(3, START_MS, 10, 100)
    assert list(first) == list(again) == list(again)
    assert first.truth == again.truth
    assert list(first) != list(Launch(4, START_MS, 10, 100))


@pytest.mark.parametrize(("duration_s", "rate_per_s"), [(0.5, 2), (1, 1), (20, 37), (3600, 1)])
def test_launch_has_as_many_events_as_asked_for_in_order_of_due_time(duration_s: float, rate_per_s: float) -> None:
    launch = Launch(5, START_MS, duration_s, rate_per_s)
    due_ms = [due for due, _ in launch]
    assert launch.truth.events == round(duration_s * rate_per_s)
    assert launch.truth.records == len(due_ms) == launch.truth.events + launch.truth.duplicates
    assert due_ms == sorted(due_ms)
    assert all(START_MS <= due <= START_MS + duration_s * 1000 for due in due_ms)


def test_launch_every_event_is_one_that_the_worker_takes(played: Played) -> None:
    for due_ms, event in played[0]:
        assert decode_one(msgspec.json.encode(event), due_ms) == event
        assert event.observed_at is not None
        assert event.event_time <= event.observed_at <= due_ms


def test_launch_truth_is_what_a_naive_count_finds(played: Played) -> None:
    sent, truth = played
    distinct = {event.event_id: event for _, event in sent}
    hashtags = {fold(tag) for tag in parse((CAMPAIGNS / f"{CAMPAIGN}.toml").read_text(), "").hashtags}
    counted = Truth(records=len(sent), events=len(distinct), duplicates=len(sent) - len(distinct), late=truth.late)
    for event in distinct.values():
        found = Counter(tokens(event))
        quantity = 1 if event.quantity is None else event.quantity
        sign = 1 if quantity > 0 else -1
        matches = any(kind == "hashtag" and token in hashtags for kind, token in found)
        for campaign in ("*", CAMPAIGN) if matches else ("*",):
            counted.events_by[campaign, event.source, event.event_type] += 1
            counted.quantity_by[campaign, event.source, event.event_type] += quantity
            for (kind, token), times in found.items():
                counted.posts_by[campaign, kind, token] += sign
                counted.occurrences_by[campaign, kind, token] += sign * times
    assert counted == truth


def test_launch_has_the_shape_of_published_ones(played: Played) -> None:
    sent, _ = played
    second_of = Counter((due_ms - START_MS) // 1000 for due_ms, _ in sent)
    partner_s = int(PARTNER_POSTS_AT * DURATION_S)
    before = sum(second_of[s] for s in range(partner_s)) / partner_s
    peak_s = max(second_of, key=lambda s: second_of[s])
    assert partner_s <= peak_s <= partner_s + 3
    assert second_of[peak_s] > 5 * before
    quiet, second = (sum(second_of[s] for s in span) for span in (range(34, 38), range(40, 44)))
    assert quiet * 1.5 < second < sum(second_of[s] for s in range(12, 16))


def test_launch_partner_sets_it_off_and_draws_most_reactions(played: Played) -> None:
    sent, _ = played
    ((due_ms, post),) = [(due_ms, event) for due_ms, event in sent if event.author_id == PARTNER]
    assert post.author_followers == PARTNER_FOLLOWERS
    assert due_ms >= START_MS + PARTNER_POSTS_AT * DURATION_S * 1000
    subjects = Counter(event.ref_post_id for _, event in sent if event.ref_post_id)
    assert subjects.most_common(1)[0][0] == post.post_id
    posts = {event.post_id for _, event in sent if event.post_id}
    assert set(subjects) <= posts


def test_launch_is_as_mixed_as_the_world(played: Played) -> None:
    sent, truth = played
    assert len({event.lang for _, event in sent if event.lang}) >= 12
    assert len({event.source for _, event in sent}) >= 8
    assert {event_type for _, _, event_type in truth.events_by} == {
        *("mention", "reply", "quote", "share", "like", "follow", "view", "video", "pledge", "signup")
    }
    emojis = Counter(
        {token: n for (campaign, kind, token), n in truth.posts_by.items() if (campaign, kind) == ("*", "emoji")}
    )
    assert emojis.most_common(1)[0][0] == "💜"
    for family_flag_or_skin_tone in ("👨‍👩‍👧‍👦", "🇰🇷", "💪🏾"):
        assert emojis[family_flag_or_skin_tone] > 0
    assert truth.duplicates > 0
    assert truth.late > 0
    assert any(event.quantity == -1 for _, event in sent)
    authors = Counter(event.author_id for _, event in sent).most_common()
    assert authors[0][1] > 20 * authors[len(authors) // 2][1]
