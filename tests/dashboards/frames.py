"""Grafana's frames of our queries, made by the driver and the SDK that its plugin is built on: `driver`, in Go."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
import yaml
from msgspec import Struct

import deploy

SOURCES = Path(deploy.__path__[0]) / "grafana/provisioning/datasources/groundswell.yaml"
_PROGRAM = Path(__file__).parent / "driver"
_GO = os.pathsep.join([os.environ["PATH"], "/usr/local/go/bin"])
"""Go's own installer leaves it to people to put its folder into ``PATH``."""


class Field(Struct, frozen=True):
    """A column of a frame; ``kind`` is what Grafana takes it for: time, number, string, boolean or other.

    Times are milliseconds since the epoch.
    """

    kind: str
    values: list[Any]


Frame = dict[str, Field]


class QueryError(Exception):
    """What the driver has to say against a query."""


def built(folder: Path) -> Path:
    """The program, in ``folder``. Skips the test where Go or the modules cannot be had.

    Takes minutes of a processor the first time, and seconds once Go has it in its caches.
    """
    go = shutil.which("go", path=_GO)
    if go is None:
        pytest.skip("Go is not here: what Grafana makes of our queries is not seen")
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    fetched = subprocess.run([go, "mod", "download"], cwd=_PROGRAM, env=environment, capture_output=True, check=False)
    if fetched.returncode != 0:
        pytest.skip(f"the driver's modules cannot be had: {fetched.stderr.decode().splitlines()[-1]}")
    path = folder / "driver"
    subprocess.run([go, "build", "-buildvcs=false", "-o", path, "."], cwd=_PROGRAM, env=environment, check=True)
    return path


class Driver:
    """Asks the ClickHouse of ``url`` as the data source that Grafana provisions."""

    def __init__(self, program: Path, url: str) -> None:
        address = urlsplit(url)
        self._command = [str(program), json.dumps(source(str(address.hostname), str(address.port)))]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)
        assert self._process.returncode == 0

    def frame(self, sql: str) -> Frame:
        """What a query answers. Raises ``QueryError``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(sql) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise QueryError(answer["error"])
        fields, columns = answer["frame"]["schema"]["fields"], answer["frame"]["data"]["values"]
        return {field["name"]: Field(field["type"], values) for field, values in zip(fields, columns, strict=True)}


def source(host: str, port: str) -> dict[str, Any]:
    """The provisioned data source, of a server at ``host`` and ``port`` whose reader has no password."""
    (ours, _) = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["datasources"]
    environment = {
        "GROUNDSWELL_CLICKHOUSE_HOST": host,
        "GROUNDSWELL_CLICKHOUSE_PORT": port,
        "GROUNDSWELL_CLICKHOUSE_USER": "reader",
        "GROUNDSWELL_CLICKHOUSE_PASSWORD": "",
    }
    found: dict[str, Any] = json.loads(Template(json.dumps(ours)).substitute(environment))
    return found
