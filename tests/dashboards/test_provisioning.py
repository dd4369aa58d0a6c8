"""Grafana's provisioning files: the documented fields, and the addresses of `groundswell up`."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

import deploy
from dashboards.grafana import DATASOURCE
from schemas.counters import DATABASE
from streams.settings import Settings

GRAFANA = Path(deploy.__path__[0]) / "grafana"
# The environment file's syntax is systemd's and the shell's: no quoting is needed, and none used.
LINES = [line for line in (GRAFANA / "groundswell.env").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
ENVIRONMENT = dict(line.split("=", 1) for line in LINES)


def provisioned(folder: str) -> dict[str, Any]:
    """The file as Grafana reads it: parsed, and then the environment put into its values."""
    text = (GRAFANA / "provisioning" / folder / "groundswell.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = filled(yaml.safe_load(text))
    return found


def filled(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: filled(value) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value) for value in node]
    if isinstance(node, str):
        return re.sub(r"\$\{?(\w+)\}?", lambda name: ENVIRONMENT[name[1]], node)
    return node


def test_datasource_is_the_reader_of_the_embedded_stack_over_http() -> None:
    (source,) = provisioned("datasources")["datasources"]
    address = urlsplit(str(Settings.model_fields["clickhouse_url"].default))
    assert source == {
        "name": "Groundswell",
        "uid": DATASOURCE.uid,
        "type": DATASOURCE.type_val,
        "access": "proxy",
        "editable": False,
        "jsonData": {
            "protocol": address.scheme,
            "host": address.hostname,
            "port": str(address.port),
            "secure": False,
            "username": "reader",
            "defaultDatabase": DATABASE,
            "dialTimeout": "10",
            "queryTimeout": "60",
        },
        "secureJsonData": {"password": ""},
    }


def test_dashboards_come_from_the_folder_that_the_environment_names() -> None:
    (provider,) = provisioned("dashboards")["providers"]
    assert provider == {
        "name": "groundswell",
        "type": "file",
        "folder": "Groundswell",
        "allowUiUpdates": False,
        "disableDeletion": True,
        "updateIntervalSeconds": 30,
        "options": {"path": ENVIRONMENT["GROUNDSWELL_DASHBOARDS"]},
    }


def test_provisioning_is_of_grafanas_first_version_of_the_format() -> None:
    assert provisioned("datasources")["apiVersion"] == provisioned("dashboards")["apiVersion"] == 1
