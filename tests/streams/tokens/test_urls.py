"""URLs by twitter-text's conformance suite, and the shortcuts around the grammar."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from streams.tokens.urls import may_hold, outside_urls, url_spans
from tests.streams.tokens.nasty_texts import nasty_texts

SUITE = yaml.safe_load((Path(__file__).parents[2] / "fixtures/twitter_text/extract.yml").read_text("utf-8"))["tests"]
PLAIN = [case for group in ("urls", "tco_urls_with_params") for case in SUITE[group]]
INDEXED = [case for group in ("urls_with_indices", "urls_with_directional_markers") for case in SUITE[group]]


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case["description"])
def test_urls_are_those_of_the_conformance_suite(case: dict[str, Any]) -> None:
    text = case["text"]
    assert [text[start:end] for start, end in url_spans(text)] == case["expected"]


@pytest.mark.parametrize("case", INDEXED, ids=lambda case: case["description"])
def test_url_spans_are_the_indices_of_the_conformance_suite(case: dict[str, Any]) -> None:
    assert [list(span) for span in url_spans(case["text"])] == [url["indices"] for url in case["expected"]]


@given(nasty_texts())
def test_a_text_whose_url_holds_a_sign_is_always_told(text: str) -> None:
    for start, end in url_spans(text):
        for sign in "#@":
            if sign in text[start:end]:
                assert re.search(may_hold(sign), text)


@given(nasty_texts())
def test_a_sign_is_dropped_exactly_if_it_stands_in_a_url(text: str) -> None:
    signs = [(at, at + 1) for at, character in enumerate(text) if character in "#＃@＠"]
    urls = url_spans(text)
    assert outside_urls(text, signs) == [
        span for span in signs if not any(start <= span[0] < end for start, end in urls)
    ]


def test_a_url_that_begins_within_a_hashtag_is_none() -> None:
    text = "#日本example.com/#tag"
    assert outside_urls(text, [(0, 10), (15, 19)]) == [(0, 10), (15, 19)]


@pytest.mark.parametrize(
    "text",
    ["a." * 30_000, "あ." * 15_000, "あ" * 20_000 + ".", ("あ" * 63 + ".") * 300, "x.com/" + "(a" * 30_000,
     "x.com/" + "." * 60_000, "x.com/(" * 8_000, "a-" * 30_000 + ".com", "xn--" * 15_000 + ".com"],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_a_text_as_long_as_a_record_is_searched_in_time(text: str) -> None:
    # Were the work to grow with the square of the length, each of these would outlast the suite's time limit.
    assert len(url_spans(f"{text} x.com/#a")) >= 1
