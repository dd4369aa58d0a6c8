"""docker-compose.yml as compose reads it: merged, its variables filled in; and where a container's paths are here."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?:(:-|:\?)([^}]*))?\}|\$(\w+)")


class RefusedError(Exception):
    """A variable without a value, by compose's ``${NAME:?words}``."""


def raw() -> dict[str, Any]:
    """The file, with YAML's anchors and merges resolved and nothing filled in."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def filled(node: Any, variables: Mapping[str, str]) -> Any:
    """``node`` with its variables filled in, as the compose specification has it for the forms that we use."""
    if isinstance(node, dict):
        return {key: filled(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(value, variables) for value in node]
    return _VARIABLE.sub(lambda found: _value(found, variables), node) if isinstance(node, str) else node


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found[0] == "$$":
        return "$"
    name = found[1] or found[4]
    value = variables.get(name, "")
    if value or not found[2]:
        return value
    if found[2] == ":?":
        raise RefusedError(f"{name}: {found[3]}")
    return found[3]


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Every service, of every profile."""
    found: dict[str, dict[str, Any]] = filled(raw()["services"], variables)
    return found


def binds(service: Mapping[str, Any]) -> dict[str, str]:
    """Folders and files of the checkout in the container: path there → path here, relative to the checkout."""
    found = {}
    for volume in service.get("volumes", ()):
        if isinstance(volume, dict):
            found[volume["target"]] = volume["source"]
        elif volume.startswith("."):
            source, target, _ = volume.split(":")
            found[target] = source
    return found


def here(service: Mapping[str, Any], path: str) -> Path:
    """The checkout's file or folder that a container has at ``path``."""
    for target, source in binds(service).items():
        if path == target or path.startswith(f"{target}/"):
            return ROOT / source / path.removeprefix(target).lstrip("/")
    raise KeyError(path)
