"""What gains traction, on the real engine: against a naive ranking, and told from bots, regulars and campaigns."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import fmean, pstdev
from typing import Any

import pytest

from schemas.campaign import Campaign, Group
from streams.errors import UsageError
from streams.traction import Rising, counted_since, estimated_authors, spans, traction
from tests.counting_fixture import Counted
from tests.oracle.oracle import POSTS, is_sampled

END = datetime(2026, 3, 1, 12, tzinfo=UTC)
END_S = int(END.timestamp())
WITHIN = spans(END - timedelta(minutes=65), END, timedelta(minutes=5))
OURS = Campaign("ours", "Ours", hashtags=("OurDay", "kind*"), groups=(Group("issues", ("ourissue",)),))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    with Counted(tmp_path_factory.mktemp("traction")) as counted:
        yield counted


def post(number: int, at_s: float, hashtag: str, author: str, **fields: Any) -> dict[str, Any]:
    """A post so many seconds before the end."""
    of = {"event_id": str(number), "source": "x", "event_type": "mention", "hashtags": [hashtag]}
    of |= {"author_id": author, "post_id": f"p{number}"}
    return {**of, "event_time": int((END_S - at_s) * 1000) - 1, **fields}


def talk(seed: int) -> list[dict[str, Any]]:
    """An hour of talk, and what happens in its last five minutes."""
    rng = Random(seed)
    made: list[dict[str, Any]] = []

    def add(count: int, hashtag: str, people: int, since_s: float, until_s: float, **fields: Any) -> None:
        for _ in range(count):
            author = f"{hashtag}-{rng.randrange(people)}"
            made.append(post(len(made), rng.uniform(until_s, since_s), hashtag, author, **fields))

    add(1_300, "steady", 900, 3_900, 0)
    add(60, "rising", 50, 3_900, 300)
    add(400, "rising", 350, 300, 0)
    add(120, "quotes", 100, 300, 0, event_type="quote", source="bluesky")
    add(300, "bot", 1, 300, 0)
    add(200, "kindness", 150, 300, 0)
    add(200, "ourday", 150, 300, 0)
    add(200, "ourissue", 150, 300, 0)
    add(200, "shared", 150, 300, 0, event_type="share")
    add(30, "few", 30, 300, 0)
    add(150, "fallen", 100, 3_900, 3_600)
    for one in rng.sample(made, 100):
        undone = {**one, "event_id": f"not {one['event_id']}", "quantity": -1}
        made.append({**undone, "event_time": min(one["event_time"] + 5_000, END_S * 1000 - 1)})
    return made


def naive(made: Sequence[dict[str, Any]], floor: int) -> dict[str, tuple[int, float, float]]:
    """By hashtag the posts of the last five minutes, the average of the twelve before, and the score."""
    counts: defaultdict[str, list[int]] = defaultdict([0].__mul__(13).copy)
    for one in made:
        span = (one["event_time"] // 10_000 * 10 - (END_S - 3_900)) // 300
        if one["event_type"] in POSTS and 0 <= span < 13:
            counts[one["hashtags"][0]][span] += one.get("quantity", 1)
    found = {}
    for hashtag, (*base, recent) in counts.items():
        score = (recent - fmean(base)) / max(pstdev(base), math.sqrt(max(fmean(base), 0)), 1)
        if recent >= floor and score >= 3:
            found[hashtag] = (recent, round(fmean(base), 2), round(score, 2))
    return found


def ranking(engine: Counted, floor: int = 50, authors: int = 10, limit: int = 20) -> list[Rising]:
    return traction(engine.client, [OURS], WITHIN, floor, authors, limit)


def test_ranking_is_the_naive_one_less_the_campaigns_and_the_bots(engine: Counted) -> None:
    engine.empty()
    made = talk(3)
    engine.count(made, [OURS])
    found = ranking(engine)
    expected = naive(made, 50)
    assert set(expected) == {"rising", "quotes", "bot", "kindness", "ourday", "ourissue"}
    assert (
        [one.hashtag for one in found]
        == ["rising", "quotes"]
        == sorted(("rising", "quotes"), key=lambda name: -expected[name][2])
    )
    assert {one.hashtag: (one.posts, one.before, one.score) for one in found} == {
        one.hashtag: expected[one.hashtag] for one in found
    }
    assert [one.rank for one in found] == [1, 2]
    assert ranking(engine, limit=1) == found[:1]
    assert {one.hashtag for one in ranking(engine, floor=20, authors=0)} == {"rising", "quotes", "bot", "few"}


def test_authors_are_eight_times_those_sampled_and_examples_are_their_posts(engine: Counted) -> None:
    engine.empty()
    made = talk(3)
    engine.count(made, [OURS])
    standing: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for one in made:
        if one["event_time"] >= (END_S - 300) * 1000:
            author = (one["source"], one["author_id"])
            if one["event_type"] in POSTS and is_sampled(*author):
                standing[one["hashtags"][0], f"{author[0]}:{author[1]}", one["post_id"]] += one.get("quantity", 1)
    for line in ranking(engine, authors=0):
        mine = {
            (author, post) for (hashtag, author, post), left in standing.items() if left > 0 and hashtag == line.hashtag
        }
        authors = {author for author, _ in mine}
        assert line.authors == min(8 * len(authors), line.posts)
        assert line.authors_error == round(math.sqrt(max(line.authors, 8) * 7))
        by_post = {f"{author.split(':')[0]}:{post}": author for author, post in mine}
        assert len({by_post[example] for example in line.examples}) == len(line.examples) == min(3, len(authors))


def test_estimate_is_as_far_off_as_it_says() -> None:
    off = []
    for group in range(400):
        sampled = sum(is_sampled("x", f"group {group} author {n}") for n in range(200))
        estimate, error = estimated_authors(sampled, 10_000)
        off.append((estimate - 200) / error)
    assert abs(fmean(off)) < 0.2
    assert 0.85 < pstdev(off) < 1.15


@pytest.mark.parametrize(("sampled", "posts", "told"), [(0, 500, (0, 7)), (1, 500, (8, 7)), (40, 200, (200, 37))])
def test_estimate_is_at_most_a_post_an_author(sampled: int, posts: int, told: tuple[int, int]) -> None:
    assert estimated_authors(sampled, posts) == told


def test_first_seen_is_the_hashtags_first_window_within_a_week(engine: Counted) -> None:
    engine.empty()
    made = [post(n, n, "new", f"a{n}") for n in range(100)]
    made += [post(200 + n, n, "old", f"a{n}") for n in range(100)]
    made.append(post(900, 86_400 * 2 + 3, "old", "a1"))
    made.append(post(901, 86_400 * 30, "new", "a1"))
    engine.count(sorted(made, key=lambda one: one["event_time"]))
    first = {one.hashtag: one.first_seen for one in ranking(engine)}
    assert first == {
        "new": END - timedelta(seconds=100),
        "old": END - timedelta(days=2, seconds=10),
    }


def test_what_was_never_counted_is_no_base(engine: Counted) -> None:
    engine.empty()
    engine.count([post(n, 600 - n, "regular", f"a{n}") for n in range(600)])
    since = counted_since(engine.client, END - timedelta(hours=1), END)
    assert since == END - timedelta(minutes=10, seconds=10)
    assert traction(engine.client, [], spans(since, END, timedelta(minutes=1)), 50, 0, 20) == []
    assert [one.hashtag for one in ranking(engine)] == ["regular"]
    assert counted_since(engine.client, END, END + timedelta(hours=1)) == END


def test_spans_are_of_whole_windows_and_leave_out_the_one_that_fills() -> None:
    found = spans(END - timedelta(minutes=31), END + timedelta(seconds=9.9), timedelta(seconds=599))
    assert (found.since, found.last, found.until) == (END - timedelta(minutes=30), END - timedelta(minutes=10), END)
    assert (found.count, found.length_s) == (3, 600)
    with pytest.raises(UsageError, match="shorter --over"):
        spans(END - timedelta(minutes=29), END, timedelta(minutes=10))


def test_hundreds_of_hashtags_may_rise_at_once_in_any_script(engine: Counted) -> None:
    engine.empty()
    hashtags = ['it\'s "x" \\ {a:string}', "new\nline", *(f"{'สวัสดีปีใหม่' * 8}{n}" for n in range(298))]
    engine.count([post(3 * n + k, 5, hashtag, f"a{n}") for n, hashtag in enumerate(hashtags) for k in range(3)])
    found = {one.hashtag: one.first_seen for one in ranking(engine, floor=3, authors=0, limit=300)}
    assert found == dict.fromkeys(hashtags, END - timedelta(seconds=10))


def test_nothing_counted_has_no_ranking(engine: Counted) -> None:
    engine.empty()
    assert ranking(engine) == []
