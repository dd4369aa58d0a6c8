import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.kafka.broker import Broker
from schemas.topics import EVENTS
from streams import replay_report, topics
from streams.errors import GroundswellError, UsageError
from streams.replay import Interrupt, Pace, parse_speed, replay
from streams.replay_report import MAX_NAMED, Report
from streams.settings import Settings, load
from tests.streams.kafka_reader import records

ROOT = Path(__file__).parents[2]
JETSTREAM = ROOT / "tests" / "fixtures" / "jetstream"


@pytest.fixture(scope="module")
def settings(kafka: Broker) -> Settings:
    found = load(kafka_bootstrap=kafka.bootstrap)
    topics.create_topics(found)
    return found


@pytest.fixture
def mark() -> str:
    """What every event of one test has in its id, so that tests can share the topic."""
    return f"replay-{uuid.uuid4()}"


def line(mark: str, number: int, **fields: Any) -> bytes:
    event = {"event_id": f"{mark}-{number}", "source": "x", "event_type": "mention", "event_time": 1_700_000_000_000}
    return json.dumps({**event, **fields}).encode() + b"\n"


def arrived(settings: Settings, mark: str) -> list[str]:
    """The ids on the topic, the mark aside."""
    found = records(settings.kafka_bootstrap, EVENTS.name, mark.encode())
    return [json.loads(record.value)["event_id"].removeprefix(f"{mark}-") for record in found]


def accounted(report: Report) -> int:
    return report.sent + sum(report.skipped.values()) + sum(report.refused.values()) + report.unacknowledged


def test_replay_accounts_for_every_record_of_every_kind_of_file(
    settings: Settings, mark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, packed, table = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz", tmp_path / "c.csv"
    plain.write_bytes(b"".join(line(mark, n) for n in range(100)) + b"\n{\n")
    packed.write_bytes(
        gzip.compress(b"".join(line(mark, n) for n in range(100, 150)) + line(mark, 1, source="myspace"))
    )
    table.write_text(
        f"event_id,source,event_type,event_time\n{mark}-150,x,like,1700000000000\n{mark}-151,x,like,soon\n"
    )
    report = replay(settings, [str(plain), str(packed), str(table)])
    assert (report.read, report.sent, report.unacknowledged) == (155, 151, 0)
    assert report.skipped == {"empty line": 1}
    assert report.refused == {"not_json": 1, "out_of_range": 1, "wrong_type": 1}
    assert accounted(report) == report.read
    assert report.exit_code == 0
    assert sorted(arrived(settings, mark), key=int) == [str(n) for n in range(151)]
    said = capsys.readouterr().err
    assert f"{plain}:102: not JSON" in said
    assert f"{packed}:51: Invalid enum value 'myspace'" in said
    assert f"{table}:3: Expected `int`, got `str`" in said


def test_replay_keeps_the_order_within_a_post(settings: Settings, mark: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(mark, n, event_type="like", ref_post_id=mark) for n in range(3000)))
    assert replay(settings, [str(path)]).sent == 3000
    assert arrived(settings, mark) == [str(n) for n in range(3000)]


def test_replay_reads_jetstream(settings: Settings) -> None:
    report = replay(settings, [str(JETSTREAM / "v1.jsonl"), str(JETSTREAM / "v2.jsonl")], "jetstream")
    assert (report.read, report.sent, sum(report.skipped.values()), report.refused) == (32, 22, 10, {})
    found = records(settings.kafka_bootstrap, EVENTS.name, b"3lpost0000001#create")
    assert {record.key for record in found} == {
        b"bluesky:at://did:plc:amyamyamyamyamyamyamyamy/app.bsky.feed.post/3lpost0000001"
    }


def test_replay_reads_standard_input(settings: Settings, mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(line(mark, 1) + b"nonsense\n")))
    monkeypatch.setattr("sys.stdin", stdin)
    report = replay(settings, ["-"])
    assert (report.read, report.sent) == (2, 1)


def test_replay_names_the_first_bad_lines_and_counts_the_rest(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"\x1b]0;title\x07{\n" * 500)
    report = replay(settings, [str(path)])
    said = capsys.readouterr().err
    assert report.refused == {"not_json": 500}
    assert said.count(f"{path}:") == MAX_NAMED
    assert "\x1b" not in said
    assert report.exit_code == 0
    assert "Refused: not_json 500." in report.as_text()


def test_replay_goes_on_after_a_file_that_breaks_off(settings: Settings, mark: str, tmp_path: Path) -> None:
    cut, good = tmp_path / "cut.jsonl.gz", tmp_path / "good.jsonl"
    cut.write_bytes(gzip.compress(line(mark, 1) * 1000)[:-20])
    good.write_bytes(line(mark, 2))
    report = replay(settings, [str(cut), str(good)])
    assert list(report.failed) == [str(cut)]
    assert report.exit_code == 1
    assert "Not read to the end" in report.as_text()
    assert "2" in arrived(settings, mark)
    assert accounted(report) == report.read


def test_replay_sends_nothing_when_a_file_is_missing(settings: Settings, mark: str, tmp_path: Path) -> None:
    good = tmp_path / "good.jsonl"
    good.write_bytes(line(mark, 1))
    with pytest.raises(GroundswellError, match="No such file"):
        replay(settings, [str(good), str(tmp_path / "missing.jsonl")])
    assert arrived(settings, mark) == []


def test_replay_unknown_format_names_the_known_ones(settings: Settings) -> None:
    with pytest.raises(UsageError, match="events, jetstream"):
        replay(settings, ["-"], "morse")


def test_replay_report_is_json_for_programs(settings: Settings, mark: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(line(mark, 1))
    report = json.loads(replay(settings, [str(path)]).as_json())
    assert (report["read"], report["sent"], report["refused"], report["interrupted"]) == (1, 1, {}, False)


def test_replay_shows_progress_in_plain_lines_without_a_terminal(
    settings: Settings, mark: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_report, "_PLAIN_EVERY_S", 0.0)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(line(mark, n) for n in range(10)))
    replay(settings, [str(path)])
    assert "replay: 10 read, " in capsys.readouterr().err


def test_replay_keeps_a_bounded_number_of_reasons() -> None:
    report = Report()
    for number in range(1000):
        report.count(report.refused, f"reason {number}")
    assert sum(report.refused.values()) == 1000
    assert len(report.refused) <= 101


PROGRAM = """
import sys
from streams.replay import replay
from streams.settings import load
report = replay(load(kafka_bootstrap=sys.argv[1]), ["-"], speed=eval(sys.argv[2]))
print(report.as_json())
sys.exit(report.exit_code)
"""


@pytest.fixture
def child(settings: Settings, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", PROGRAM, settings.kafka_bootstrap, str(request.param)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, cwd=ROOT)
    yield process
    process.kill()
    process.communicate()


def stopped(child: subprocess.Popen[bytes], number: signal.Signals) -> dict[str, Any]:
    child.send_signal(number)
    assert child.wait(60) == 1
    assert child.stdout
    found: dict[str, Any] = json.loads(child.stdout.read())
    return found


@pytest.mark.parametrize("child", [None], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_replay_interrupted_while_waiting_has_sent_what_it_read(
    settings: Settings, mark: str, child: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    assert child.stdin
    child.stdin.write(b"".join(line(mark, n) for n in range(50)))
    child.stdin.flush()
    while len(arrived(settings, mark)) < 50:
        time.sleep(0.1)
    report = stopped(child, number)
    assert (report["read"], report["sent"], report["unacknowledged"], report["interrupted"]) == (50, 50, 0, True)


@pytest.mark.parametrize("child", [None], indirect=True)
def test_replay_interrupted_at_full_speed_counts_what_arrived(
    settings: Settings, mark: str, child: subprocess.Popen[bytes]
) -> None:
    assert child.stdin
    os.set_blocking(child.stdin.fileno(), False)
    number = 0
    seen = 0
    waiting = b""
    while seen == 0:
        for _ in range(2000):
            waiting = waiting or line(mark, number)
            try:
                waiting = waiting[os.write(child.stdin.fileno(), waiting) :]
            except BlockingIOError:
                time.sleep(0.01)
                continue
            number += not waiting
        seen = len(arrived(settings, mark))
    report = stopped(child, signal.SIGINT)
    assert report["interrupted"]
    assert report["unacknowledged"] == 0
    assert report["sent"] == len(arrived(settings, mark)) >= seen


@pytest.mark.parametrize("child", [1.0], indirect=True)
def test_replay_at_real_speed_waits_for_the_next_event(
    settings: Settings, mark: str, child: subprocess.Popen[bytes]
) -> None:
    assert child.stdin
    child.stdin.write(line(mark, 1) + line(mark, 2, event_time=1_700_000_000_001))
    child.stdin.write(line(mark, 3, event_time=1_700_003_600_000))
    child.stdin.close()
    child.stdin = None
    while len(arrived(settings, mark)) < 2:
        time.sleep(0.1)
    report = stopped(child, signal.SIGINT)
    assert (report["read"], report["sent"], report["interrupted"]) == (2, 2, True)


def test_interrupt_lets_the_first_signal_finish_and_the_second_break_off() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupt() as interrupt:
        items = interrupt.until_asked([1, 2, 3])
        assert next(items) == 1
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert list(items) == []
        assert interrupt.stopped
    assert signal.getsignal(signal.SIGINT) is before


@given(
    st.lists(st.integers(946_684_800_000, 4_000_000_000_000), min_size=1, max_size=30),
    st.floats(0.01, 1e6),
    st.floats(0, 1e9),
)
def test_pace_never_waits_before_the_due_time_nor_negatively(times_ms: list[int], speed: float, now_s: float) -> None:
    pace, started_s = Pace(speed), now_s
    for time_ms in times_ms:
        delay_s = pace.delay_s(time_ms, now_s)
        due_s = started_s + (time_ms - times_ms[0]) / 1000 / speed
        assert delay_s == pytest.approx(max(0.0, due_s - now_s))
        now_s += delay_s


@pytest.mark.parametrize(("text", "speed"), [("max", None), ("1", 1.0), ("60", 60.0), ("0.5", 0.5)])
def test_speed_is_max_or_a_number(text: str, speed: float | None) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "fast", "1x"])
def test_speed_of_anything_else_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is no speed"):
        parse_speed(text)
