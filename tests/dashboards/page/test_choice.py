"""What an address asks for is checked, and means the time range that it says."""

from hypothesis import given
from hypothesis import strategies as st

from dashboards.page.choice import RANGES, Choice, Known, Window, granularity_s, read, span
from dashboards.variables import GRANULARITIES
from schemas.event import SOURCES, WINDOW_S

NOW_S = 1_800_000_007.5
EVENING = Window("first evening", 1_799_990_000, 1_799_999_000)
LATER = Window("later", 1_800_100_000, 1_800_200_000)
KNOWN = (Known("*", "Everything"), Known("kindness", "Kindness", (EVENING, LATER)))


def choice(**changes: object) -> Choice:
    return Choice(**{"campaign": "kindness", "platforms": (), "range": "1h", "granularity_s": 0} | changes)  # type: ignore[arg-type]


def test_read_takes_a_whole_choice_as_it_stands() -> None:
    asked = {"campaign": "kindness", "platform": "x,bluesky", "range": "6h", "granularity": "60"}
    assert read(asked, KNOWN) == Choice("kindness", ("bluesky", "x"), "6h", 60)


def test_read_of_nothing_is_the_only_campaign_and_with_several_every_event() -> None:
    assert read({}, KNOWN) == choice()
    assert read({}, (*KNOWN, Known("other", "Other"))).campaign == "*"
    assert read({}, ()).campaign == "*"


def test_read_keeps_a_campaign_that_nobody_has_counted_yet() -> None:
    assert read({"campaign": "tomorrow"}, KNOWN).campaign == "tomorrow"


@given(st.dictionaries(st.sampled_from(["campaign", "platform", "range", "granularity"]), st.text()))
def test_read_makes_of_any_text_a_choice_that_is_possible(asked: dict[str, str]) -> None:
    found = read(asked, KNOWN)
    assert found.campaign in {"*", "kindness"} or found.campaign == asked["campaign"]
    assert found.campaign.strip("abcdefghijklmnopqrstuvwxyz0123456789_-*") == ""
    assert set(found.platforms) <= set(SOURCES)
    assert found.range in {one.key for one in RANGES}
    assert found.granularity_s in {0, *(one.seconds for one in GRANULARITIES)}


def test_read_takes_a_launch_window_of_the_campaign_and_of_no_other() -> None:
    asked = {"range": "window:first evening"}
    assert read({**asked, "campaign": "kindness"}, KNOWN).range == "window:first evening"
    assert read({**asked, "campaign": "*"}, KNOWN).range == "1h"


@given(st.sampled_from(RANGES), st.floats(1e9, 4e9))
def test_span_has_the_length_asked_for_and_begins_with_a_whole_window(one: object, now_s: float) -> None:
    assert isinstance(one, type(RANGES[0]))
    from_s, to_s = span(choice(range=one.key), KNOWN, now_s)
    assert from_s % WINDOW_S == 0
    assert one.seconds <= to_s - from_s < one.seconds + WINDOW_S
    assert now_s < to_s <= now_s + 1


def test_span_of_a_launch_window_is_the_window_and_ends_now_while_it_lasts() -> None:
    evening = choice(range="window:first evening")
    assert span(evening, KNOWN, NOW_S) == (EVENING.start_s, EVENING.end_s)
    assert span(evening, KNOWN, EVENING.start_s + 100.5) == (EVENING.start_s, EVENING.start_s + 101)


def test_span_of_a_launch_window_to_come_is_its_first_window() -> None:
    assert span(choice(range="window:later"), KNOWN, NOW_S) == (LATER.start_s, LATER.start_s + WINDOW_S)


def test_granularity_is_the_chosen_one_unless_that_is_too_much_to_draw() -> None:
    assert granularity_s(choice(granularity_s=10), 900) == 10
    assert granularity_s(choice(granularity_s=10), 7 * 86_400) == 3600


@given(st.integers(10, 90 * 86_400))
def test_granularity_left_open_makes_few_buckets(seconds: int) -> None:
    found = granularity_s(choice(), seconds)
    assert seconds <= 300 * found or found == GRANULARITIES[-1].seconds
