"""The documents are true: their commands run, their files exist, their tables are the declarations'."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack import Stack
from schemas.campaign_file import parse
from schemas.counters import DATABASE
from streams import reference
from streams.clickhouse import connect
from streams.settings import Settings
from tests.faults import soak
from tests.stack_fixture import stack_settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "RELIABILITY.md",
    "deploy/grafana/README.md",
    "docs/alerts.md",
    "docs/compose.md",
)
ELSEWHERE = {
    # Commands that run for long or need another set-up, and the test that runs them.
    "groundswell up": "tests/test_restart.py",
    "groundswell worker --processes 4": "tests/test_commands.py",
    "groundswell migrate": "tests/test_commands.py",
    "make demo": "tests/test_demo.py",
    'make demo ARGS="--duration 20s --exit"': "tests/test_demo.py",
    "make test": ".ci/run",
    'make test ARGS="-m long"': ".ci/run",
    "make lint": ".ci/run",
    "make setup": "Makefile",
    "git clone <this repository> groundswell && cd groundswell": "tests/test_docs.py",
}


def blocks(document: str, language: str) -> list[str]:
    text = (ROOT / document).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(document: str) -> list[str]:
    lines = "\n".join(blocks(document, "sh")).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(("export ", "#"))]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = stack_settings(tmp_path_factory.mktemp("docs"))
    (example,) = blocks("README.md", "toml")
    (settings.campaigns / "kindness.toml").write_text(example, encoding="utf-8")
    with Stack(settings, workers=1, progress=print):
        yield settings


def run(command: str, settings: Settings) -> subprocess.CompletedProcess[str]:
    values = {f"GROUNDSWELL_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, **values, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_command_of_the_readme_and_of_contributing_runs_here_or_in_a_named_test(stack: Settings) -> None:
    ran = 0
    for command in commands("README.md") + commands("CONTRIBUTING.md"):
        if command in ELSEWHERE:
            assert (ROOT / ELSEWHERE[command]).exists()
            assert command in (ROOT / ".ci/run").read_text(encoding="utf-8") or ELSEWHERE[command] != ".ci/run"
        elif command.startswith("make test ARGS="):
            (_, paths) = command.split("ARGS=", 1)
            assert all((ROOT / path).exists() for path in shlex.split(shlex.split(paths)[0]))
        else:
            done = run(command, stack)
            assert done.returncode == 0, f"{command}: {done.stderr}"
            ran += 1
    assert ran >= 8


@pytest.mark.parametrize("document", ["RELIABILITY.md", "tests/faults/README.md"])
def test_every_soak_that_a_document_names_would_begin(document: str) -> None:
    found = [shlex.split(command, comments=True) for command in commands(document)]
    asked = [shlex.split(words[2].removeprefix("ARGS=")) for words in found if words[:2] == ["make", "soak"]]
    asked += [words[3:] for words in found if words[:3] == ["python", "-m", "tests.faults.soak"]]
    assert len(asked) >= 2
    for words in asked:
        soak.parse(words)


def test_every_query_of_the_metrics_page_runs_and_its_views_and_columns_exist(stack: Settings) -> None:
    client = connect(stack)
    launch = {"campaign": "kindness", "start": "2026-12-05 17:00:00", "end": "2026-12-05 22:00:00"}
    queries = [query for block in blocks("docs/metrics.md", "sql") for query in block.split(";") if query.strip()]
    assert queries
    for query in queries:
        assert client.query(query, parameters=launch).column_names
    text = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)`: `(\w+)\(([\w, ]+)\)`(?: where `([^`]+)`)?", text)
    assert len(named) > 6
    for view, function, columns, condition in named:
        where = f"WHERE {condition}" if condition and "…" not in condition else ""
        client.query(f"SELECT {function}({columns}) FROM {DATABASE}.{view} {where}")


def test_the_readmes_campaign_file_is_valid() -> None:
    (example,) = blocks("README.md", "toml")
    assert parse(example, "README.md").name == "kindness"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    base = (ROOT / document).parent
    links = [link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if not link.startswith("http")]
    missing = [link for link in links if not (base / link).exists()]
    named = re.findall(r"`((?:streams|schemas|deploy|dashboards|tests|docs)/[\w./-]*)`", text)
    missing += [name for name in named if "NNNN" not in name and not (ROOT / name).exists()]
    assert missing == []


def test_every_anchor_that_a_document_names_exists() -> None:
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        for path, anchor in re.findall(r"\]\(([^)#:]+)#([^)]*)\)", text):
            titles = re.findall(
                r"^#+ (.*)$", (ROOT / document).parent.joinpath(path).read_text(encoding="utf-8"), re.MULTILINE
            )
            assert anchor in {title.lower().replace(" ", "-") for title in titles}, f"{document}: {path}#{anchor}"


def test_the_reference_is_what_the_declarations_say() -> None:
    assert reference.PATH.read_text(encoding="utf-8") == reference.document()


def test_no_document_or_source_names_a_package_registry_or_a_path_of_some_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    banned = re.compile(
        "|".join(["py" + "pi\\.org", "pythonhost" + "ed", "repo1?\\.mav" + "en", "/ro" + "ot/", "/wo" + "rk/"])
    )
    found = []
    for name in filter(None, tracked.split("\0")):
        path = ROOT / name
        if path.suffix in {".png", ".zst", ".gz", ".parquet"} or not path.is_file():
            continue
        match = banned.search(path.read_text(encoding="utf-8", errors="replace"))
        if match:
            found.append(f"{name}: {match[0]}")
    assert found == []
