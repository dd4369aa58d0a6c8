"""Prometheus and Alertmanager of docker-compose.yml: the real programs take the same files and arguments."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy import compose_env
from deploy.ports import free_port
from streams.alerts import prometheus
from streams.settings import Settings
from tests.deploy import compose, compose_network
from tests.deploy.compose import ROOT
from tests.streams.alerts.programs import Server, program, run

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


def test_prometheus_configuration_differs_from_the_local_one_in_where_things_are_alone() -> None:
    def but_where(path: Path) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for job in found["scrape_configs"]:
            job.pop("static_configs", None)
            job.pop("dns_sd_configs", None)
        found["alerting"]["alertmanagers"] = len(found["alerting"]["alertmanagers"])
        return found

    folder = ROOT / "deploy/prometheus"
    assert but_where(folder / "prometheus.compose.yml") == but_where(folder / "prometheus.yml")


def test_prometheus_asks_each_worker_at_the_port_that_workers_serve() -> None:
    found = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.compose.yml").read_text(encoding="utf-8"))
    (where,) = found["scrape_configs"][0]["dns_sd_configs"]
    assert where["names"] == ["worker"]
    assert where["names"][0] in SERVICES
    assert where["port"] == Settings.model_fields["metrics_port"].default
    (manager,) = found["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert manager.split(":")[0] in SERVICES
    assert f":{manager.split(':')[1]}/" in SERVICES["alertmanager"]["healthcheck"]["test"][-1]


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


def test_prometheus_finds_each_worker_by_the_services_name_and_one_that_joins(tmp_path: Path) -> None:
    own_network = ["unshare", "--map-root-user", "--mount", "--net"]
    if subprocess.run([*own_network, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no name spaces here: what the name server of a network would say cannot be played")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="utf-8")
    prometheus_and_its = [program("prometheus"), *arguments("prometheus", tmp_path)]
    done = subprocess.run(
        [*own_network, sys.executable, compose_network.__file__, str(tmp_path), *prometheus_and_its],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    one, two = json.loads(done.stdout)
    assert one == ["127.0.0.2:9108"]
    assert two == ["127.0.0.2:9108", "127.0.0.3:9108"]
