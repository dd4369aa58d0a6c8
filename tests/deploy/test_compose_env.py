"""`make env`: passwords of one's own, for their owner's eyes, never overwritten."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import compose_env
from streams.errors import GroundswellError
from tests.deploy.compose import ROOT


def values(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return dict(line.split("=", 1) for line in lines)


def made(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command as `make env` runs it: by a Python that has nothing installed."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "deploy.compose_env", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_env_writes_new_passwords_for_its_owner_alone_and_says_what_to_do_next(tmp_path: Path) -> None:
    done = made(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    path = tmp_path / ".env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = values(path)
    assert set(found) == set(compose_env.variables(1))
    assert "docker compose up" in done.stdout
    assert not any(value in done.stdout for value in found.values())
    assert (tmp_path / "campaigns").is_dir()


def test_make_env_leaves_a_file_that_is_there_as_it_is(tmp_path: Path) -> None:
    made(tmp_path)
    before = (tmp_path / ".env").read_bytes()
    done = made(tmp_path)
    assert (done.returncode, (tmp_path / ".env").read_bytes()) == (0, before)
    assert "left as it is" in done.stdout


def test_make_env_names_what_a_file_that_is_there_lacks(tmp_path: Path) -> None:
    made(tmp_path)
    before = (tmp_path / ".env").read_bytes()
    done = made(tmp_path, "--brokers", "3")
    assert done.returncode == 1
    assert re.fullmatch(r"make env: .* lacks COMPOSE_PROFILES, KAFKA_VOTERS, .*\.\n", done.stderr)
    assert (tmp_path / ".env").read_bytes() == before


@pytest.mark.parametrize("line", ["GRAFANA_ADMIN_PASSWORD=", "# GRAFANA_ADMIN_PASSWORD=secret", ""])
def test_a_variable_without_a_value_is_lacking(tmp_path: Path, line: str) -> None:
    compose_env.write(tmp_path, 1)
    path = tmp_path / ".env"
    kept = [one for one in path.read_text(encoding="utf-8").splitlines() if "GRAFANA" not in one]
    path.write_text("\n".join([*kept, line]), encoding="utf-8")
    with pytest.raises(GroundswellError, match="lacks GRAFANA_ADMIN_PASSWORD:"):
        compose_env.write(tmp_path, 1)


def test_passwords_are_long_new_each_time_and_need_no_quoting_anywhere() -> None:
    many = [compose_env.variables(3) for _ in range(50)]
    for name in compose_env.variables(1):
        found = {one[name] for one in many}
        assert len(found) == len(many)
        assert all(re.fullmatch(r"[0-9a-f]{64}|[A-H][\w-]{21}", value) for value in found)
