"""The contenders' own environments below ``.bench``: made when they are missing or their requirements have changed."""

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from streams.errors import GroundswellError

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".bench"
REQUIREMENTS = Path(__file__).parent / "requirements"

FLINK_CONNECTOR = "org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2"
_FLINK_CONNECTOR_SHA256 = "5605c691d11a501382c383fecba37a7a552467da5ab7ba904ef5d6f3d62c5616"


def python(name: str) -> Path:
    """The Python of an environment, '' the project's own; the environment is made first where need be.

    Raises ``GroundswellError`` when it cannot be.
    """
    if not name:
        return Path(sys.executable)
    folder, wanted = FOLDER / name, REQUIREMENTS / f"{name}.txt"
    stamp = folder / "requirements.sha256"
    digest = _sha256(wanted)
    found = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text(encoding="ascii") != digest:
        sys.stderr.write(f"Making the environment {name}\n")
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        install = [str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]
        if subprocess.run([*install, str(wanted)], check=False).returncode != 0:
            raise GroundswellError(f"The environment {name} cannot be made: pip has said above what {wanted} lacks.")
        stamp.write_text(digest, encoding="ascii")
    return found


def flink_connector() -> Path:
    """Flink's Kafka connector, fetched where it is missing, from where the broker's jars come from.

    Raises ``GroundswellError`` when it is not the one that the benchmark was made with.
    """
    from jgo.maven import MavenContext  # noqa: PLC0415  jgo takes 0.2 s, and only Flink needs it

    from deploy.kafka.repositories import repositories  # noqa: PLC0415  likewise

    context = MavenContext(repo_cache=FOLDER / "jars", remote_repos=repositories())
    path = Path(context.create_dependency(FLINK_CONNECTOR).artifact.resolve())
    if _sha256(path) != _FLINK_CONNECTOR_SHA256:
        raise GroundswellError(f"{path} is not the jar that the benchmark was made with: remove it and try again.")
    return path


def versions(name: str) -> dict[str, str]:
    """What an environment's requirements pin: package → version."""
    lines = (REQUIREMENTS / f"{name}.txt").read_text(encoding="ascii").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
