"""Episodes: every transition, and whole histories against an oracle that remembers what decisions only read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.campaign import Campaign, Threshold
from streams.alerts.episodes import Change, Episode, History, Sending, Silenced, changes, due, in_force, to_be_told_at
from streams.alerts.judge import Reading

KEY = ("kindness", "million")
AT_MOST_EVERY_S = 60
ALERT = Threshold(
    name="million", metric="mentions", above=10, at_most_every_s=AT_MOST_EVERY_S, notify=("CHAT", "PHONE")
)
CAMPAIGN = Campaign(name="kindness", title="Kindness", hashtags=("kind",), alerts=(ALERT,))
NONE = History(datetime(2026, 7, 30, tzinfo=UTC), {}, [])
HOLDS, BETWEEN, EASED = (
    Reading(holds, eased, 1.0, 2.0, "so it is") for holds, eased in ((True, False), (False, False), (False, True))
)


def at(seconds: float) -> datetime:
    return NONE.now + timedelta(seconds=seconds)


def episode(ordinal: int = 1, started_s: float = 0, **more: object) -> Episode:
    return replace(Episode(*KEY, ordinal, "warning", at(started_s), "so it was"), **more)


def recorded(now_s: float, *episodes: Episode, silences: tuple[Silenced, ...] = ()) -> History:
    return History(at(now_s), {KEY: episodes} if episodes else {}, silences)


def decided(reading: Reading, history: History) -> list[tuple[str, int]]:
    return [(one.transition, one.ordinal) for one in changes([CAMPAIGN], {KEY: reading}, history)]


def told(history: History, *, patient: bool = True) -> list[tuple[int, str]]:
    return [(one.ordinal, recipient) for one, recipient in due([CAMPAIGN], history, patient=patient)]


@pytest.mark.parametrize(
    ("reading", "history", "expected"),
    [
        (HOLDS, NONE, [("fired", 1)]),
        (BETWEEN, NONE, []),
        (EASED, NONE, []),
        (HOLDS, recorded(10, episode()), []),
        (BETWEEN, recorded(10, episode()), []),
        (EASED, recorded(10, episode()), [("resolved", 1)]),
        (HOLDS, recorded(10, episode(7, resolved=at(5))), [("fired", 8)]),
        (EASED, recorded(10, episode(7, resolved=at(5))), []),
    ],
)
def test_an_alert_fires_when_it_holds_and_is_resolved_when_it_is_eased(
    reading: Reading, history: History, expected: list[tuple[str, int]]
) -> None:
    assert decided(reading, history) == expected


def test_an_alert_that_was_not_judged_stays_as_it_is() -> None:
    assert list(changes([CAMPAIGN], {}, recorded(10, episode()))) == []


def test_an_alert_that_no_file_declares_any_more_is_resolved() -> None:
    (change,) = changes([replace(CAMPAIGN, alerts=())], {}, recorded(10, episode()))
    assert (change.transition, change.ordinal) == ("resolved", 1)


def test_a_change_to_fired_says_what_was_measured() -> None:
    (change,) = changes([CAMPAIGN], {KEY: HOLDS}, NONE)
    assert change == Change(*KEY, 1, "fired", "threshold", "warning", 1.0, 2.0, "so it is")


def test_two_who_fire_one_alert_at_once_give_it_one_id() -> None:
    history = recorded(10, episode(1, resolved=at(5)))
    assert decided(HOLDS, history) == decided(HOLDS, replace(history, now=at(11))) == [("fired", 2)]


def test_every_recipient_is_told_once() -> None:
    assert told(recorded(0, episode())) == [(1, "CHAT"), (1, "PHONE")]
    assert told(recorded(5, episode(sendings={"CHAT": Sending(at(1))}))) == [(1, "PHONE")]
    everybody = {"CHAT": Sending(at(1)), "PHONE": Sending(at(1))}
    assert told(recorded(500, episode(sendings=everybody))) == []


def test_a_failed_sending_is_tried_again_later_and_later() -> None:
    for failures, pause_s in ((1, 5), (2, 10), (3, 20), (12, 3600), (1000, 3600)):
        tried = episode(sendings={"CHAT": Sending(None, failures, at(100)), "PHONE": Sending(at(1))})
        assert told(recorded(100 + pause_s - 1, tried)) == []
        assert told(recorded(100 + pause_s, tried)) == [(1, "CHAT")]
        assert told(recorded(101, tried), patient=False) == [(1, "CHAT")]


def test_what_is_over_before_it_was_told_is_told_still() -> None:
    assert told(recorded(900, episode(resolved=at(3)))) == [(1, "CHAT"), (1, "PHONE")]


def test_an_acknowledged_alert_is_told_to_nobody() -> None:
    assert told(recorded(5, episode(acknowledged=at(4)))) == []


def test_an_alert_that_comes_too_soon_waits_and_is_told_if_it_lasts() -> None:
    first = episode(1, resolved=at(20), sendings=dict.fromkeys(ALERT.notify, Sending(at(2))))
    assert told(recorded(59, first, episode(2, 30))) == []
    assert told(recorded(60, first, episode(2, 30))) == [(2, "CHAT"), (2, "PHONE")]
    assert told(recorded(90, first, episode(2, 30, resolved=at(60)))) == []


def test_after_an_outage_a_service_is_told_of_all_that_was_wanted_meanwhile() -> None:
    episodes = [episode(1, 0, resolved=at(20)), episode(2, 30, resolved=at(40)), episode(3, 60, resolved=at(70))]
    assert told(recorded(900, *episodes)) == [(1, "CHAT"), (1, "PHONE"), (3, "CHAT"), (3, "PHONE")]


def test_a_silenced_alert_is_told_after_the_silence_if_it_lasts() -> None:
    for alert in ("", "million"):
        silence = Silenced("kindness", alert, at(-10), at(40))
        assert told(recorded(39, episode(), silences=(silence,))) == []
        assert len(told(recorded(40, episode(), silences=(silence,)))) == 2
        assert told(recorded(50, episode(resolved=at(39)), silences=(silence,))) == []


def test_a_silence_of_something_else_changes_nothing() -> None:
    others = (Silenced("kindness", "other", at(-10), at(40)), Silenced("other", "", at(-10), at(40)))
    assert len(told(recorded(5, episode(), silences=others))) == 2


def test_a_later_silence_replaces_an_earlier_one_of_the_same() -> None:
    long, short = Silenced("kindness", "", at(0), at(100)), Silenced("kindness", "", at(10), at(10))
    other = Silenced("kindness", "million", at(5), at(50))
    assert in_force([short, other, long]) == [replace(long, until=at(10)), short, other]
    assert in_force([]) == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from([HOLDS, HOLDS, BETWEEN, EASED]),
        st.sampled_from(["", "", "", "", "silence 30", "silence 0", "acknowledge"]),
        st.booleans(),
    ),
    max_size=60,
)


@given(STEPS)
def test_whole_histories_are_told_as_an_oracle_with_a_memory_tells_them(
    steps: list[tuple[Reading, str, bool]],
) -> None:
    alert = replace(ALERT, notify=("CHAT",))
    campaign = replace(CAMPAIGN, alerts=(alert,))
    episodes: list[Episode] = []
    noted: list[Silenced] = []
    found: list[tuple[int, int]] = []
    oracle = Oracle()
    for number, (reading, command, works) in enumerate(steps):
        now_s = 5 * number
        if command.startswith("silence"):
            noted.append(Silenced("kindness", "", at(now_s), at(now_s + int(command.split()[1]))))
        elif command == "acknowledge" and episodes and episodes[-1].resolved is None:
            episodes[-1] = replace(episodes[-1], acknowledged=at(now_s))
        history = recorded(now_s, *episodes)
        for change in changes([campaign], {KEY: reading}, history):
            if change.transition == "fired":
                episodes.append(episode(change.ordinal, now_s))
            else:
                episodes[-1] = replace(episodes[-1], resolved=at(now_s))
        history = recorded(now_s, *episodes, silences=tuple(in_force(noted)))
        for one, _ in due([campaign], history, patient=False):
            place = episodes.index(one)
            if works:
                found.append((now_s, one.ordinal))
                episodes[place] = replace(one, sendings={"CHAT": Sending(at(now_s))})
        oracle.step(now_s, reading, command, works=works)
    assert found == oracle.told


class Oracle:
    """Remembers everything, and looks at every moment by itself."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []
        self.firing = 0
        self.count = 0
        self.silent_until_s = -1
        self.waiting: dict[int, str] = {}
        self.acknowledged: set[int] = set()
        self.wanted_s = -AT_MOST_EVERY_S

    def step(self, now_s: int, reading: Reading, command: str, *, works: bool) -> None:
        if command.startswith("silence"):
            self.silent_until_s = now_s + int(command.split()[1])
        if command == "acknowledge" and self.firing:
            self.acknowledged.add(self.firing)
        if self.firing and reading.eased:
            if self.waiting.get(self.firing) == "held back":
                del self.waiting[self.firing]
            self.firing = 0
        elif not self.firing and reading.holds:
            self.count += 1
            self.firing = self.count
            self.waiting[self.firing] = "held back"
        free_s = max(self.silent_until_s, self.wanted_s + AT_MOST_EVERY_S)
        if self.waiting.get(self.firing) == "held back" and now_s >= free_s:
            self.wanted_s = now_s
            self.waiting[self.firing] = "wanted"
        for ordinal in sorted(self.waiting):
            if works and self.waiting[ordinal] == "wanted" and ordinal not in self.acknowledged:
                self.told.append((now_s, ordinal))
                del self.waiting[ordinal]


def test_to_be_told_at_is_after_silences_that_follow_one_another() -> None:
    silences = (Silenced("kindness", "", at(-10), at(40)), Silenced("kindness", "million", at(35), at(70)))
    assert list(to_be_told_at([episode()], ALERT, silences)) == [at(70)]
