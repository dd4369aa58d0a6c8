"""docs/compose.md: its commands name services, commands and options that there are. (Docker itself is not here.)"""

import re
import shlex

import pytest
from typer.testing import CliRunner

from deploy import compose_env
from streams.cli.commands import app
from tests.deploy import compose
from tests.deploy.compose import ROOT

TEXT = (ROOT / "docs/compose.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
SERVICES = compose.services(compose_env.variables(3))
WITH_VALUE = {"--user", "--volume", "--scale", "--signal"}
OF_NO_SERVICE = {"up", "stop", "start", "build", "config"}


def positional(words: list[str]) -> list[str]:
    """Without options, up to the first service, whose own words follow it."""
    rest = iter(words)
    for word in rest:
        if word in WITH_VALUE:
            next(rest)
        elif not word.startswith("-"):
            return [word, *rest]
    return []


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("docker compose ")])
def test_compose_command_names_a_service_and_a_command_that_there_are(command: str) -> None:
    # Without what the shell does itself.
    verb, *words = shlex.split(re.sub(r" [<>] \S+$", "", command))[2:]
    assert verb in OF_NO_SERVICE | {"run", "exec", "restart", "kill"}
    for scaled in re.findall(r"--scale (\S+)=\d", command):
        assert scaled in SERVICES
    if verb in OF_NO_SERVICE:
        return
    service, *arguments = positional(words)
    assert service in SERVICES
    if verb == "exec":
        assert arguments.pop(0) == "groundswell"
    if verb in {"run", "exec"}:
        # Its arguments are right when nothing but the servers is missing: a wrong one is refused before they are asked.
        named = [word for word in arguments if word.startswith("-") and word != "-"]
        done = CliRunner().invoke(app, [word for word in arguments if word not in named] + ["--help"])
        assert done.exit_code == 0, done.output
        assert all(option in done.output for option in named)
    for file in re.findall(r" < (\S+)", command):
        assert (ROOT / file).is_file()


def test_every_other_command_is_of_make_git_or_a_back_up_of_a_volume_that_there_is() -> None:
    volumes = set(compose.raw()["volumes"])
    for command in COMMANDS:
        words = shlex.split(command)
        if words[0] == "make":
            assert words[1] == "env"
            assert words[2:] in ([], ["ARGS=--brokers 3"])
        elif words[:2] == ["docker", "run"]:
            (volume,) = re.findall(rf"--volume {compose.raw()['name']}_([\w-]+):/data:ro", command)
            assert volume in volumes
        else:
            assert words[:2] in (["docker", "compose"], ["git", "pull"])


def test_every_service_is_in_the_table_with_the_address_that_it_is_published_at() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (\S*) ?\|", TEXT, re.MULTILINE))
    assert set(rows) == set(SERVICES) - {"kafka-2", "kafka-3"}
    for name, address in rows.items():
        ports = [port.rsplit(":", 1)[0] for port in SERVICES[name].get("ports", ())]
        assert ([address.removeprefix("http://")] if address else []) == ports
