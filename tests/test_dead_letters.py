"""``groundswell dead-letters``: what was refused, why, in full, and sent again."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack import Stack
from schemas.topics import EVENTS
from streams.dead_letters import LATEST
from streams.settings import Settings
from tests.oracle.generate import Produced
from tests.oracle.produce import produce
from tests.stack_fixture import Running, account, groundswell, stack_settings, wait_until_counted

pytestmark = pytest.mark.stack

EVENT = {"event_id": "1", "source": "x", "event_type": "mention", "event_time": 1_700_000_000_000}
RECORDS = [
    Produced(b"x:1", json.dumps(EVENT).encode()),
    Produced(b"x:2", json.dumps({**EVENT, "quantity": "many"}).encode(), (("trace", b"7"),)),
    Produced(b"x:3", b"\xff\xfe not text"),
    Produced(None, None),
]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = stack_settings(tmp_path_factory.mktemp("dead"), partitions=1)
    with Stack(settings, workers=1, progress=print):
        produce(settings.kafka_bootstrap, EVENTS.name, RECORDS)
        wait_until_counted(settings, len(RECORDS))
        yield settings


def test_list_counts_by_reason_and_names_each_record(refused: Settings) -> None:
    lines = groundswell(refused, "dead-letters", "list", "--json").stdout.splitlines()
    found = {letter["reason"]: letter for letter in map(json.loads, lines)}
    assert found.keys() >= {"wrong_type", "not_utf8", "null"}
    assert found["wrong_type"]["headers"] == {"trace": "7"}
    assert found["wrong_type"]["message"].startswith("Expected `int | null`, got `str` - at `quantity`")
    assert found["null"]["value"] is None
    text = groundswell(refused, "dead-letters", "list").stdout
    assert re.search(r"\d  wrong_type\n", text)


def test_show_gives_one_record_in_full_and_names_what_is_not_there(refused: Settings) -> None:
    shown = json.loads(groundswell(refused, "dead-letters", "show", "0:2").stdout)
    assert (shown["reason"], shown["key"], shown["value"]) == ("not_utf8", "x:3", "\\xff\\xfe not text")
    gone = groundswell(refused, "dead-letters", "show", "0:99")
    assert (gone.returncode, gone.stderr.count("\n")) == (1, 1)
    assert groundswell(refused, "dead-letters", "show", "nowhere").returncode == 2


def test_replay_puts_a_record_back_as_it_was_and_it_is_accounted_for_again(refused: Settings) -> None:
    before = account(refused)[0]
    done = groundswell(refused, "dead-letters", "replay", "--at", "0:1", "--json")
    assert json.loads(done.stdout) == {"sent": 1}
    wait_until_counted(refused, before["read"] + 1)
    assert account(refused)[0]["dead"] == before["dead"] + 1
    again = groundswell(refused, "dead-letters", "list", "--reason", "wrong_type", "--json").stdout.splitlines()
    first, second = map(json.loads, again)
    assert {name: first[name] for name in ("key", "value", "headers")} == {
        name: second[name] for name in ("key", "value", "headers")
    }
    assert groundswell(refused, "dead-letters", "replay").returncode == 2


def test_dead_letters_of_a_broker_that_is_away_are_one_sentence(tmp_path: Path) -> None:
    away = groundswell(stack_settings(tmp_path), "dead-letters", "list")
    assert (away.returncode, away.stderr.count("\n")) == (1, 1)
    assert "No Kafka broker answers" in away.stderr


def test_worker_stops_where_most_records_are_refused_and_goes_on_when_it_is_told_to(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, partitions=1)
    sent = [*RECORDS, *([Produced(b"x:4", b"{")] * LATEST)]
    with Stack(settings, workers=0, progress=print):
        produce(settings.kafka_bootstrap, EVENTS.name, sent)
        stopped = groundswell(settings, "worker")
        said = stopped.stderr.strip().splitlines()
        assert stopped.returncode == 1, said
        assert re.search(r"groundswell: \d+ of the latest \d+ records .* not_json: mend what sends them", said[-1])
        told = settings.model_copy(update={"max_dead_letter_ratio": 1.0})
        with Running(told, "worker", output=tmp_path / "worker.log"):
            wait_until_counted(settings, len(sent))
        assert account(settings)[0]["dead"] == len(sent) - 1
