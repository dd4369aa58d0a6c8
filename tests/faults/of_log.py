"""Faults that stand on the log: repetitions, aborted transactions, spam."""

import json
import time
from collections.abc import Iterator

from tests.faults.run import Run
from tests.oracle.generate import Produced
from tests.oracle.tokens import Tokens
from tests.oracle.verdict import MAX_VALUE_BYTES

_TAGS_A_RECORD = 64
_REFUSED_BYTES = 10_000_000


def repeats(run: Run, scale: float = 1) -> None:
    """Row 24: what was counted before both workers died is sent again, within the horizon, and counts once."""
    records = run.load.more(int(2000 * scale))
    run.load.begin(records, per_s=400)
    run.wait_until_working()
    run.load.join()
    run.wait(lambda: run.read() >= len(records), "all is counted")
    run.wait_until_committed()
    run.kill_all()
    run.load.send(records[-len(records) // 2 :])
    run.say("half is sent again")


def transactions(run: Run, scale: float = 1) -> None:
    """Records of aborted transactions between the others, and a kill: nobody may count them, before or after."""
    run.load.begin(run.load.more(int(2000 * scale)), per_s=200)
    run.wait_until_working()
    for _ in range(max(3, round(3 * scale))):
        run.load.abort(run.load.more(200))
        run.say("a transaction is aborted")
    run.kill_one()


def spam(run: Run, scale: float = 1) -> None:
    """Row 25: hashtags that come once and never again, the largest events, and refused records of 10 MB."""
    tagged = list(_tagged(run, int(250_000 * scale)))
    run.load.truth |= dict(tagged)
    largest = [_event(f"large-{number}", "word " * MAX_VALUE_BYTES, run) for number in range(int(200 * scale))]
    run.load.truth |= dict.fromkeys(largest, Tokens())
    events = [*(value for value, _ in tagged), *largest]
    run.rng.shuffle(events)
    run.load.begin([Produced(b"web:%d" % number, value) for number, value in enumerate(events)], per_s=2000)
    run.say(f"{len(tagged)} records with {_TAGS_A_RECORD} hashtags each, {len(largest)} of {MAX_VALUE_BYTES} bytes")
    for number in range(max(4, round(4 * scale))):
        run.load.send([Produced(b"refused-%d" % number, bytes([number]) * _REFUSED_BYTES)])
    run.say(f"refused records of {_REFUSED_BYTES} bytes")


def _tagged(run: Run, tags: int) -> Iterator[tuple[bytes, Tokens]]:
    for first in range(0, tags, _TAGS_A_RECORD):
        names = [f"spam{number:07}" for number in range(first, min(first + _TAGS_A_RECORD, tags))]
        text = " ".join(f"#{name}" for name in names)
        yield _event(f"spam-{first}", text, run), Tokens(hashtag=[(name, name) for name in names])


def _event(event_id: str, text: str, run: Run) -> bytes:
    """As long as may be, where the text has more than finds room."""
    now_ms = time.time_ns() // 1_000_000 - run.rng.randrange(120_000)
    event = {"event_id": event_id, "source": "web", "event_type": "like", "event_time": now_ms, "text": ""}
    room = MAX_VALUE_BYTES - len(json.dumps(event))
    return json.dumps({**event, "text": text[:room]}).encode()
