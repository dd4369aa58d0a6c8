"""Prometheus and Alertmanager of docker-compose.yml: the real programs take the same files and arguments."""

from pathlib import Path

import httpx

from deploy import compose_env
from deploy.ports import free_port
from streams.alerts import prometheus
from tests.deploy import compose
from tests.deploy.compose import ROOT
from tests.streams.alerts.programs import Server, run

SERVICES = compose.services(compose_env.variables(1))


def arguments(name: str, folder: Path) -> list[str]:
    """A service's arguments, with the paths of its container as they are here: mounted files, and a volume's folder."""
    service = SERVICES[name]
    found = []
    for argument in service["command"]:
        option, _, value = argument.partition("=")
        if value.startswith("/"):
            volume = folder / value.strip("/")
            value = str(compose.here(service, value) if value.startswith("/etc/") else volume)
        found.append(f"{option}={value}")
    return found


def test_promtool_takes_the_configuration_and_finds_the_rules() -> None:
    said = run("promtool", "check", "config", ROOT / "deploy/prometheus/prometheus.compose.yml")
    assert "SUCCESS" in said
    assert "1 rule files found" in said


def test_prometheus_starts_with_the_services_arguments_and_has_every_rule(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with Server(
        "prometheus",
        [*arguments("prometheus", tmp_path), f"--web.listen-address={address}"],
        f"http://{address}/-/ready",
        tmp_path / "prometheus.log",
    ):
        (group,) = httpx.get(f"http://{address}/api/v1/rules", trust_env=False).json()["data"]["groups"]
    made = prometheus.files([])[prometheus.PIPELINE]
    assert {rule["name"] for rule in group["rules"]} == {
        line.split(": ")[1] for line in made.splitlines() if "alert:" in line
    }


def test_alertmanager_starts_with_the_services_arguments_and_has_the_route(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with Server(
        "prometheus-alertmanager",
        [*arguments("alertmanager", tmp_path), f"--web.listen-address={address}"],
        f"http://{address}/-/ready",
        tmp_path / "alertmanager.log",
    ):
        status = httpx.get(f"http://{address}/api/v2/status", trust_env=False).json()
    assert "receiver: team" in status["config"]["original"]
    assert status["cluster"]["status"] == "disabled"
