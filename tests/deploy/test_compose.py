"""docker-compose.yml: the specification's schema, what it mounts and starts, and what it must not give away."""

import json
import os
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from dashboards.grafana import DATASOURCE, PLUGIN_VERSION
from deploy import compose_env
from deploy.kafka import jars
from streams.cli.commands import app
from streams.settings import PREFIX, Settings, load
from tests.deploy import compose
from tests.deploy.compose import ROOT, RefusedError

ONE, THREE = compose_env.variables(1), compose_env.variables(3)
SERVICES = compose.services(ONE)
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
# Its start script writes the configuration into the image's own folders.
WRITES_TO_ITS_IMAGE = {"kafka-1", "kafka-2", "kafka-3"}


def each(services: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("service", services.values(), ids=services)


def client() -> list[str]:
    """The command of a compose client, which needs no engine to check a file; skips the test where there is none."""
    docker, alone = shutil.which("docker"), shutil.which("docker-compose")
    if docker and not subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        return [docker, "compose"]
    if alone:
        return [alone]
    pytest.skip("no compose client is here: the schema and the file's own tests must do")


def checked(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in THREE}
    command = [*client(), "--file", str(compose.FILE), "--env-file", os.devnull, "config", *arguments]
    return subprocess.run(command, env={**clean, **env}, capture_output=True, text=True, check=False)


def test_compose_file_follows_the_specifications_schema() -> None:
    # It ships the specification's schema; the file is all that is wanted of it.
    vendored = metadata.distribution("check-jsonschema").locate_file(
        "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
    )
    schema = json.loads(Path(str(vendored)).read_text(encoding="utf-8"))
    jsonschema.validate(compose.raw(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**compose.raw(), "services": {"worker": {"comand": []}}}, schema)


@pytest.mark.parametrize("variables", [ONE, THREE], ids=["one broker", "three brokers"])
def test_compose_itself_reads_the_file_as_these_tests_do(variables: dict[str, str]) -> None:
    done = checked("--format", "json", "--no-path-resolution", env=variables)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)["services"]
    three = "COMPOSE_PROFILES" in variables
    found = compose.services(variables)
    assert set(read) == {name for name, service in found.items() if three or "profiles" not in service}
    for name, service in read.items():
        assert service.get("environment", {}) == found[name].get("environment", {})
        assert service.get("command") == found[name].get("command")


def test_compose_refuses_to_start_without_the_passwords_and_says_how_to_make_them() -> None:
    done = checked("--quiet", env={})
    assert done.returncode != 0
    assert "run make env" in done.stderr


@pytest.mark.parametrize("name", [*ONE])
def test_every_variable_of_make_env_is_required_and_its_lack_says_so(name: str) -> None:
    with pytest.raises(RefusedError, match=f"^{name}: run make env$"):
        compose.services({**ONE, name: ""})


def test_make_env_gives_every_variable_that_is_required_and_what_three_brokers_need() -> None:
    text = compose.FILE.read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+):\?", text)) == set(ONE)
    assert set(THREE) - set(ONE) <= set(re.findall(r"\$\{(\w+):-", text)) | {"COMPOSE_PROFILES"}


def test_no_password_has_a_default_or_stands_in_the_file() -> None:
    text = compose.FILE.read_text(encoding="utf-8")
    for name in re.findall(r"\$\{?(\w*PASSWORD\w*)", text):
        assert name in ONE
    assert not re.search(r"\$\{\w*PASSWORD\w*:?-", text)
    for service in compose.raw()["services"].values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name:
                assert re.fullmatch(r"\$\{\w+:\?run make env\}", value), name


@each(SERVICES)
def test_service_is_published_on_this_machine_alone(service: dict[str, Any]) -> None:
    for port in service.get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def test_published_ports_are_the_ones_that_settings_expect_and_none_is_there_twice() -> None:
    published = {name: [port.split(":")[1] for port in one.get("ports", ())] for name, one in SERVICES.items()}
    every = [port for ports in published.values() for port in ports]
    assert len(every) == len(set(every))
    defaults = {name: str(field.default) for name, field in Settings.model_fields.items()}
    assert defaults["kafka_bootstrap"] == f"127.0.0.1:{published['kafka-1'][0]}"
    assert defaults["clickhouse_url"] == f"http://127.0.0.1:{published['clickhouse'][0]}"
    assert published["page"] == [defaults["web_port"]]
    assert "worker" not in {name for name, ports in published.items() if ports}


@each(SERVICES)
def test_service_has_no_rights_that_it_does_not_use_and_takes_no_more_than_its_share(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_watched_started_again_and_writes_to_its_volumes_alone(name: str) -> None:
    service = SERVICES[name]
    assert bool(service.get("read_only")) == (name not in WRITES_TO_ITS_IMAGE)
    if name == "migrate":
        assert service["restart"] == "no"
        assert "healthcheck" not in service
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    for volume in service.get("volumes", ()):
        if isinstance(volume, str) and not volume.startswith("."):
            assert volume.split(":")[0] in compose.raw()["volumes"]


@each(SERVICES)
def test_service_finds_every_file_that_it_mounts_and_may_not_change_it(service: dict[str, Any]) -> None:
    for target, source in compose.binds(service).items():
        assert (ROOT / source).exists() or Path(source) == compose_env.CAMPAIGNS, target
    for volume in service.get("volumes", ()):
        if isinstance(volume, dict):
            assert volume["read_only"]
        elif volume.startswith("."):
            assert volume.endswith(":ro")


def test_images_are_pinned_to_a_version_and_named_without_a_registry() -> None:
    for service in SERVICES.values():
        name, _, tag = service["image"].partition(":")
        assert re.fullmatch(r"[a-z]+(/[a-z-]+)?", name)
        assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(@sha256:[0-9a-f]{64})?", tag)
    assert SERVICES["kafka-1"]["image"] == f"apache/kafka:{jars.VERSION}"


def test_nothing_starts_before_what_it_needs() -> None:
    waits = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    for name in ("worker", "page", "grafana"):
        assert waits[name]["migrate"] == {"condition": "service_completed_successfully"}
    for server in ("kafka-1", "kafka-2", "kafka-3", "clickhouse"):
        assert waits["migrate"][server]["condition"] == "service_healthy"
    for name, needed in waits.items():
        for server, wait in needed.items():
            # A service of a profile that is off must not be waited for.
            assert wait.get("required", True) == ("profiles" not in SERVICES[server]), name


@pytest.mark.parametrize("name", OURS)
def test_command_of_groundswells_services_is_one(name: str) -> None:
    done = CliRunner().invoke(app, [*OURS[name]["command"], "--help"])
    assert done.exit_code == 0, done.output


@each(OURS)
def test_environment_of_groundswells_services_is_made_of_settings_and_all_are_valid(
    service: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in service["environment"].items():
        assert name.removeprefix(PREFIX).lower() in Settings.model_fields, name
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.metrics_host == "0.0.0.0"
    user = "reader" if service["command"][0] == "page" else "groundswell"
    password = ONE["CLICKHOUSE_READER_PASSWORD" if user == "reader" else "CLICKHOUSE_WRITER_PASSWORD"]
    assert settings.clickhouse_url == f"http://{user}:{password}@clickhouse:8123"


def test_three_brokers_are_what_clients_ask_and_each_is_one_of_the_quorum() -> None:
    services = compose.services(THREE)
    brokers = [name for name in services if name.startswith("kafka-")]
    assert services["worker"]["environment"]["GROUNDSWELL_KAFKA_BOOTSTRAP"] == ",".join(
        f"{name}:9092" for name in brokers
    )
    for number, name in enumerate(brokers, 1):
        found = services[name]["environment"]
        assert found["KAFKA_NODE_ID"] == str(number)
        assert f"{number}@{name}:9093" in found["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")
        assert found["KAFKA_ADVERTISED_LISTENERS"].startswith(f"CLIENT://{name}:9092,HOST://127.0.0.1:")
    assert THREE["COMPOSE_PROFILES"] in services["kafka-2"]["profiles"]


def test_grafana_has_every_variable_that_its_provisioning_asks_for() -> None:
    grafana = SERVICES["grafana"]
    provisioning = compose.here(grafana, "/etc/grafana/provisioning")
    texts = [path.read_text(encoding="utf-8") for path in provisioning.rglob("*.yaml")]
    asked = {name for text in texts for name in re.findall(r"(?<!\$)\$\{?([A-Z][A-Z_]+)\}?", text)}
    assert asked
    assert asked <= set(grafana["environment"])
    home = compose.here(grafana, grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert home.is_file()
    assert home.parent == compose.here(grafana, grafana["environment"]["GROUNDSWELL_DASHBOARDS"])


def test_grafana_gets_the_version_of_the_plugin_that_the_dashboards_are_made_for() -> None:
    wanted = SERVICES["grafana"]["environment"]["GF_PLUGINS_PREINSTALL_SYNC"]
    assert wanted == f"{DATASOURCE.type_val}@{PLUGIN_VERSION}"
