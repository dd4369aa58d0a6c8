"""The broker's jars are the locked ones, from wherever this machine gets its jars, or the start is refused."""

import contextlib
import functools
import http.server
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka import jars
from deploy.kafka.repositories import repositories
from deploy.ports import free_port
from streams.errors import GroundswellError

SETTINGS = """<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><mirrors>
<mirror><id>blocker</id><mirrorOf>external:http:*</mirrorOf><url>http://127.0.0.1:9/</url></mirror>
<mirror><id>ours</id><mirrorOf>{of}</mirrorOf><url>{url}</url></mirror>
</mirrors></settings>"""


@pytest.fixture(scope="module")
def cached() -> list[Path]:
    """The verified jars in this user's own cache."""
    return jars.class_path(print)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without settings and an empty cache."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def use_mirror(machine: Path, url: str, of: str = "*") -> None:
    (machine / ".m2").mkdir()
    (machine / ".m2" / "settings.xml").write_text(SETTINGS.format(of=of, url=url))


def repository(folder: Path, cached: list[Path]) -> None:
    """Lays the cached jars out as a Maven repository."""
    for jar, path in zip(jars.locked(), cached, strict=True):
        place = folder / jar.group.replace(".", "/") / jar.artifact / jar.version
        place.mkdir(parents=True)
        shutil.copyfile(path, place / f"{jar.artifact}-{jar.version}.jar")


class Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing: pytest's output is for failures."""


class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000000")
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"x" * 8192)
                time.sleep(0.05)

    def log_message(self, *args: Any) -> None:
        """Nothing: pytest's output is for failures."""


@contextlib.contextmanager
def serving(handler: Any) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_lock_names_each_jar_once_with_its_sum() -> None:
    locked = jars.locked()
    assert len({jar.filename for jar in locked}) == len(locked) > 40
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in locked)
    assert f"org.apache.kafka:kafka_2.13:{jars.VERSION}" in {jar.coordinate for jar in locked}


def test_jars_are_fetched_through_the_mirror_of_mavens_settings(machine: Path, cached: list[Path]) -> None:
    repository(machine / "repository", cached)
    lines: list[str] = []
    with serving(functools.partial(Files, directory=str(machine / "repository"))) as url:
        use_mirror(machine, url)
        found = jars.class_path(lines.append)
    assert [path.name for path in found] == [jar.filename for jar in jars.locked()]
    assert all(path.is_relative_to(machine / "cache") for path in found)
    assert re.fullmatch(r"Fetching Kafka .* 46 of 46 jars, \d+ MB, \d+ s", lines[-1])
    assert sorted(found) == sorted((machine / "cache" / "groundswell" / "jars").iterdir())
    assert jars.class_path(pytest.fail) == found


def test_fetched_jar_with_another_sum_is_refused(machine: Path, cached: list[Path]) -> None:
    repository(machine / "repository", cached)
    changed = next((machine / "repository").rglob("kafka-clients-*.jar"))
    changed.write_bytes(changed.read_bytes() + b"x")
    with serving(functools.partial(Files, directory=str(machine / "repository"))) as url:
        use_mirror(machine, url)
        with pytest.raises(GroundswellError, match=r"sent a org\.apache\.kafka:kafka-clients:.* check the mirror"):
            jars.class_path(lambda _: None)
    assert not list((machine / "cache").rglob("*kafka-clients*"))


def test_cached_jar_with_another_sum_is_refused(machine: Path, cached: list[Path]) -> None:
    folder = machine / "cache" / "groundswell" / "jars"
    folder.mkdir(parents=True)
    for path in cached:
        (folder / path.name).symlink_to(path)
    changed = folder / cached[3].name
    changed.unlink()
    changed.write_bytes(b"not a jar")
    with pytest.raises(GroundswellError) as caught:
        jars.class_path(pytest.fail)
    assert str(caught.value).startswith(f"{changed} is not the jar that groundswell was tested with")
    assert str(caught.value).endswith("remove that file, and the next start fetches it again.")


def test_jars_that_cannot_be_fetched_are_one_clear_sentence(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "_ATTEMPTS", 1)
    use_mirror(machine, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(
        GroundswellError, match=r"cannot be fetched from http://127.*\(ConnectionError\): check the net"
    ):
        jars.class_path(lambda _: None)


def test_ctrl_c_ends_a_download_and_leaves_nothing_half_fetched(machine: Path) -> None:
    code = "from deploy.kafka import jars; jars.class_path(lambda line: print(line, flush=True))"
    with serving(Slow) as url:
        use_mirror(machine, url)
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert errors.strip().endswith("KeyboardInterrupt")
    assert not list((machine / "cache" / "groundswell" / "jars").iterdir())


@pytest.mark.parametrize(
    ("mirror_of", "mirrored"),
    [
        ("central", True),
        ("*", True),
        ("external:*", True),
        ("other,central", True),
        ("*,!central", False),
        ("other", False),
    ],
)
def test_mirror_stands_in_for_the_repositories_it_names(machine: Path, mirror_of: str, mirrored: bool) -> None:
    use_mirror(machine, "https://mirror.example/maven/", mirror_of)
    assert (repositories() == {"central": "https://mirror.example/maven"}) is mirrored


def test_repositories_without_settings_are_maven_central_alone(machine: Path) -> None:
    assert list(repositories()) == ["central"]
    assert not (machine / ".m2").exists()


def test_settings_that_are_not_xml_are_refused(machine: Path) -> None:
    (machine / ".m2").mkdir()
    (machine / ".m2" / "settings.xml").write_text("<settings>")
    with pytest.raises(GroundswellError, match="is not valid XML"):
        repositories()
