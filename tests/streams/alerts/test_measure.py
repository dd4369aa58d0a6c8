"""Measuring: series counted in ClickHouse against a plain walk over the events."""

import itertools

from clickhouse_connect.driver import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.alerts.measure import measure
from streams.alerts.series import Counted, Pieces, Series
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.streams.alerts.counted import Happened, clear, write

BEGIN_S = 1_790_000_000
COUNTED: tuple[Counted, ...] = ("quantity", "authors", "target_authors")
TYPES = ("mention", "reply", "like", "share")


def naive(events: list[Happened], one: Series) -> Pieces:
    """Every event looked at by itself, in the order of time."""
    fitting = [
        (event, (event.window_s - one.start_s) // one.step_s)
        for event in sorted(events, key=lambda event: event.at_s)
        if event.campaign == one.campaign
        and one.start_s <= event.window_s < one.end_s
        and (not one.types or event.event_type in one.types)
        and one.source in ("", event.source)
        and (not one.sentiments or event.sentiment in one.sentiments)
        and (one.counted != "target_authors" or event.target)
        and (event.author or one.counted == "quantity")
    ]
    pieces: dict[int, int] = {}
    if one.counted == "quantity":
        for event, piece in fitting:
            pieces[piece] = pieces.get(piece, 0) + event.quantity
        return {piece: value for piece, value in pieces.items() if value}
    sums: dict[tuple[int, str, str], int] = {}
    first: dict[tuple[int, str, str], int] = {}
    for event, piece in fitting:
        key = (0 if one.once else piece, event.source, event.author)
        sums[key] = sums.get(key, 0) + (1 if one.counted == "target_authors" else event.quantity)
        first.setdefault(key, piece)
    for key, total in sums.items():
        if total > 0:
            pieces[first[key]] = pieces.get(first[key], 0) + 1
    return pieces


happened = st.builds(
    Happened,
    at_s=st.integers(BEGIN_S, BEGIN_S + 299),
    campaign=st.sampled_from(["kindness", "other"]),
    event_type=st.sampled_from(TYPES),
    source=st.sampled_from(["x", "tiktok"]),
    author=st.sampled_from(["", "a", "b", "o'c"]),
    quantity=st.sampled_from([1, 1, 2, -1]),
    sentiment=st.sampled_from(["", "positive", "negative"]),
    target=st.sampled_from(["", "minister"]),
)


def spans() -> list[Series]:
    """Every way to count, over the whole, over parts, and by pieces of 10 s and 30 s."""
    bounds = [(BEGIN_S, BEGIN_S + 300, 300), (BEGIN_S + 50, BEGIN_S + 200, 30), (0, BEGIN_S + 100, BEGIN_S + 100)]
    found = [
        Series(campaign, counted, types, start, end, step, source=source, once=once)
        for campaign, counted, types, (start, end, step), source, once in itertools.product(
            ["kindness", "other", "nobody"],
            COUNTED,
            [(), ("mention", "reply")],
            bounds,
            ["", "tiktok"],
            [False, True],
        )
        if not (once and counted == "quantity")
    ]
    moods = [("negative",), ("positive", "negative")]
    return found + [Series("kindness", "quantity", (), *bounds[0], sentiments=mood) for mood in moods]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(happened, min_size=1, max_size=30), min_size=1, max_size=3))
def test_every_series_is_what_a_walk_over_the_events_gives(
    engine: ClickHouse, client: Client, batches: list[list[Happened]]
) -> None:
    clear(engine)
    for batch in batches:
        write(engine, batch)
    events = [event for batch in batches for event in batch]
    counts = measure(client, spans())
    assert {one: dict(pieces) for one, pieces in counts.items()} == {one: naive(events, one) for one in spans()}


def test_events_are_counted_whatever_their_quantities(engine: ClickHouse, client: Client) -> None:
    write(engine, [Happened(BEGIN_S, quantity=-1), Happened(BEGIN_S + 20, event_type="view", quantity=1)])
    one = Series("kindness", "events", (), BEGIN_S, BEGIN_S + 60, 10)
    assert measure(client, [one]) == {one: {0: 1, 2: 1}}


def test_no_series_asks_nothing(client: Client) -> None:
    assert measure(client, []) == {}
