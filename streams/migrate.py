"""ClickHouse migrations: numbered SQL files of ``schemas/clickhouse``, each applied once, in order."""

import hashlib
import re
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

from msgspec import Struct

from schemas.counters import DATABASE
from streams.errors import GroundswellError

Execute = Callable[[str], Any]
Query = Callable[[str], Sequence[Sequence[Any]]]


class Migration(Struct, frozen=True):
    """One file: its number, name and statements."""

    version: int
    name: str
    statements: tuple[str, ...]
    sha256: str


def migrations() -> list[Migration]:
    """Every migration, by number."""
    found = []
    for file in resources.files("schemas").joinpath("clickhouse").iterdir():
        numbered = re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name)
        if numbered:
            text = file.read_text(encoding="utf-8")
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            found.append(Migration(int(numbered[1]), file.name, _statements(text), sha256))
    return sorted(found, key=lambda migration: migration.version)


def _statements(text: str) -> tuple[str, ...]:
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return tuple(part.strip() for part in code.split(";\n") if part.strip().rstrip(";"))


def migrate(execute: Execute, query: Query, archive_days: int) -> list[str]:
    """Bring the database up to date; returns the names of what was applied now.

    ``execute`` runs one statement, ``query`` one SELECT to rows. Statements can be repeated harmlessly, so two at once
    or one cut short do no harm. Raises ``GroundswellError`` when the database is of a newer Groundswell.
    """
    execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
    execute(
        f"CREATE TABLE IF NOT EXISTS {DATABASE}.migrations (version UInt32, name String, sha256 String, "
        "applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY version"
    )
    known = migrations()
    done = {int(version) for (version,) in query(f"SELECT DISTINCT version FROM {DATABASE}.migrations")}
    if done and max(done) > known[-1].version:
        raise GroundswellError(
            f"ClickHouse's tables are of a newer Groundswell (migration {max(done)}, this one knows "
            f"{known[-1].version}): upgrade Groundswell here."
        )
    applied = []
    for migration in known:
        if migration.version in done:
            continue
        for statement in migration.statements:
            execute(statement.rstrip(";"))
        execute(
            f"INSERT INTO {DATABASE}.migrations (version, name, sha256) VALUES "
            f"({migration.version}, '{migration.name}', '{migration.sha256}')"
        )
        applied.append(migration.name)
    _keep_archive(execute, query, archive_days)
    return applied


def let_views_be_granted(execute: Execute, query: Query) -> None:
    """Have views read their tables as the user who calls this: whoever may read a view needs no grant on what is below.

    For servers with several users. The embedded engine has one, and there it would cost each query some 15 ms a view:
    for each, ClickHouse would begin anew, and read the coverage again.
    """
    views = query(
        f"SELECT name FROM system.tables WHERE database = '{DATABASE}' AND engine = 'View' "
        "AND position(create_table_query, 'SQL SECURITY DEFINER') = 0"
    )
    for (view,) in views:
        execute(f"ALTER TABLE {DATABASE}.{view} MODIFY SQL SECURITY DEFINER")


def _keep_archive(execute: Execute, query: Query, days: int) -> None:
    ((ddl,),) = query(
        f"SELECT create_table_query FROM system.tables WHERE database = '{DATABASE}' AND name = 'archive'"
    )
    if f"toIntervalDay({days})" not in str(ddl):
        execute(f"ALTER TABLE {DATABASE}.archive MODIFY TTL append_time + toIntervalDay({days})")
