"""Starting, stopping and being killed."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from deploy.ports import free_port
from tests.deploy.clickhouse_fixtures import ClickHouse

CREATE = (
    "CREATE TABLE kept (n UInt32) ENGINE = MergeTree ORDER BY n "
    "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 0"
)


def refusal(data: Path, port: int) -> str:
    command = [sys.executable, "-m", "deploy.clickhouse", "--data", str(data), "--port", str(port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_lifecycle_acknowledged_rows_outlive_kill_9_and_stops(tmp_path: Path) -> None:
    server = ClickHouse(tmp_path / "data")
    server.lines(CREATE)
    acknowledged = 0

    def write() -> None:
        nonlocal acknowledged
        while True:
            try:
                if server.post(f"INSERT INTO kept VALUES ({acknowledged})").status_code != 200:
                    return
            except httpx.TransportError:
                return
            acknowledged += 1

    writer = threading.Thread(target=write)
    writer.start()
    while acknowledged < 20 and writer.is_alive():
        pass
    server.kill()
    writer.join()
    assert acknowledged >= 20
    server.start()
    (found,) = server.lines("SELECT count() FROM kept")
    # The one that was under way when it was killed may be there.
    assert int(found) in (acknowledged, acknowledged + 1)
    assert server.lines("SELECT uniqExact(n) FROM kept") == [found]
    assert server.stop(signal.SIGINT) == 0
    server.start()
    assert server.lines("SELECT count() FROM kept") == [found]
    assert server.stop() == 0
    assert server.errors() == ""


def test_lifecycle_stop_lets_running_queries_end(tmp_path: Path) -> None:
    server = ClickHouse(tmp_path / "data")
    answers: list[httpx.Response] = []
    slow = threading.Thread(target=lambda: answers.append(server.post("SELECT sleep(2), 'done'")))
    slow.start()
    while server.lines("SELECT count() FROM system.processes WHERE query LIKE '%sleep(2)%done%'") != ["2"]:
        assert slow.is_alive()
    assert server.stop() == 0
    slow.join()
    assert [answer.text for answer in answers] == ["0\tdone\n"]


def test_lifecycle_taken_port_folder_and_other_engine_are_told_in_a_sentence(tmp_path: Path) -> None:
    server = ClickHouse(tmp_path / "data")
    port = free_port()
    assert f"Port {server.port} for ClickHouse is not free" in refusal(tmp_path / "other", server.port)
    told = refusal(tmp_path / "data", port)
    assert f"{tmp_path / 'data'} is in use by ClickHouse (process {server.process.pid})" in told
    assert server.lines("SELECT 1") == ["1"]
    assert server.stop() == 0
    stamp = tmp_path / "data" / "engine-version"
    made_by = stamp.read_text(encoding="utf-8")
    stamp.write_text("25.8.1.1\n", encoding="utf-8")
    assert "was made by engine 25.8.1.1, and this is" in refusal(tmp_path / "data", port)
    stamp.write_text(made_by, encoding="utf-8")
    server.start()
    assert server.lines("SELECT 1") == ["1"]
    assert server.stop() == 0


def test_lifecycle_unusable_folder_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "cannot be used" in refusal(tmp_path / "file", free_port())


PREPARED = """
import sys, pathlib, urllib.request, urllib.error
from deploy.clickhouse.server import serve
port = int(sys.argv[2])
def prepare(engine):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5)
    except urllib.error.URLError:
        engine.execute("CREATE VIEW prepared AS SELECT 'nobody was let in' AS told")
    assert engine.query_rows("SELECT told, 1, [2] FROM prepared") == [("nobody was let in", 1, [2])]
serve(pathlib.Path(sys.argv[1]), port, prepare)
"""


def test_lifecycle_prepare_runs_before_the_port_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    popen = subprocess.Popen

    def prepared(command: list[str], **options: object) -> object:
        return popen([sys.executable, "-c", PREPARED, command[4], command[6]], **options)  # type: ignore[call-overload]  # the fixture's own options

    monkeypatch.setattr(subprocess, "Popen", prepared)
    server = ClickHouse(tmp_path / "data")
    assert server.lines("SELECT told FROM prepared") == ["nobody was let in"]
    assert server.stop() == 0
