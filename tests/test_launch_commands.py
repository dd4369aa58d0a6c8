"""``groundswell goals`` and ``traction`` on what was counted: what they print for people and for programs."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from deploy.workers import environment
from streams import cli
from streams.campaigns import load
from tests.counting_fixture import Counted

NOW = datetime.now(UTC).replace(microsecond=0)
BEGUN = NOW - timedelta(hours=1)
CAMPAIGN = f"""
name = "love"
title = "The love challenge"
hashtags = ["love"]

[[launch_windows]]
name = "launch"
start = {BEGUN:%Y-%m-%dT%H:%M:%SZ}
end = {BEGUN + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}

[[goals]]
name = "a thousand"
metric = "mentions"
value = 1_000
by = {BEGUN + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}

[[goals]]
name = "half a million"
metric = "mentions"
value = 500_000
by = {BEGUN + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    folder = tmp_path_factory.mktemp("launch")
    with Counted(folder / "data") as counted:
        campaigns = folder / "campaigns"
        campaigns.mkdir()
        (campaigns / "love.toml").write_text(CAMPAIGN, encoding="utf-8")
        (campaigns / "bare.toml").write_text('name = "bare"\ntitle = "T"\nhashtags = ["bare"]\n', encoding="utf-8")
        counted.settings = counted.settings.model_copy(update={"campaigns": campaigns})
        # Ten a minute of the campaign's, also ahead of now, however long the tests take; and a hundred of another
        # hashtag in the last minute but one.
        begun_ms, now_ms = int(BEGUN.timestamp() * 1000), int(NOW.timestamp() * 1000)
        times = [("love", begun_ms + 6_000 * n) for n in range(1_200)]
        times += [("wave", now_ms - 60_000 - 600 * n) for n in range(100)]
        events = [
            {"event_id": str(n), "source": "x", "event_type": "mention", "event_time": time_ms, "hashtags": [hashtag]}
            | {"author_id": f"u{n}", "post_id": f"p{n}"}
            for n, (hashtag, time_ms) in enumerate(times)
        ]
        counted.count(sorted(events, key=lambda event: event["event_time"]), load(campaigns))
        yield counted


@pytest.fixture
def run(engine: Counted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, standard output and standard error of a command."""

    def command(*arguments: str) -> tuple[int, str, str]:
        for name, value in {**environment(engine.settings), "COLUMNS": "200"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["groundswell", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return command


def test_goals_say_what_there_is_what_is_to_come_and_whether_that_is_enough(run: Run) -> None:
    code, out, err = run("goals", "love", "--json")
    assert (code, err) == (0, "")
    near, far = json.loads(out)
    assert (near["name"], near["value"], near["course"]) == ("a thousand", 1_000, "on course")
    assert 600 <= near["so_far"] < 1_000
    assert near["projection"]["low"] < near["projection"]["expected"] < near["projection"]["high"]
    assert near["projection"]["expected"] == pytest.approx(1_200, rel=0.05)
    assert far["course"] == "out of reach"
    code, out, err = run("goals", "love")
    assert (code, err) == (0, "")
    assert out.startswith("The love challenge: goals")
    assert "500,000" in out
    assert "out of reach" in out


def test_goals_of_a_campaign_without_any_or_that_is_none_say_what_to_do(run: Run) -> None:
    code, out, err = run("goals", "bare")
    assert (code, out) == (1, "")
    assert err == "groundswell: Campaign 'bare' has no goals: add [[goals]] to its file, and ask again.\n"
    code, out, err = run("goals", "nobody")
    assert (code, out) == (2, "")
    assert "(bare, love)" in err


def test_traction_ranks_what_rises_outside_the_campaigns(run: Run) -> None:
    code, out, err = run("traction", "--over", "2m", "--since", "50m", "--until", f"{NOW.isoformat()}", "--json")
    assert (code, err) == (0, "")
    (line,) = json.loads(out)
    assert (line["rank"], line["hashtag"]) == (1, "wave")
    assert 80 <= line["posts"] <= 100
    assert all(example.startswith("x:p") for example in line["examples"])
    code, out, err = run("traction", "--over", "2m", "--since", "50m", "--until", f"{NOW.isoformat()}")
    assert (code, err) == (0, "")
    assert "wave" in out
    assert line["examples"][0] in out
    assert "±" in out


def test_traction_without_any_rise_says_so_and_is_no_failure(run: Run) -> None:
    until, since = ((NOW - timedelta(minutes=ago)).isoformat() for ago in (30, 55))
    code, out, err = run("traction", "--until", until, "--since", since, "--over", "1m")
    assert (code, out) == (0, "")
    assert err.startswith("No hashtag outside the campaigns rises in the 0:01:00 before ")


def test_traction_without_a_base_says_what_to_do(run: Run) -> None:
    code, out, err = run("traction", "--over", "40m")
    assert (code, out) == (2, "")
    assert "shorter --over" in err
