"""ClickHouse's users.xml and config.xml: the engine itself enforces the grants and limits, and knows every setting."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import compose_env
from schemas.counters import COUNTERS, DATABASE
from streams import reference
from streams.migrate import migrate
from tests.deploy import compose
from tests.deploy.clickhouse_users import USERS, RefusedError, Session
from tests.deploy.compose import ROOT

CONFIG = ROOT / "deploy/clickhouse-server/config.xml"
TREE = ET.fromstring(USERS.read_text(encoding="utf-8"))
TABLES = f"SELECT name, engine FROM system.tables WHERE database = '{DATABASE}'"
COUNTER = f"{DATABASE}.{COUNTERS[0].table}"
DENIED = r"Not enough privileges|ACCESS_DENIED"


def granted(user: str) -> set[str]:
    """The names in `GRANT … ON groundswell.name`, which is the only form that is used."""
    queries = [grant.text or "" for grant in TREE.iterfind(f"users/{user}/grants/query")]
    assert all(re.fullmatch(rf"GRANT (SELECT|ALL) ON {DATABASE}\.(\w+|\*)", query) for query in queries)
    return {query.rsplit(".", 1)[1] for query in queries}


READABLE = sorted(granted("reader"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine's data, migrated and written to by `groundswell` with no more than its grants."""
    folder = tmp_path_factory.mktemp("users")
    with Session(folder / "writer", folder / "data", "groundswell") as writer:
        migrate(writer.rows, writer.rows, 90)
        assert migrate(writer.rows, writer.rows, 30) == []
        views = [name for name, engine in writer.rows(TABLES) if engine == "View"]
        # What workers do besides: they write, and compaction deletes what totals stand for.
        writer.rows(f"INSERT INTO {COUNTER} SELECT * FROM {COUNTER}")
        writer.rows(f"ALTER TABLE {COUNTER} DELETE WHERE 0 SETTINGS mutations_sync = 1")
        with pytest.raises(RefusedError, match=DENIED):
            writer.rows("CREATE DATABASE elsewhere")
    # On a server, who made them is called `groundswell`; here every session's user is called `default`.
    with Session(folder / "admin", folder / "data", None) as admin:
        for view in views:
            admin.rows(f"ALTER TABLE {DATABASE}.{view} MODIFY SQL SECURITY DEFINER DEFINER = groundswell")
    return folder / "data"


@pytest.fixture(scope="module")
def tables(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Everything in the database: name → engine."""
    with Session(tmp_path_factory.mktemp("tables") / "admin", data, None) as session:
        return dict(session.rows(TABLES))


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Somebody who may ask the engine about itself; with data of their own, as the reader has the other."""
    folder = tmp_path_factory.mktemp("admin")
    with Session(folder / "admin", folder / "data", None) as session:
        yield session


@pytest.fixture(scope="module")
def reader(data: Path, tables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    assert tables
    with Session(tmp_path_factory.mktemp("reader") / "reader", data, "reader") as session:
        yield session


@pytest.mark.parametrize("view", READABLE)
def test_reader_reads_a_view_without_a_grant_on_what_is_below_it(reader: Session, view: str) -> None:
    assert isinstance(reader.rows(f"SELECT * FROM {DATABASE}.{view} LIMIT 1"), list)


def test_reader_reads_nothing_else_of_the_database_and_does_not_see_it(reader: Session, tables: dict[str, str]) -> None:
    others = set(tables) - set(READABLE)
    assert {COUNTERS[0].table, "segments", "archive", "migrations"} <= others
    for other in sorted(others):
        with pytest.raises(RefusedError, match=DENIED):
            reader.rows(f"SELECT * FROM {DATABASE}.`{other}`")
    assert {name for name, _ in reader.rows(TABLES)} == set(READABLE)


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO {COUNTER} SELECT * FROM {COUNTER}",
        f"ALTER TABLE {COUNTER} DELETE WHERE 1",
        f"TRUNCATE TABLE {COUNTER}",
        f"DROP VIEW {DATABASE}.events",
        f"CREATE VIEW {DATABASE}.mine AS SELECT 1",
        "CREATE TEMPORARY TABLE mine (x Int8)",
        "CREATE USER me",
        "SYSTEM FLUSH LOGS",
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'x String')",
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1', 'system.one')",
        "SELECT * FROM system.users",
    ],
)
def test_reader_may_not_change_anything_or_leave_the_database(reader: Session, statement: str) -> None:
    with pytest.raises(RefusedError, match=DENIED):
        reader.rows(statement)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("SELECT sum(number) FROM numbers(3000000000)", "max_rows_to_read"),
        ("SELECT * FROM numbers(1100000) FORMAT Null", "Limit for result exceeded"),
        ("SELECT length(groupArray(number)) FROM numbers(200000000)", "memory limit exceeded"),
        ("SELECT 1 SETTINGS readonly = 0", "readonly"),
        ("SELECT 1 SETTINGS max_memory_usage = 0", "readonly"),
        ("SET max_rows_to_read = 0", "readonly"),
    ],
)
def test_reader_takes_no_more_than_its_share_and_cannot_raise_it(reader: Session, statement: str, why: str) -> None:
    with pytest.raises(RefusedError, match=f"(?i){why}"):
        reader.rows(statement)


def test_limits_quota_and_constraint_are_what_the_engine_has_of_the_file(admin: Session) -> None:
    of_reader = "FROM system.settings_profile_elements WHERE profile_name = 'reader'"
    profile = dict(admin.rows(f"SELECT setting_name, value {of_reader} AND value IS NOT NULL"))
    bounds = admin.rows(f"SELECT setting_name, min, max {of_reader} AND max IS NOT NULL")
    quota = admin.rows(
        "SELECT duration, max_queries, max_errors, max_execution_time FROM system.quota_limits "
        "WHERE quota_name = 'reader'"
    )
    assert profile.keys() >= {"readonly", "max_execution_time", "max_memory_usage", "max_rows_to_read"}
    assert profile["readonly"] == "1"
    assert bounds == [["max_execution_time", "1", "90"]]
    assert quota == [[60, 6000, 600, 240]]


def test_grants_are_the_documented_views_and_no_others(tables: dict[str, str]) -> None:
    documented = set(re.findall(r"\*\*`(\w+)`\*\*", reference.document()))
    addends = {f"{counter.view}_addends" for counter in COUNTERS}
    assert set(READABLE) == documented | addends
    assert {tables[view] for view in READABLE} == {"View"}


def test_dashboards_ask_for_no_more_than_the_reader_may_read() -> None:
    asked = {
        name
        for path in (ROOT / "dashboards").glob("*.json")
        for name in re.findall(rf"\b{DATABASE}\.(\w+)", path.read_text(encoding="utf-8"))
    }
    assert asked
    assert asked <= set(READABLE)


def test_there_is_no_user_but_these_two_and_none_whose_password_stands_in_the_file() -> None:
    users = TREE.find("users")
    assert users is not None
    assert {user.tag for user in users} == {"groundswell", "reader"}
    environment = compose.services(compose_env.variables(1))["clickhouse"]["environment"]
    for user in users:
        password = user.find("password")
        assert password is not None
        assert not password.text
        assert len(environment[password.attrib["from_env"]]) == 64


def test_every_server_setting_of_the_configuration_is_one_that_the_engine_knows(admin: Session) -> None:
    tree = ET.fromstring(CONFIG.read_text(encoding="utf-8"))
    plain = {node.tag for node in tree if not len(node) and not node.get("remove")}
    known = {name for (name,) in admin.rows("SELECT name FROM system.server_settings")}
    assert plain
    assert plain <= known


def test_what_grafanas_plugin_sends_along_may_be_changed_although_the_reader_is_read_only() -> None:
    changeable = [node.tag for node in TREE.findall("profiles/reader/constraints/*[changeable_in_readonly]")]
    assert changeable == ["max_execution_time"]
    # The driver below the plugin asks for 5 s more than the time-out that the plugin gives it.
    most_s = int(TREE.findtext("profiles/reader/constraints/max_execution_time/max") or 0)
    provisioned = ROOT / "deploy/grafana/provisioning/datasources/groundswell.yaml"
    (time_out_s,) = re.findall(r'queryTimeout: "(\d+)"', provisioned.read_text(encoding="utf-8"))
    assert int(time_out_s) + 5 <= most_s
    config = ET.fromstring(CONFIG.read_text(encoding="utf-8"))
    # Without this the server would refuse the whole file.
    assert config.findtext("access_control_improvements/settings_constraints_replace_previous") == "true"
