"""The sample of authors: the same for ever, one in eight of any ids, and what is counted of it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.counters import AUTHORS_A_SAMPLED_ONE
from streams.sample import sampled
from tests.oracle.oracle import is_sampled

PART = 1 / AUTHORS_A_SAMPLED_ONE
SAMPLED_OF_X = [0, 2, 3, 4, 7, 9, 12, 20, 44, 45, 50, 53]


def of(source: str, authors: list[str]) -> list[bool]:
    return [bool(one) for one in sampled(pl.Series([source] * len(authors), dtype=pl.String), pl.Series(authors))]


@given(st.lists(st.tuples(st.sampled_from(("x", "bluesky")), st.text(max_size=40))))
def test_sample_is_the_oracles_for_any_ids(authors: list[tuple[str, str]]) -> None:
    sources = pl.Series([source for source, _ in authors], dtype=pl.String)
    ids = pl.Series([author for _, author in authors], dtype=pl.String)
    assert sampled(sources, ids).tolist() == [is_sampled(*author) for author in authors]


def test_sample_never_changes() -> None:
    # Another rule would mix two samples in what is counted already: VERSION goes up with it.
    assert [n for n, one in enumerate(of("x", [f"u{n}" for n in range(60)])) if one] == SAMPLED_OF_X


def test_sample_takes_a_batch_that_is_a_part_of_another() -> None:
    sources, ids = pl.Series(["x"] * 90), pl.Series([f"author {n}" for n in range(90)])
    assert sampled(sources[30:60], ids[30:60]).tolist() == sampled(sources, ids)[30:60].tolist()


@pytest.mark.parametrize("form", ["{}", "u{}", "{:020d}", "did:plc:{:x}", "19{:016d}", "https://m.example/users/{}"])
@pytest.mark.parametrize("step", [1, 8, 1_000])
def test_sample_is_an_eighth_of_ids_however_they_are_made(form: str, step: int) -> None:
    chosen = np.array(of("x", [form.format(step * n) for n in range(40_000)]))
    deviation = np.sqrt(PART * (1 - PART))
    assert abs(chosen.mean() - PART) < 5 * deviation / np.sqrt(len(chosen))
    # And every stretch of them alike, by about as much as chance has it.
    stretches = chosen.reshape(-1, 100).mean(axis=1)
    assert 0.7 < stretches.std() / (deviation / 10) < 1.3


def test_sample_of_one_platform_says_nothing_of_anothers() -> None:
    ids = [f"u{n}" for n in range(40_000)]
    both = np.mean(np.array(of("x", ids)) & np.array(of("mastodon", ids)))
    assert both == pytest.approx(PART**2, rel=0.15)
