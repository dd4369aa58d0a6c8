"""The whole embedded stack: it starts in order, says where it is, and stops whole whatever ends it."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from deploy.lock import FolderLock
from deploy.ports import free_port, is_free
from deploy.stack import Stack
from deploy.workers import environment
from schemas.topics import ALL
from streams.errors import GroundswellError
from streams.settings import Settings, load
from tests.stack_fixture import alive, eventually

RUN = """
import os
from deploy.stack import Stack
from streams.settings import load
with Stack(load(), workers={workers}, progress=lambda line: print(line, flush=True)) as stack:
    print("up", *stack.pids().values(), flush=True)
    stack.wait()
"""


def settings(folder: Path, **changes: object) -> Settings:
    chosen = {
        "kafka_bootstrap": f"127.0.0.1:{free_port()}",
        "clickhouse_url": f"http://127.0.0.1:{free_port()}",
        "data_dir": folder,
        "metrics_port": free_port(),
        "web_port": 0,
        "partitions": 3,
    }
    return load(**(chosen | changes))


def ports(chosen: Settings) -> list[int]:
    """Kafka's and ClickHouse's."""
    return [int(address.rsplit(":", 1)[1]) for address in (chosen.kafka_bootstrap, chosen.clickhouse_url)]


@contextlib.contextmanager
def in_a_process(chosen: Settings, workers: int) -> Iterator["subprocess.Popen[str]"]:
    """A process that runs the stack and prints its lines; ended whatever happens in the test."""
    command = [sys.executable, "-c", RUN.format(workers=workers)]
    env = {**os.environ, **environment(chosen)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: "subprocess.Popen[str]", beginning: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(beginning):
            return line
    raise AssertionError(f"ended before it said {beginning!r}")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("kafka_bootstrap", "kafka.example:9092"),
        ("kafka_bootstrap", "127.0.0.1:19092,127.0.0.1:29092"),
        ("kafka_bootstrap", "0.0.0.0:19092"),
        ("kafka_bootstrap", "127.0.0.1:many"),
        ("kafka_bootstrap", ""),
        ("clickhouse_url", "http://clickhouse.example:8123"),
        ("clickhouse_url", "https://127.0.0.1:8443"),
    ],
)
def test_stack_refuses_addresses_that_are_not_this_machine(tmp_path: Path, setting: str, value: str) -> None:
    with pytest.raises(GroundswellError, match=f"^GROUNDSWELL_{setting.upper()} does not name one address on 127"):
        Stack(settings(tmp_path, **{setting: value}), workers=1, progress=print)


def test_stack_refuses_a_clickhouse_port_that_is_taken_before_it_starts_anything(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        lines: list[str] = []
        with (
            pytest.raises(GroundswellError, match=r"^ClickHouse needs port \d+ .* GROUNDSWELL_CLICKHOUSE_URL"),
            Stack(settings(tmp_path, clickhouse_url=url), workers=0, progress=lines.append),
        ):
            pytest.fail("started")
    assert lines == []


@pytest.mark.stack
def test_stack_starts_every_part_and_stops_every_part(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    lines: list[str] = []
    with Stack(chosen, workers=2, progress=lines.append) as stack:
        assert list(stack.pids()) == ["Kafka", "ClickHouse", "Worker 1", "Worker 2", "Live page"]
        assert stack.addresses() == {
            "Kafka": chosen.kafka_bootstrap,
            "ClickHouse": chosen.clickhouse_url,
            "Metrics": f"http://127.0.0.1:{chosen.metrics_port}/metrics",
            "Live page": stack.addresses()["Live page"],
        }
        with urllib.request.urlopen(stack.addresses()["Live page"]) as page:
            assert b"<h1" in page.read()
        client = KafkaAdminClient(bootstrap_servers=chosen.kafka_bootstrap)
        assert {topic.name for topic in ALL} <= set(client.list_topics())
        client.close()
        query = f"{chosen.clickhouse_url}/?query=SELECT+count()+FROM+groundswell.token_counts"
        with urllib.request.urlopen(query) as answer:
            assert answer.read() == b"0\n"
        with urllib.request.urlopen(stack.addresses()["Metrics"]) as page:
            assert page.status == http.HTTPStatus.OK
        with (
            pytest.raises(
                GroundswellError, match=rf"^{re.escape(str(tmp_path))} is in use by another `groundswell up`"
            ),
            Stack(settings(tmp_path), workers=0, progress=print),
        ):
            pytest.fail("a second one started")
        assert eventually(lambda: all(memory > 10_000_000 for memory in stack.memory_bytes().values()))
        stack.wait(5)
        pids = stack.pids()
    assert list(pids) == ["Kafka", "ClickHouse", "Worker 1", "Worker 2", "Live page"], lines
    assert not any(alive(pid) for pid in pids.values())
    assert all(is_free(port) for port in ports(chosen))


@pytest.mark.stack
def test_stack_starts_a_killed_worker_again_and_ends_when_an_engine_is_killed(tmp_path: Path) -> None:
    with Stack(settings(tmp_path), workers=1, progress=print) as stack:
        killed = stack.pids()["Worker 1"]
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: stack.pids().get("Worker 1", killed) != killed)
        stack.check()
        os.kill(stack.pids()["ClickHouse"], signal.SIGKILL)
        with pytest.raises(GroundswellError, match=r"^ClickHouse ended unexpectedly \(signal SIGKILL\)"):
            stack.wait(60)


@pytest.mark.stack
def test_ctrl_c_in_the_middle_of_the_start_stops_what_has_started(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    for moment in ("Starting Kafka", "Starting ClickHouse"):
        with in_a_process(chosen, workers=0) as process:
            read_until(process, moment)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGINT
        assert errors.strip().endswith("KeyboardInterrupt")
        # The broker inherits its folder's lock: it can be had only when the broker has gone.
        with FolderLock(tmp_path / "kafka", "a broker that was left behind", "stop it"):
            assert is_free(int(chosen.kafka_bootstrap.rsplit(":", 1)[1]))


@pytest.mark.stack
def test_stack_whose_process_is_killed_leaves_no_process_and_starts_again(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    with in_a_process(chosen, workers=0) as process:
        pids = [int(word) for word in read_until(process, "up ").split()[1:]]
        assert len(pids) == 3
        process.kill()
    assert eventually(lambda: not any(alive(pid) for pid in pids))
    # A killed process's last threads may hold its sockets for a moment longer.
    assert eventually(lambda: all(is_free(port) for port in ports(chosen)))
    with Stack(chosen, workers=0, progress=print) as stack:
        stack.wait(0.5)
