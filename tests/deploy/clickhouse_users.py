"""users.xml on the engine itself: a session with the profile, the quota and the grants that a user of it has there.

The engine has one session in a process, always of a user named `default`, and reads a `config.xml` of the folder that
it is started in. So for each session a copy of users.xml is made in which the wanted user has that name.
"""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.deploy.compose import ROOT

USERS = ROOT / "deploy/clickhouse-server/users.xml"
_CONFIG = "<clickhouse><user_directories><users_xml><path>users.xml</path></users_xml></user_directories></clickhouse>"
_SESSION = """
import json, sys
import chdb
connection = chdb.connect(sys.argv[1])
for line in sys.stdin:
    try:
        answer = connection.query(json.loads(line), "JSONCompactEachRow").bytes().decode().splitlines()
    except RuntimeError as error:
        answer = str(error)
    print(json.dumps(answer), flush=True)
connection.close()
"""


class RefusedError(Exception):
    """What the engine has to say against a statement."""


class Session:
    """Statements as ``user`` of users.xml, or as one who may do everything (``None``), on the engine's ``data``.

    ``folder`` is made for the session's configuration. One session at a time may have the data.
    """

    def __init__(self, folder: Path, data: Path, user: str | None) -> None:
        self._folder, self._data = folder, data
        folder.mkdir()
        (folder / "config.xml").write_text(_CONFIG, encoding="utf-8")
        (folder / "users.xml").write_text(_as_default(user), encoding="utf-8")

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SESSION, str(self._data)],
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)

    def rows(self, statement: str) -> list[list[Any]]:
        """What a statement answers. Raises ``RefusedError``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(statement) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if isinstance(answer, str):
            raise RefusedError(answer)
        return [json.loads(line) for line in answer]


def _as_default(user: str | None) -> str:
    tree = ET.fromstring(USERS.read_text(encoding="utf-8"))
    # The engine does not know the server's switch that this one needs.
    for constraint in tree.iterfind("profiles/*/constraints/*"):
        for changeable in constraint.findall("changeable_in_readonly"):
            constraint.remove(changeable)
    users = tree.find("users")
    assert users is not None
    if user is None:
        everything = (
            "<default><password/><networks><ip>::/0</ip></networks><profile>default</profile>"
            "<access_management>1</access_management></default>"
        )
        users.append(ET.fromstring(everything))
    else:
        wanted = users.find(user)
        assert wanted is not None
        wanted.tag = "default"
        _without_password(wanted)
    for other in users:
        _without_password(other)
    return ET.tostring(tree, encoding="unicode")


def _without_password(user: ET.Element) -> None:
    password = user.find("password")
    assert password is not None
    # The session's own; the server's come from its environment.
    password.attrib.clear()
