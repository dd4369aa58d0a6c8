"""Where jars come from: Maven Central, or what this machine's own settings put in its place."""

import xml.etree.ElementTree as ET
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.maven import MavenContext

from streams.errors import GroundswellError

_CENTRAL = "central"


def repositories() -> dict[str, str]:
    """Repository id → URL, in the order in which they are asked.

    jgo's own configuration may add repositories or replace ``central``; a mirror in Maven's ``~/.m2/settings.xml``
    stands in for those that its ``mirrorOf`` names. HTTP proxies come from the environment, as always.
    """
    found = {**MavenContext().remote_repos, **GlobalSettings.load().repositories}
    mirrors = _mirrors(Path.home() / ".m2" / "settings.xml")
    return {name: next((url for of, url in mirrors if _covers(of, name)), url) for name, url in found.items()}


def _mirrors(settings: Path) -> list[tuple[str, str]]:
    """``(mirrorOf, url)`` of every mirror, in the file's order; none when there is no such file."""
    if not settings.is_file():
        return []
    try:
        root = ET.parse(settings).getroot()  # noqa: S314  the user's own file
    except ET.ParseError as error:
        raise GroundswellError(f"{settings} is not valid XML ({error}): mend it, or move it away.") from error
    mirrors = [
        (mirror.findtext("{*}mirrorOf", "").strip(), mirror.findtext("{*}url", "").strip())
        for mirror in root.iterfind("{*}mirrors/{*}mirror")
    ]
    # Maven's own default file blocks plain HTTP with a mirror of this kind; Central is HTTPS.
    return [(of, url.rstrip("/")) for of, url in mirrors if of and url and not of.startswith("external:http:")]


def _covers(mirror_of: str, name: str) -> bool:
    names = [part.strip() for part in mirror_of.split(",")]
    return f"!{name}" not in names and any(part in (name, "*", "external:*") for part in names)
