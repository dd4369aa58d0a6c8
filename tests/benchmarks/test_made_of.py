"""What the benchmarks of latency, growth and stages are made of: small, and without a stack but for one."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka.record.memory_records import MemoryRecords

from benchmarks import growth_report, latency_report, load, readme, report, stages
from benchmarks.batches import Mould
from benchmarks.generate import Generator, Shape
from benchmarks.growth import AXES
from benchmarks.growth_report import Case
from benchmarks.once import Measurement, Storage
from benchmarks.probes import Reader
from benchmarks.processes import Usage
from benchmarks.report import Row
from benchmarks.topic import write_campaigns
from schemas.event import Event
from streams import campaigns, settings
from streams.decode import decode
from tests.stack_fixture import alive, wait_until

ROOT = Path(__file__).parents[2]
END_MS = 1_795_000_000_000
NOW_MS = 1_795_000_123_456


def records(buffer: bytes) -> list[Any]:
    """The records of a batch, as a consumer reads them."""
    batch = MemoryRecords(buffer).next_batch()
    assert batch.validate_crc()
    return list(batch)


def test_a_cast_batch_has_the_moulds_events_at_that_moment_and_with_ids_of_its_own() -> None:
    (chunk,) = Generator(Shape(500), END_MS).chunks()
    mould = Mould(chunk.keys, chunk.values)
    casts = [mould.cast(NOW_MS, mark) for mark in (1, 2**32 - 1)]
    read = [records(cast.buffer) for cast in casts]
    assert [cast.record_count() for cast in casts] == [500, 500]
    assert [record.key for record in read[0]] == chunk.keys
    made = [msgspec.json.decode(value, type=Event) for value in chunk.values]
    for mark, found in zip(("00000001", "ffffffff"), read, strict=True):
        events = [msgspec.json.decode(record.value, type=Event) for record in found]
        assert {event.event_time for event in events} == {NOW_MS}
        assert [event.event_id for event in events] == [mark + event.event_id for event in made]
        assert [event.text for event in events] == [event.text for event in made]


def test_a_slice_of_the_load_has_its_share_of_a_second_and_together_they_have_every_event() -> None:
    made = load.slices(1_000, partitions=4)
    sizes = [sum(mould.count for mould in one if mould is not None) for one in made]
    assert set(sizes) == {40}
    assert sum(sizes) == 10_000


def test_a_probe_is_an_event_with_a_hashtag_that_no_other_has() -> None:
    decoded = decode([load.probe(number, NOW_MS) for number in range(3)], [NOW_MS] * 3, [()] * 3)
    assert [event.text for event in decoded.events] == [f"Here it is #{load.token(number)}" for number in range(3)]


def test_a_latency_is_from_the_probe_made_to_the_first_answer_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0]
    flushed = iter([10, 10, 20, 30])
    answers = iter([[], [["probe0"]], [["probe1"]]])

    def ask(_: str) -> SimpleNamespace:
        return SimpleNamespace(result_columns=next(answers))

    def wait(_: float) -> None:
        clock[0] += 10**9

    monkeypatch.setattr(
        "benchmarks.probes.time", SimpleNamespace(time_ns=lambda: 0, monotonic_ns=lambda: clock[0], sleep=wait)
    )
    running = SimpleNamespace(client=SimpleNamespace(query=ask), read=lambda: next(flushed))
    reader = Reader(running)  # type: ignore[arg-type]
    for number in range(3):
        reader.made(number, number)
    for _ in range(4):
        reader.look()
    assert reader.outstanding == 1
    latency = reader.latency(0, 10)
    assert (latency.probes, latency.unseen, latency.interval_s) == (3, 1, (1.0, 1.0))
    assert latency.p50_s == pytest.approx(2.0)
    assert latency.most_s == pytest.approx(3.0)


def usage(seconds: float) -> Usage:
    return Usage(wall_s=seconds, cpu_s=seconds, broker_cpu_s=seconds / 10, peak_bytes=10**9)


def case() -> Case:
    """A million events in 10 s more than a quarter of them."""
    measured = [
        Measurement(
            "groundswell-2-off", events, usage(seconds), storage=Storage(2 * events, 20 * events, events, events)
        )
        for events, seconds in ((250_000, 5.0), (1_000_000, 12.5))
    ]
    return Case("base", "base", 7, value_bytes=250, stored_bytes=60, produced_us=1.0, measurements=measured)


def test_what_a_burst_takes_follows_from_the_base_case() -> None:
    found = growth_report.bursts(case())
    assert "10.00 µs an event" in found
    assert re.search(r"143,199/s, takes 3 cores .* and 3 brokers", found)
    assert re.search(r"1,431,990/s, takes 24 cores .* and 3 brokers", found)
    assert "2,000,000 rows, 20.0 MB" in growth_report._line(case())


def test_no_axis_of_growth_changes_what_no_log_has() -> None:
    for axis in AXES:
        assert set(axis.changes) <= set(Shape.__struct_fields__)


def test_our_fastest_row_is_compared_with_the_fastest_of_each_other() -> None:
    def row(name: str, rate: float) -> Row:
        return Row(name, name, (), rate, None, None, None, None, "")

    found = report.ratios(
        [row("groundswell-1-off", 10), row("groundswell-2-off", 30), row("quix-1", 5), row("quix-2", 3)]
    )
    assert "groundswell-2-off (30/s)" in found
    assert "- 6.0 times quix-1 (5/s)" in found
    assert "quix-2" not in found


def test_a_section_of_the_readme_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("a\n<!-- x -->\nold\n<!-- end of x -->\nb\n", encoding="utf-8")
    for _ in range(2):
        readme.put("x", "new\n", path)
        assert path.read_text(encoding="utf-8") == "a\n<!-- x -->\n\nnew\n\n<!-- end of x -->\nb\n"
    with pytest.raises(ValueError, match="marks of y"):
        readme.put("y", "new", path)


@pytest.mark.parametrize("section", ["results", "latency", "growth", "stages", "projection"])
def test_the_readme_has_a_place_for_each_section(section: str, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_bytes(readme.README.read_bytes())
    readme.put(section, "", path)


@pytest.mark.stack
def test_every_probe_of_a_load_is_seen_in_the_view(tmp_path: Path) -> None:
    options = ["--workers", "1", "--archives", "matched", "--backlog", "2000", "--rates", "500", "--shares"]
    options += ["--warm-up", "0.5", "--seconds", "2", "--json", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.latency", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcomes = [measured["outcome"] for measured in json.loads(done.stdout)["measurements"]]
    assert len(outcomes) == 2  # at the rate, and at more than can be done
    for outcome in outcomes:
        assert 400 < outcome["reached"] <= 600
        assert outcome["counted"] > 0  # a flush more or less within two seconds
        assert outcome["latency"]["unseen"] == 0
        # 20 a second are due: those of the warm-up may be late, and then are made while it is measured.
        assert 30 < outcome["latency"]["probes"] <= 51
        assert 0 < outcome["latency"]["p50_s"] <= outcome["latency"]["most_s"]


def test_a_benchmark_that_is_killed_leaves_no_contender_behind(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    contender = f"import os, pathlib, time; pathlib.Path({str(told)!r}).write_text(str(os.getpid())); time.sleep(60)"
    measuring = (
        "import sys; from pathlib import Path; from benchmarks.processes import measure;"
        f"measure([sys.executable, '-c', {contender!r}], env={{}}, log=Path({str(tmp_path / 'log')!r}), broker=1, "
        "timeout_s=60)"
    )
    with subprocess.Popen([sys.executable, "-c", measuring]) as benchmark:
        wait_until(lambda: told.exists() and told.read_text(), "the contender runs")
        benchmark.kill()
    wait_until(lambda: not alive(int(told.read_text())), "the contender has ended too", timeout_s=10)


@pytest.mark.parametrize("count", [1, 10, 100])
def test_the_product_takes_so_many_campaigns(count: int, tmp_path: Path) -> None:
    write_campaigns(tmp_path / "campaigns", Shape(1, campaigns=count))
    assert len(campaigns.load(tmp_path / "campaigns")) == count


@pytest.mark.parametrize(("count", "rules"), [(1, 20), (1, 2_000), (100, 20)])
def test_campaigns_of_so_many_rules_have_none_in_common(count: int, rules: int, tmp_path: Path) -> None:
    write_campaigns(tmp_path / "campaigns", Shape(1, campaigns=count, rules=rules))
    hashtags = [hashtag for one in campaigns.load(tmp_path / "campaigns") for hashtag in one.hashtags]
    assert len(hashtags) == len(set(hashtags)) == count * rules


def test_the_stages_are_the_products_own(tmp_path: Path) -> None:
    write_campaigns(tmp_path / "campaigns", Shape(3_000))
    explicit = settings.load(campaigns=tmp_path / "campaigns", archive="matched", batch_records=1_000)
    seconds, take_s = stages.measure(3_000, explicit)
    assert take_s > 0
    assert set(seconds) >= {"decode", "extract", "count", "merge", "archive"}


def test_the_goal_is_about_rates_up_to_its_share_of_the_highest() -> None:
    latency = SimpleNamespace(unseen=0, p99_s=1.4)
    for asked, p99_s, within in ((800, 1.4, True), (800, 1.6, False), (900, 1.4, None)):
        latency.p99_s = p99_s
        one = latency_report.Measurement(1, "off", 1_000.0, None, asked, SimpleNamespace(latency=latency))  # type: ignore[arg-type]
        assert one.within_goal is within
