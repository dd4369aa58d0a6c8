"""``groundswell alerts``: what each command prints, records and refuses."""

import getpass
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver import Client
from typer.testing import CliRunner, Result

from streams import campaigns, doctor
from streams.alerts import notify, prometheus
from streams.alerts.evaluator import Evaluator
from streams.cli.alerts import app
from streams.errors import GroundswellError
from streams.settings import load
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.streams.alerts.counted import write
from tests.streams.alerts.test_evaluator import TOML, crowd
from tests.streams.alerts.webhook import Webhook


@pytest.fixture(autouse=True)
def folder(engine: ClickHouse, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one campaign file, which is where everything is told to look."""
    del client  # it says that nothing has fired yet
    (tmp_path / "kindness.toml").write_text(TOML, encoding="utf-8")
    monkeypatch.setenv("GROUNDSWELL_CLICKHOUSE_URL", engine.url)
    monkeypatch.setenv("GROUNDSWELL_CAMPAIGNS", str(tmp_path))
    monkeypatch.delenv("TEAM_CHAT", raising=False)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def asked(*arguments: str) -> Any:
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*arguments: str) -> str:
    result = call(*arguments)
    assert isinstance(result.exception, GroundswellError)
    return str(result.exception)


@pytest.fixture
def fired(engine: ClickHouse, client: Client, folder: Path) -> None:
    write(engine, crowd(30))
    Evaluator(client, campaigns.load(folder)).round()


@pytest.mark.usefixtures("fired")
def test_list_has_what_fires_with_what_was_told() -> None:
    (one,) = asked("list")
    assert (one["alert_id"], one["value"], one["limit"], one["resolved"]) == ("kindness/many/1", 30, 20, None)
    assert (one["recipients"], one["failures"], one["acknowledged"]) == ([], 1, None)
    assert asked("list", "kindness") == [one]
    assert asked("list", "other") == []
    assert all(word in call("list").stdout for word in ("kindness/many/1", "fires", "nobody"))


def test_list_says_where_nothing_fires() -> None:
    result = call("list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No alert fires" in result.stderr


@pytest.mark.usefixtures("fired")
def test_list_leaves_out_what_was_over_before_then(engine: ClickHouse) -> None:
    columns = "campaign, alert, ordinal, transition"
    engine.lines(f"INSERT INTO groundswell.alert_log ({columns}) VALUES ('kindness', 'many', 1, 'resolved')")
    assert len(asked("list", "--since", "1h")) == 1
    assert asked("list", "--since", "2100-01-01T00:00") == []


@pytest.mark.usefixtures("fired")
def test_ack_takes_an_alert_on() -> None:
    assert asked("ack", "kindness/many/1", "--by", "ana") == {"alert_id": "kindness/many/1", "acknowledged_by": "ana"}
    (one,) = asked("list")
    assert one["acknowledged_by"] == "ana"
    assert call("ack", "kindness/many/1").stdout == f"kindness/many/1 is taken on by {getpass.getuser()}\n"


def test_ack_refuses_what_has_not_fired() -> None:
    assert refused("ack", "kindness/many/9").startswith("No alert 'kindness/many/9' has fired: ")


def test_silence_holds_for_a_campaign_or_an_alert_and_can_be_ended(client: Client) -> None:
    assert asked("silence", "kindness", "many", "--for", "2h")["alert"] == "many"
    assert call("silence", "kindness").stdout.startswith("kindness is silent until ")
    assert call("silence", "kindness", "--for", "0s").stdout == "kindness is silent no more\n"
    sql = "SELECT alert, round(until - at) FROM groundswell.alert_log WHERE transition = 'silenced' ORDER BY at"
    assert client.query(sql).result_rows == [("many", 7200), ("", 3600), ("", 0)]


def test_silence_refuses_a_campaign_or_an_alert_that_is_not_declared() -> None:
    assert refused("silence", "kindess").startswith("No campaign file names 'kindess': ")
    assert refused("silence", "kindness", "money").startswith("kindness has no alert 'money': ")


def test_test_sends_a_marked_notification(webhook: Webhook) -> None:
    assert asked("test", "kindness") == [{"alert": "many", "recipient": "TEAM_CHAT", "failure": None}]
    ((_, document),) = webhook.received
    assert document["title"] == "[test] kindness/many/test"
    assert "nothing has happened" in document["message"]


def test_test_says_what_failed_without_the_secret(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "s3cr3t"
    caplog.set_level("DEBUG")
    webhook.status = 403
    urls = f"json://user:{secret}@127.0.0.1:{webhook.port} nonsense://{secret} {webhook.apprise_url}/{secret}"
    monkeypatch.setenv("TEAM_CHAT", urls)
    result = call("test", "kindness")
    assert result.exit_code == 1
    assert "MEND  many: JSON (URL 1 of TEAM_CHAT) did not take it; URL 2 of TEAM_CHAT is none" in result.output
    assert secret not in result.output + caplog.text


def test_test_names_a_variable_that_is_not_set() -> None:
    result = call("test", "kindness")
    assert (result.exit_code, result.stdout.startswith("MEND  many: TEAM_CHAT is not set: ")) == (1, True)


def test_test_says_when_apprise_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    assert refused("test", "kindness").endswith("install Groundswell with its extra `alerts`.")
    with pytest.raises(GroundswellError):
        notify.check_installed()


def test_doctor_names_what_nobody_could_be_told_by(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = {"campaigns", "alerts"}

    def said() -> dict[str, tuple[bool, str]]:
        found = doctor.examine(load(kafka_bootstrap="127.0.0.1:1"))
        return {one.subject: (one.well, one.message) for one in itertools.islice(found, len(looked_at))}

    unset = "TEAM_CHAT is not set: give it an apprise URL in the environment of the workers."
    assert said()["alerts"] == (False, unset)
    monkeypatch.setenv("TEAM_CHAT", "json://127.0.0.1")
    assert said()["alerts"] == (True, "1 declared; those that tell somebody tell TEAM_CHAT")
    assert said().keys() == looked_at
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    assert said()["alerts"][1].endswith("install Groundswell with its extra `alerts`.")


def test_rules_writes_a_file_for_each_campaign_and_check_tells_stale_ones(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "rules"
    where = ("--folder", str(place))
    assert call("rules", *where, "--check").exit_code == 1
    assert not place.exists()
    written = asked("rules", *where)["written"]
    assert [Path(path).name for path in written] == [f"{prometheus.CAMPAIGN_PREFIX}kindness.yml", prometheus.PIPELINE]
    assert call("rules", *where, "--check").stdout == "2 rule files are up to date\n"
    (folder / "kindness.toml").write_text(TOML.replace("above = 20", "above = 30"), encoding="utf-8")
    assert call("rules", *where, "--check").exit_code == 1
    assert len(asked("rules", *where)["written"]) == 1
    (folder / "kindness.toml").unlink()
    assert "kindness.yml: stale" in call("rules", *where, "--check").stdout
    call("rules", *where)
    assert [path.name for path in place.iterdir()] == [prometheus.PIPELINE]
