"""``python -m deploy.compose_env``, or ``make env``: what docker-compose.yml must be told, with passwords of one's own.

It runs before anything is installed: Python's own library alone.
"""

import argparse
import os
import secrets
import sys
from pathlib import Path

from streams.errors import FAILED, GroundswellError

ENV = Path(".env")
CAMPAIGNS = Path("campaigns")
_PASSWORDS = ("CLICKHOUSE_WRITER_PASSWORD", "CLICKHOUSE_READER_PASSWORD", "GRAFANA_ADMIN_PASSWORD")
_CLUSTER = {
    "COMPOSE_PROFILES": "cluster",
    "KAFKA_VOTERS": "1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093",
    "KAFKA_BOOTSTRAP": "kafka-1:9092,kafka-2:9092,kafka-3:9092",
    # Each record thrice, and taken when two have it: one broker may be away.
    "KAFKA_REPLICAS": "3",
    "KAFKA_MIN_INSYNC": "2",
}


def variables(brokers: int) -> dict[str, str]:
    """New values of every variable: ``brokers`` is 1 or 3. Letters, digits and `-_` alone: nothing needs quoting."""
    # 32 bytes each; in hexadecimal, as one of them stands in an address.
    found = {name: secrets.token_hex(32) for name in _PASSWORDS}
    # As Kafka makes them: 16 bytes; a dash in front would look like an option to its tools.
    found["KAFKA_CLUSTER_ID"] = secrets.choice("ABCDEFGH") + secrets.token_urlsafe(16)[1:]
    return {**found, **(_CLUSTER if brokers > 1 else {})}


def write(folder: Path, brokers: int) -> str:
    """Write ``folder``/.env, for its owner's eyes only, and the folder of campaigns; returns what to do next.

    A file that is there is left as it is. Raises ``GroundswellError`` when that one lacks a variable.
    """
    (folder / CAMPAIGNS).mkdir(exist_ok=True)
    wanted = variables(brokers)
    try:
        descriptor = os.open(folder / ENV, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        _check(folder / ENV, wanted)
        made = f"{ENV} is there already, and was left as it is"
    else:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("# Made by `make env`. Keep it: the data was written under these names and passwords.\n")
            file.writelines(f"{name}={value}\n" for name, value in wanted.items())
        made = f"Wrote {ENV} with new passwords"
    return (
        f"{made}. Next: `docker compose up --detach --wait`, then open http://127.0.0.1:3000 as `admin` with "
        f"GRAFANA_ADMIN_PASSWORD of {ENV}; campaign files go to {CAMPAIGNS}/.\n"
    )


def _check(path: Path, wanted: dict[str, str]) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "=" in line and line[:1] != "#"]
    found = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
    lacking = [name for name in wanted if not found.get(name)]
    if lacking:
        raise GroundswellError(
            f"{path} is there already and lacks {', '.join(lacking)}: add what is missing, or move it away (on a "
            "machine without data of Groundswell's) and run `make env` again."
        )


def main() -> int:
    """Write it in the working folder; 0 when all is there, 1 and one sentence when it is not."""
    parser = argparse.ArgumentParser(prog="make env", description="Passwords for docker compose, into .env.")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="Kafka brokers; decided once")
    brokers = parser.parse_args().brokers
    try:
        sys.stdout.write(write(Path(), brokers))
    except (GroundswellError, OSError) as error:
        sys.stderr.write(f"make env: {error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
