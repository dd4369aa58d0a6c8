"""The whole line on real engines: records into Kafka, counted by workers, read from ClickHouse's views."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml
from emoji import EMOJI_DATA

from deploy.stack import Stack
from schemas.event import EVENT_TYPES, SOURCES
from schemas.topics import DEAD_LETTERS, ERROR_HEADER_PREFIX, EVENTS
from streams.settings import Settings
from tests.oracle import vocabulary
from tests.oracle.bad_records import corpus
from tests.oracle.cases import Case
from tests.oracle.generate import Generated, Produced, generate
from tests.oracle.log import Record, Sendable, read_log
from tests.oracle.oracle import Expected, expect
from tests.oracle.produce import produce
from tests.oracle.tokens import Tokens, fold
from tests.oracle.views import compare, views
from tests.stack_fixture import account, ask, stack_settings, wait_until_counted

pytestmark = pytest.mark.stack

CONFORMANCE_START_S = 1_000_000_000
EMOJI_START_S = 1_100_000_000
WINDOW_S = 10
CODECS = ("lz4", "zstd", "snappy", "gzip", None)
TWITTER_TEXT = Path(__file__).parent / "fixtures" / "twitter_text" / "extract.yml"
TOKEN_GROUPS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "mentions": ("account", lambda found: found),
    "mentions_with_indices": ("account", lambda found: found["screen_name"]),
    "mentions_or_lists_with_indices": ("account", lambda found: found["screen_name"]),
    "hashtags": ("hashtag", lambda found: found),
    "hashtags_from_astral": ("hashtag", lambda found: found),
    "hashtags_with_indices": ("hashtag", lambda found: found["hashtag"]),
}


@dataclass(frozen=True)
class TextCase:
    """A text in a window of its own, with the tokens of one kind that must be counted there."""

    name: str
    kind: str
    text: str
    tokens: tuple[str, ...]
    window_start: int

    def record(self) -> Produced:
        event = {"source": "x", "event_type": "mention", "event_time": self.window_start * 1000, "text": self.text}
        return Produced(self.name.encode(), json.dumps({**event, "event_id": self.name}).encode())


def conformance_cases() -> list[TextCase]:
    groups = yaml.safe_load(TWITTER_TEXT.read_text(encoding="utf-8"))["tests"]
    found = [
        (f"{group}: {case['description']}", kind, case["text"], [token_of(one) for one in case["expected"]])
        for group, (kind, token_of) in TOKEN_GROUPS.items()
        for case in groups[group]
    ]
    return [
        TextCase(f"{index} {name}", kind, text, tuple(map(str, tokens)), CONFORMANCE_START_S + index * WINDOW_S)
        for index, (name, kind, text, tokens) in enumerate(found)
    ]


def emoji_cases() -> list[TextCase]:
    forms = [(form, full) for full, every in vocabulary.emoji_spellings().items() for form in every]
    return [
        TextCase(f"emoji {form}", "emoji", f"a{form}b", (full,), EMOJI_START_S + index * WINDOW_S)
        for index, (form, full) in enumerate(forms)
    ]


@dataclass
class Run:
    """What was sent, and the stack that has counted it."""

    settings: Settings
    now_ms: int
    generated: Generated
    cases: list[Case]
    texts: list[TextCase] = field(default_factory=list)

    def send(self) -> int:
        records: list[Sendable] = [*self.generated.records, *self.cases, *(case.record() for case in self.texts)]
        share = len(records) // len(CODECS) + 1
        for index, codec in enumerate(CODECS):
            produce(self.settings.kafka_bootstrap, EVENTS.name, records[index * share : (index + 1) * share], codec)
        return len(records)

    @cached_property
    def log(self) -> dict[int, list[Record]]:
        return read_log(self.settings.kafka_bootstrap, EVENTS.name)

    @cached_property
    def expected(self) -> Expected:
        truth = dict(self.generated.truth)
        for case in self.texts:
            value, tokens = case.record().value, Tokens()
            assert value is not None
            # The corpus tells of one kind only; what else stands in its texts, the product tells.
            for kind, token, spelling in self.counted_in(case.window_start):
                getattr(tokens, kind).append((token, spelling))
            truth[value] = tokens
        return expect(self.log, vocabulary.CAMPAIGNS, truth=truth)

    @cached_property
    def by_window(self) -> dict[int, list[tuple[str, str, int]]]:
        rows = ask(
            self.settings,
            "SELECT toUnixTimestamp(window_start), kind, token, sum(occurrences) FROM groundswell.token_counts "
            f"WHERE campaign = '*' AND window_start < toDateTime({EMOJI_START_S + 100_000 * WINDOW_S}) GROUP BY ALL "
            "FORMAT JSONCompactEachRow",
        )
        found: dict[int, list[tuple[str, str, int]]] = {}
        for line in rows.split("\n"):
            if line:
                window, kind, token, occurrences = json.loads(line)
                found.setdefault(window, []).append((kind, token, int(occurrences)))
        return found

    def counted_in(self, window_start: int) -> Iterator[tuple[str, str, str]]:
        for kind, token, occurrences in self.by_window.get(window_start, []):
            yield from [(kind, token, token)] * occurrences


@pytest.fixture(scope="module", params=[30_000, pytest.param(100_000, marks=pytest.mark.long)])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    settings = stack_settings(tmp_path_factory.mktemp("pipeline"), vocabulary.CAMPAIGNS, segment_size=2048)
    with Stack(settings, workers=2, progress=print):
        now_ms = time.time_ns() // 1_000_000
        generated = generate(request.param, seed=20261121, now_ms=now_ms, share_bad=0.01)
        made = Run(settings, now_ms, generated, corpus(now_ms), [*conformance_cases(), *emoji_cases()])
        wait_until_counted(settings, made.send())
        yield made


def test_every_key_of_every_view_equals_the_independent_count(run: Run) -> None:
    actual = views(run.settings.clickhouse_url)
    for texts in (CONFORMANCE_START_S, EMOJI_START_S):
        assert any(key[0] >= texts for key in actual["engagement"])
    # Spellings of the corpora's texts are not told by the corpora.
    told = {name: rows for name, rows in run.expected.views.items() if name != "spellings"}
    assert compare(told, {name: actual[name] for name in told}) == []
    types = {(key[2], key[3]) for key in actual["engagement"]}
    assert types >= {(source, event_type) for source in SOURCES for event_type in EVENT_TYPES}


def test_every_record_read_is_accounted_for_by_partition(run: Run) -> None:
    found = account(run.settings)
    assert compare({"account": run.expected.account}, {"account": found}) == []
    for numbers in found.values():
        assert numbers["read"] == sum(numbers[name] for name in ("counted", "duplicates", "dead", "markers"))
    assert sum(numbers["duplicates"] for numbers in found.values()) > len(run.generated.records) // 50


def test_every_refused_record_is_a_dead_letter_unchanged_with_its_reason(run: Run) -> None:
    refused = {
        (EVENTS.name, str(partition), str(record.offset)): record
        for partition, records in run.log.items()
        for record in records
        if run.expected.verdicts[partition, record.offset] not in {"counted", "duplicate", "marker"}
    }
    seen = set()
    for letters in read_log(run.settings.kafka_bootstrap, DEAD_LETTERS.name).values():
        for letter in letters:
            added = {
                name.removeprefix(ERROR_HEADER_PREFIX): (value or b"").decode()
                for name, value in letter.headers
                if name.startswith(ERROR_HEADER_PREFIX)
            }
            place = (added["topic"], added["partition"], added["offset"])
            record = refused[place]
            assert (letter.key, letter.value) == (record.key, record.value)
            assert tuple(letter.headers)[: len(record.headers)] == tuple(record.headers)
            assert added["stage"] == "decode"
            assert added["exception.message"]
            seen.add(place)
    assert seen == set(refused)


def test_each_bad_record_is_refused_for_its_reason_and_each_near_miss_counted(run: Run) -> None:
    by_value = {
        (record.key, record.value, tuple(record.headers)): (partition, record.offset)
        for partition, records in run.log.items()
        for record in records
    }
    places = {(record["partition"], record["offset"]): record["reason"] for record in dead_letters(run)}
    wrong = []
    for case in run.cases:
        partition, offset = by_value[case.key, case.value, tuple(case.headers)]
        reason = places.get((partition, offset), "accepted")
        if reason not in case.expected and not (reason == "accepted" and "marker" in case.expected):
            wrong.append(f"{case.name}: {reason}, expected {sorted(case.expected)}")
    assert wrong == []


def dead_letters(run: Run) -> list[dict[str, object]]:
    found = []
    for letters in read_log(run.settings.kafka_bootstrap, DEAD_LETTERS.name).values():
        for letter in letters:
            headers = {name: (value or b"").decode(errors="replace") for name, value in letter.headers}
            found.append(
                {
                    "partition": int(headers[f"{ERROR_HEADER_PREFIX}partition"]),
                    "offset": int(headers[f"{ERROR_HEADER_PREFIX}offset"]),
                    "reason": headers[f"{ERROR_HEADER_PREFIX}exception.class.name"],
                }
            )
    return found


def test_every_case_of_twitter_texts_conformance_suite_gives_its_tokens(run: Run) -> None:
    wrong = []
    for case in run.texts:
        if case.window_start >= EMOJI_START_S:
            continue
        found = sorted(token for kind, token, _ in run.by_window.get(case.window_start, []) if kind == case.kind)
        folded = fold if case.kind == "hashtag" else str.lower
        if found != sorted({folded(token) for token in case.tokens}):
            wrong.append(f"{case.name}: {case.text!r}: {found}, expected {case.tokens}")
    assert wrong == []


def test_every_emoji_sequence_counts_once_under_its_fully_qualified_form(run: Run) -> None:
    cases = [case for case in run.texts if case.window_start >= EMOJI_START_S]
    sequences = [row for row in EMOJI_DATA.values() if row["status"] in (2, 3, 4)]
    assert len(cases) == len(sequences) - len("©®™")
    wrong = [
        f"{case.text!r}: {found}"
        for case in cases
        if (found := run.by_window.get(case.window_start)) != [("emoji", case.tokens[0], 1)]
    ]
    assert wrong == []
