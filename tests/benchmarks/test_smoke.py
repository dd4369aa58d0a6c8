"""The benchmark's smoke: what is generated is counted equal, and a wrong count would be seen. Not its speed."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import polars as pl
import pytest
from aiokafka.partitioner import murmur2 as murmur2_of_one
from emoji import EMOJI_DATA, STATUS

from benchmarks import truth
from benchmarks.contenders.protocol import WINDOW_MS
from benchmarks.contenders.tokens import tokens_of
from benchmarks.generate import Generator, Shape
from benchmarks.murmur import murmur2
from schemas import event as schema
from schemas.event import Event, record_key
from tests.oracle.tokens import extract

ROOT = Path(__file__).parents[2]
END_MS = 1_795_000_000_000
EVENTS = 5_000


SHAPES = {
    "as in the table": Shape(EVENTS),
    "few hashtags": Shape(1_000, hashtags=1_000, evenly=True),
    "more hashtags than words": Shape(EVENTS, hashtags=10_000, evenly=True),
    "long": Shape(200, more_bytes=1_760),
    "late by hours": Shape(1_000, share_late=0.3, late_mean_ms=3_600_000, most_late_ms=6 * 3_600_000),
    "many partitions": Shape(1_000, partitions=16),
}


def generated(count: int = EVENTS) -> tuple[list[bytes], list[bytes], pl.DataFrame]:
    """Keys and values of a small log, and its truth."""
    return generated_as(Shape(count))


def generated_as(shape: Shape) -> tuple[list[bytes], list[bytes], pl.DataFrame]:
    """The same for a log of some shape."""
    chunks = list(Generator(shape, END_MS).chunks())
    keys = [key for chunk in chunks for key in chunk.keys]
    values = [value for chunk in chunks for value in chunk.values]
    return keys, values, truth.total(chunk.counts for chunk in chunks)


def counted(values: list[bytes], product: bool) -> pl.DataFrame:
    """What a reader of the texts counts: by the tests' own oracle, or by the contenders' patterns."""
    rows = []
    for value in values:
        event = json.loads(value)
        if text := event.get("text"):
            found = tokens_of(text)
            if product:
                tokens = extract(text, event["source"])
                found = {(kind, token) for kind in ("hashtag", "emoji") for token, _ in getattr(tokens, kind)}
            window = event["event_time"] // WINDOW_MS * WINDOW_MS
            rows += [(window, event["source"], event["event_type"], *token, 1) for token in found]
    return truth.total([pl.DataFrame(rows, schema=list(truth.COLUMNS), orient="row")])


def test_the_benchmarks_windows_are_the_products() -> None:
    assert WINDOW_MS == truth.WINDOW_MS == schema.WINDOW_S * 1000


def test_generated_events_are_events_of_the_contract_with_its_keys_and_no_id_twice() -> None:
    keys, values, _ = generated()
    events = [msgspec.json.decode(value, type=Event) for value in values]
    assert [record_key(event) for event in events] == keys
    assert len({event.event_id for event in events}) == EVENTS
    assert {event.source for event in events} == set(schema.SOURCES)
    assert {event.event_type for event in events} == set(schema.EVENT_TYPES)
    assert 220 < sum(map(len, values)) / EVENTS < 280


def test_the_same_arguments_generate_the_same_log() -> None:
    assert generated(500)[:2] == generated(500)[:2]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("product", [True, False], ids=["the oracle", "the contenders' patterns"])
def test_what_was_put_into_the_texts_is_what_is_found_in_them(product: bool, shape: Shape) -> None:
    _, values, expected = generated_as(shape)
    verdict = truth.compare(expected, counted(values, product))
    assert verdict.equal, verdict


def test_the_contenders_pattern_finds_every_fully_qualified_emoji_but_the_keycap_that_begins_like_a_hashtag() -> None:
    every = [one for one, facts in EMOJI_DATA.items() if facts["status"] == STATUS["fully_qualified"]]
    assert [one for one in every if tokens_of(f"a {one}{one} b") != {("emoji", one)}] == ["#️⃣"]


def test_partitions_are_chosen_as_kafkas_clients_choose_them() -> None:
    keys = [b"", b"a", b"ab", b"abc", b"abcd", *generated(500)[0]]
    assert murmur2(keys).tolist() == [murmur2_of_one(key) & 0xFFFFFFFF for key in keys]


def test_a_wrong_count_is_seen() -> None:
    _, _, expected = generated(500)
    assert truth.compare(expected, expected).equal
    lost = truth.compare(expected, expected[1:])
    assert (lost.wrong_keys, lost.lost, lost.surplus) == (1, expected["posts"][0], 0)
    doubled = truth.compare(expected, truth.total([expected, expected[:1]]))
    assert (doubled.wrong_keys, doubled.lost, doubled.surplus) == (1, 0, expected["posts"][0])


@pytest.mark.stack
def test_the_product_counts_a_generated_topic_equal_to_the_truth(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--smoke", "--json", "--folder", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)["measurements"]
    assert measured
    for one in measured:
        assert one["failure"] == ""
        assert one["verdict"]["keys"] > 1_000
        assert one["verdict"]["wrong_keys"] == 0
