"""Engines without a worker, workers started by hand, and what is done to both between tests."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from deploy.stack import Stack
from deploy.workers import environment
from schemas.counters import COUNTERS, DATABASE
from schemas.topics import ALL, EVENTS
from streams import clickhouse, pinned, topics
from streams.cli.commands import app
from streams.settings import Settings
from tests.http_client import HTTP
from tests.oracle import vocabulary
from tests.stack_fixture import Ledger, Running, alive, ask, groundswell, stack_settings, wait_until

PARTITIONS = 2
HALF = 2000


@contextmanager
def stack(folder: Path, **more: Any) -> Iterator[tuple[Stack, Ledger]]:
    """Kafka and ClickHouse on ports of their own, no worker."""
    settings = stack_settings(
        folder, vocabulary.CAMPAIGNS, partitions=PARTITIONS, segment_size=512, horizon_records=2000, **more
    )
    with Stack(settings, workers=0, progress=print) as running:
        yield running, Ledger(settings, vocabulary.CAMPAIGNS)


@contextmanager
def worker(settings: Settings, name: str = "worker") -> Iterator[Running]:
    with Running(settings, "worker", output=settings.data_dir.with_name(f"{name}.log")) as running:
        yield running
        assert "Traceback" not in running.said()


def refusal(settings: Settings, *arguments: str) -> str:
    """The one sentence with which a command fails, after what it has logged."""
    done = groundswell(settings, *arguments)
    assert done.returncode == 1, done
    assert re.fullmatch(r"(\d{4}-[^\n]+\n)*groundswell: [^\n]+\n", done.stderr), done.stderr
    return done.stderr.splitlines()[-1]


def metric(port: int, name: str) -> float:
    """The sum of a metric over its labels; 0 while there is none."""
    try:
        page = HTTP.get(f"http://127.0.0.1:{port}/metrics").text
    except httpx.TransportError:
        return 0
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if re.match(rf"{name}[ {{]", line))


def committed(settings: Settings) -> dict[int, int]:
    with topics.admin(settings) as client:
        return topics.commits(client, settings)


def kill_clickhouse(running_stack: Stack) -> None:
    pid = running_stack.pids()["ClickHouse"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "ClickHouse has gone")


def start_clickhouse(running_stack: Stack) -> None:
    """Another one on the same folder and port, which ends with the stack."""
    again = running_stack._clickhouse = running_stack._clickhouse_child()
    running_stack._resources.callback(again.stop, 60)
    again.start()
    wait_until(running_stack._clickhouse_answers, "ClickHouse answers again")


def empty(settings: Settings) -> None:
    """New topics, and tables without a row: whatever another test has counted or broken is forgotten."""
    empty_tables(settings)
    create_anew(settings)


def empty_tables(settings: Settings) -> None:
    counters = [name for counter in COUNTERS for name in (counter.table, counter.totals)]
    for table in (*counters, "archive", "segments", "compaction", "pinned", "gap"):
        ask(settings, f"TRUNCATE TABLE {DATABASE}.{table}")


def create_anew(settings: Settings) -> None:
    """Delete the topics and create them again."""
    with topics.admin(settings) as client:
        there = set(client.list_topics())
        before = topics.describe(client, EVENTS)
        client.delete_topics([topic.name for topic in ALL if topic.name in there])
        wait_until(lambda: not {topic.name for topic in ALL} & set(client.list_topics()), "the topics are gone")
        topics.create_topics(settings)
        assert topics.describe(client, EVENTS) != before


def here(settings: Settings, *arguments: str) -> Result:
    """Run a command in this process, which saves the seconds that one takes to start."""
    return CliRunner().invoke(app, arguments, env=environment(settings))


def interrupted(ledger: Ledger, seed: int) -> None:
    """A log of which 500 records of each partition are vouched for, in a segment that is not whole yet."""
    settings = ledger.settings
    ledger.send(ledger.generate(HALF, seed))
    with topics.admin(settings) as client:
        state = topics.check_events_topic(client, settings)
        # A worker that refused to go on did not take its leave: the group forgets it after its session.
        wait_until(lambda: not topics.members(client, settings), "the workers before have left the group")
        topics.commit(client, settings, dict.fromkeys(range(PARTITIONS), 0))
    pinned.pin(clickhouse.connect(settings), state.topic_id, settings)
    for partition in range(PARTITIONS):
        vouch(settings, 0, 499, topic_id=state.topic_id, partition=partition)


def vouch(settings: Settings, segment: int, last_offset: int, **changes: Any) -> None:
    """An account: of the segment all is counted up to that offset."""
    row = {"topic_id": "t", "partition": 0, "segment": segment, "campaign": "*", "rules": 1, "generation": 1}
    row |= {"last_offset": last_offset, "read": 1, "counted": 1} | changes
    columns, values = ", ".join(row), ", ".join(f"'{v}'" if isinstance(v, str) else str(v) for v in row.values())
    ask(settings, f"INSERT INTO groundswell.segments ({columns}) VALUES ({values})")
