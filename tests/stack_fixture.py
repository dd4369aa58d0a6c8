"""A whole embedded stack for tests: its settings, its commands, and waiting until it has counted what was sent."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
from kafka import KafkaConsumer, TopicPartition

from deploy.ports import free_port
from deploy.workers import environment
from schemas.topics import EVENTS
from streams.settings import Settings, load
from tests.http_client import HTTP
from tests.oracle.generate import Produced, generate
from tests.oracle.log import Campaign, Sendable, read_log
from tests.oracle.oracle import expect
from tests.oracle.produce import produce
from tests.oracle.tokens import Tokens
from tests.oracle.views import compare, views

COMMAND = (sys.executable, "-m", "streams")
PATIENCE_S = 120
_BATCH_RECORDS = 500
_POLL_S = 0.2


def stack_settings(folder: Path, campaigns: tuple[Campaign, ...] = (), **more: Any) -> Settings:
    """Settings of a stack of its own: free ports, and all its files in ``folder``."""
    files = folder / "campaigns"
    files.mkdir()
    for campaign in campaigns:
        (files / f"{campaign.name}.toml").write_text(campaign.toml(), encoding="utf-8")
    return load(
        kafka_bootstrap=f"127.0.0.1:{free_port()}",
        clickhouse_url=f"http://127.0.0.1:{free_port()}",
        metrics_port=free_port(),
        web_port=0,
        data_dir=folder / "data",
        campaigns=files,
        **more,
    )


def ask(settings: Settings, sql: str) -> str:
    """ClickHouse's answer, tab-separated, without a client library in between."""
    answer = HTTP.post(settings.clickhouse_url, content=sql.encode())
    answer.raise_for_status()
    return answer.text


def account(settings: Settings) -> dict[int, dict[str, int]]:
    """What became of each partition's records."""
    names = ("read", "counted", "duplicates", "dead", "markers")
    sums = ", ".join(f"sum({name})" for name in names)
    rows = ask(settings, f"SELECT partition, {sums} FROM groundswell.records GROUP BY partition ORDER BY partition")
    numbers = [[int(cell) for cell in row.split("\t")] for row in rows.splitlines()]
    return {partition: dict(zip(names, found, strict=True)) for partition, *found in numbers}


def log_ends(settings: Settings) -> dict[int, int]:
    """The offset after the last record of each partition of events.v1."""
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap)
    try:
        numbers = consumer.partitions_for_topic(EVENTS.name) or set()
        found = consumer.end_offsets([TopicPartition(EVENTS.name, number) for number in numbers])
        return {tp.partition: offset for tp, offset in found.items()}
    finally:
        consumer.close()


def wait_until_counted(settings: Settings, records: int, timeout_s: float = 120) -> None:
    """Wait until as many records are accounted for; fails with how far it came."""
    give_up_s = time.monotonic() + timeout_s
    while True:
        read = sum(found["read"] for found in account(settings).values())
        if read >= records:
            return
        assert time.monotonic() < give_up_s, f"{read} of {records} records were counted in {timeout_s} s"
        time.sleep(_POLL_S)


def groundswell(
    settings: Settings, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the command line to its end, with these settings and no others."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        env={**os.environ, **environment(settings), **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


class Running:
    """A command of the command line that runs until it is told to end; killed, if need be, when the block is left.

    What it prints goes to ``output`` (a file that is begun anew), so that nobody need read for it to go on.
    """

    def __init__(self, settings: Settings, *arguments: str, output: Path) -> None:
        self.output = output
        self._command = [*COMMAND, *arguments]
        self._env = {**os.environ, **environment(settings)}

    def __enter__(self) -> Self:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._env
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def said(self) -> str:
        """All that it has printed by now."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def end(self, signal_number: signal.Signals) -> int:
        """Send it a signal and wait for its end; returns its exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(PATIENCE_S)

    def children(self) -> dict[int, str]:
        """Its child processes: process id → command line."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    parent = int((folder / "stat").read_text(errors="replace").rsplit(")", 1)[1].split()[1])
                    if parent == self.process.pid and alive(int(folder.name)):
                        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                        found[int(folder.name)] = command.decode(errors="replace")
        return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be noticed does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition: Callable[[], bool], timeout_s: float = 90) -> bool:
    """Whether ``condition`` becomes true within ``timeout_s``."""
    give_up_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up_s:
            return False
        time.sleep(0.02)
    return True


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Wait until ``condition`` is true; fails with ``what`` was waited for."""
    give_up_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up_s, f"{timeout_s:.0f} s were not enough until {what}"
        time.sleep(_POLL_S)


def answers(settings: Settings) -> bool:
    """Whether ClickHouse can be asked; the topics and views are there before."""
    try:
        return ask(settings, "SELECT 1") == "1\n"
    except httpx.HTTPError:
        return False


@dataclass
class Ledger:
    """What was sent to a stack; as more is sent, the views are checked against an independent count of the log."""

    settings: Settings
    campaigns: Sequence[Campaign] = ()
    truth: dict[bytes, Tokens] = field(default_factory=dict)

    def generate(self, count: int, seed: int) -> list[Produced]:
        """Records to send: events with repetitions, near and far, and bad ones."""
        made = generate(count, seed, time.time_ns() // 1_000_000, share_bad=0.02)
        self.truth |= made.truth
        return made.records

    def send(self, records: Sequence[Sendable]) -> None:
        """Send in small batches, so that counting begins before all is there."""
        for begin in range(0, len(records), _BATCH_RECORDS):
            produce(self.settings.kafka_bootstrap, EVENTS.name, records[begin : begin + _BATCH_RECORDS], "zstd")

    def read(self) -> int:
        """How many records are accounted for."""
        return sum(found["read"] for found in account(self.settings).values())

    def check(self) -> None:
        """Wait until the log is counted to its end; then every key of the views and the account must be right."""
        ends: dict[int, int] | None = None
        got: dict[str, Mapping[Any, Any]] = {}
        while ends != (ends := log_ends(self.settings)):  # a worker may append a marker while this looks
            log = read_log(self.settings.kafka_bootstrap, EVENTS.name)
            wait_until_counted(self.settings, sum(len(records) for records in log.values()))
            got = {**views(self.settings.clickhouse_url), "account": account(self.settings)}
        expected = expect(
            log,
            self.campaigns,
            horizon_records=self.settings.horizon_records,
            horizon_ms=self.settings.horizon_s * 1000,
            truth=self.truth,
        )
        want: dict[str, Mapping[Any, Any]] = {**expected.views, "account": expected.account}
        wrong = compare(want, got)
        assert not wrong, "\n".join(wrong[:20])
