"""The evaluator on a real engine and a real webhook: what fires is told, whatever happens on the way."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver import Client
from msgspec.structs import replace
from prometheus_client import REGISTRY

from schemas import alert_log
from schemas.campaign import Campaign, Goal, Hijack, LaunchWindow, Mood, Pace, Silence, Spike, Threshold
from schemas.counters import DATABASE
from streams import campaigns, metrics
from streams.alerts import evaluator, history
from streams.alerts.evaluator import Evaluator
from streams.settings import load
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.streams.alerts.counted import Happened, write
from tests.streams.alerts.evaluating import KILL_AT, STEPS
from tests.streams.alerts.webhook import Webhook

NOTIFY = ("TEAM_CHAT",)
MANY = Threshold(name="many", metric="mentions", above=20, over_s=600, severity="critical", notify=NOTIFY)


def now_s() -> int:
    return time.time_ns() // 10**9


def campaign(*alerts: Any, **more: Any) -> Campaign:
    begun = datetime.now(UTC) - timedelta(hours=2)
    launch = LaunchWindow("launch", begun, begun + timedelta(days=1))
    made = Campaign(name="kindness", title="Kindness", hashtags=("kind*",), launch_windows=(launch,), alerts=alerts)
    return replace(made, **more)


def crowd(count: int, ago_s: int = 30, authors: int = 100, **more: Any) -> list[Happened]:
    return [Happened(now_s() - ago_s, author=f"a{number % authors}", **more) for number in range(count)]


def fired(client: Client) -> dict[str, tuple[Any, ...]]:
    sql = "SELECT alert_id, severity, value, limit, recipients, resolved IS NOT NULL, failures FROM groundswell.alerts"
    return {row[0]: tuple(row[1:]) for row in client.query(sql).result_rows}


def test_an_alert_fires_is_told_and_resolved_and_stands_in_the_view(
    engine: ClickHouse, client: Client, webhook: Webhook
) -> None:
    one = Evaluator(client, [campaign(MANY)])
    write(engine, crowd(20))
    one.round()
    assert fired(client) == {}
    write(engine, crowd(1))
    one.round()
    one.round()
    assert fired(client) == {"kindness/many/1": ("critical", 21.0, 20.0, ["TEAM_CHAT"], 0, 0)}
    write(engine, crowd(2, quantity=-1))
    one.round()
    assert fired(client)["kindness/many/1"][4] == 0
    write(engine, crowd(2, quantity=-1))
    one.round()
    assert fired(client)["kindness/many/1"][4] == 1
    ((_, document),) = webhook.received
    assert document["title"] == "[critical] kindness/many/1"
    assert "21 mentions in the last 10 min; the limit is 20" in document["message"]
    assert document["message"].endswith("Alert kindness/many/1")
    assert document["type"] == "failure"


def test_every_kind_fires_on_its_own_ground_and_no_other(engine: ClickHouse, client: Client) -> None:
    goal = Goal("many", "mentions", 10**6, datetime.now(UTC) + timedelta(minutes=5))
    alerts = (
        Threshold(name="reached", metric="contributors", above=99),
        Threshold(name="not-on-tiktok", metric="mentions", above=1, source="tiktok"),
        Spike(name="spike", over_s=300),
        Spike(name="no-spike-of-likes", metric="likes", over_s=300),
        Pace(name="pace", goal="many"),
        Silence(name="silence", over_s=20),
        Silence(name="no-silence", over_s=300),
        Mood(name="mood", over_s=300),
        Hijack(name="hijack", over_s=300),
    )
    bad: dict[str, Any] = {"sentiment": "negative", "hashtags": ("kindness", "boo", "kind")}
    write(engine, [*crowd(120, 60, **bad), *crowd(40, 60, sentiment="positive", hashtags=("kind", "sun"))])
    write(engine, crowd(3, 7200, hashtags=("sun",)))
    Evaluator(client, [campaign(*alerts, goals=(goal,))]).round()
    names = ("reached", "spike", "pace", "silence", "mood", "hijack")
    assert set(fired(client)) == {f"kindness/{name}/1" for name in names}
    ((message,),) = client.query("SELECT message FROM groundswell.alerts WHERE alert = 'hijack'").result_rows
    assert "#boo is new here, 120 posts by 100 authors" in message


def test_a_hashtag_that_was_seen_the_day_before_is_no_hijack(engine: ClickHouse, client: Client) -> None:
    bad: dict[str, Any] = {"sentiment": "negative", "hashtags": ("kindness", "boo")}
    write(engine, crowd(120, 60, **bad))
    write(engine, crowd(6, 7200, **bad))
    Evaluator(client, [campaign(Hijack(name="hijack", over_s=300))]).round()
    assert fired(client) == {}


def test_two_campaigns_are_measured_together_and_apart(engine: ClickHouse, client: Client) -> None:
    other = campaign(replace(MANY, notify=()), name="other")
    write(engine, [*crowd(15), *crowd(30, campaign="other")])
    Evaluator(client, [campaign(MANY), other]).round()
    assert list(fired(client)) == ["other/many/1"]


def test_a_service_that_refuses_is_told_later_and_every_failure_is_visible(
    engine: ClickHouse, client: Client, webhook: Webhook
) -> None:
    webhook.status = 500
    write(engine, crowd(30))
    one = Evaluator(client, [campaign(MANY)])
    before = metrics.NOTIFICATIONS.labels("failed")._value.get()
    one.round()
    one.round()
    assert fired(client)["kindness/many/1"][3:] == ([], 0, 1)
    assert metrics.NOTIFICATIONS.labels("failed")._value.get() == before + 1
    sql = "SELECT message FROM groundswell.alert_log WHERE transition = 'failed'"
    ((why,),) = client.query(sql).result_rows
    assert why.startswith("JSON (URL 1 of TEAM_CHAT) did not take it")
    webhook.status = 200
    Evaluator(client, [campaign(MANY)]).round()  # whoever takes over waits for no back-off
    assert webhook.titles == ["[critical] kindness/many/1"]
    assert fired(client)["kindness/many/1"][3:] == (["TEAM_CHAT"], 0, 1)


def test_a_variable_that_is_not_set_is_a_failure_that_names_it(engine: ClickHouse, client: Client) -> None:
    write(engine, crowd(30))
    Evaluator(client, [campaign(replace(MANY, notify=("NOT_SET",)))]).round()
    ((why,),) = client.query("SELECT message FROM groundswell.alert_log WHERE transition = 'failed'").result_rows
    assert why == "NOT_SET is not set: give it an apprise URL in the environment of the workers."


def test_a_silenced_and_an_acknowledged_alert_tell_nobody(engine: ClickHouse, client: Client, webhook: Webhook) -> None:
    write(engine, crowd(30))
    history.silence(client, "kindness", "many", timedelta(hours=1), "ana")
    one = Evaluator(client, [campaign(MANY)])
    one.round()
    history.acknowledge(client, "kindness/many/1", "ana")
    history.silence(client, "kindness", "many", timedelta(0), "ana")
    one.round()
    assert webhook.received == []
    sql = "SELECT acknowledged IS NOT NULL, acknowledged_by FROM groundswell.alerts"
    assert client.query(sql).result_rows == [(1, "ana")]


def test_an_alert_whose_silence_ends_is_told(engine: ClickHouse, client: Client, webhook: Webhook) -> None:
    write(engine, crowd(30))
    history.silence(client, "kindness", "", timedelta(hours=1), "ana")
    one = Evaluator(client, [campaign(MANY)])
    one.round()
    assert webhook.received == []
    history.silence(client, "kindness", "", timedelta(0), "ana")
    one.round()
    assert webhook.titles == ["[critical] kindness/many/1"]


def test_two_evaluators_at_once_give_an_alert_one_id(
    engine: ClickHouse, client: Client, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(engine, crowd(30))
    both_have_looked = threading.Barrier(2, timeout=60)
    record = history.record

    def record_together(*arguments: Any) -> None:
        both_have_looked.wait()
        record(*arguments)

    monkeypatch.setattr(history, "record", record_together)
    each = [Evaluator(history.connect(load(clickhouse_url=engine.url)), [campaign(MANY)]) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(one.round) for one in each]:
            done.result()
    sql = "SELECT count() FROM groundswell.alert_log WHERE transition = 'fired'"
    assert client.query(sql).result_rows == [(2,)]
    assert set(webhook.titles) == {"[critical] kindness/many/1"}
    assert list(fired(client)) == ["kindness/many/1"]


def test_an_alert_whose_campaign_is_gone_is_resolved(engine: ClickHouse, client: Client) -> None:
    write(engine, crowd(30))
    Evaluator(client, [campaign(replace(MANY, notify=()))]).round()
    Evaluator(client, [campaign(MANY, name="other")]).round()
    assert fired(client)["kindness/many/1"][4] == 1


def test_the_thread_goes_on_after_a_failure_and_says_nothing_once_another_evaluates(
    engine: ClickHouse, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    del client  # nothing has fired yet
    write(engine, crowd(30))
    answers = iter([None, True, False])

    def is_ours() -> bool:
        answer = next(answers)
        if answer is None:
            raise RuntimeError("no")
        return answer

    def forget(_: object) -> None:
        raise _EndedError

    monkeypatch.setattr(evaluator, "EVERY_S", 0.01)
    monkeypatch.setattr("streams.alerts.gauges.forget", forget)
    with pytest.raises(_EndedError):
        evaluator._run(load(clickhouse_url=engine.url), [campaign(replace(MANY, notify=()))], is_ours)
    assert shown_to_prometheus(severity="critical") == 1


def shown_to_prometheus(severity: str) -> float | None:
    labels = {"campaign": "kindness", "alert": "many", "metric": "mentions", "severity": severity}
    return REGISTRY.get_sample_value("groundswell_campaign_alert_firing", labels)


class _EndedError(BaseException):
    """Ends a function that never ends by itself."""


def test_a_row_recorded_twice_changes_nothing(engine: ClickHouse, client: Client, webhook: Webhook) -> None:
    write(engine, crowd(30))
    Evaluator(client, [campaign(MANY)]).round()
    once = history.read(client).episodes
    engine.lines("INSERT INTO groundswell.alert_log SELECT * REPLACE (at + 5 AS at) FROM groundswell.alert_log")
    assert history.read(client).episodes == once
    assert len(webhook.received) == 1


def test_the_last_alert_that_is_taken_out_of_the_files_is_resolved_and_the_thread_ends(
    engine: ClickHouse, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(engine, crowd(30))
    Evaluator(client, [campaign(replace(MANY, notify=()))]).round()
    monkeypatch.setattr(evaluator, "EVERY_S", 0.01)
    evaluator._run(load(clickhouse_url=engine.url), [campaign()], lambda: True)
    assert fired(client)["kindness/many/1"][4] == 1


def test_the_view_has_the_columns_that_are_declared(client: Client) -> None:
    rows = client.query(f"DESCRIBE TABLE {DATABASE}.{alert_log.VIEW}").result_rows
    assert {name: kind for name, kind, *_ in rows} == {name: kind for name, (kind, _) in alert_log.COLUMNS.items()}


TOML = """
name = "kindness"
title = "Kindness"
hashtags = ["kind*"]

[[alerts]]
kind = "threshold"
name = "many"
metric = "mentions"
above = 20
notify = ["TEAM_CHAT"]
"""


@pytest.mark.parametrize("step", STEPS)
def test_an_evaluator_killed_after_any_step_loses_no_alert_and_repeats_one_only_under_its_id(
    engine: ClickHouse, client: Client, webhook: Webhook, tmp_path: Path, step: str
) -> None:
    write(engine, crowd(30))
    (tmp_path / "kindness.toml").write_text(TOML, encoding="utf-8")
    places = {"GROUNDSWELL_CLICKHOUSE_URL": engine.url, "GROUNDSWELL_CAMPAIGNS": str(tmp_path), KILL_AT: step}
    command = [sys.executable, "-m", "tests.streams.alerts.evaluating"]
    assert subprocess.run(command, env={**os.environ, **places}, check=False).returncode == -signal.SIGKILL
    assert len(webhook.received) == (step in {"send", "note"})
    metrics.ALERT_FIRING.clear()
    Evaluator(client, campaigns.load(tmp_path)).round()
    assert fired(client)["kindness/many/1"][3] == ["TEAM_CHAT"]
    # Whoever takes over shows Prometheus the same alert from its first round on: to it nothing has ended or begun.
    assert shown_to_prometheus(severity="warning") == 1
    # Only what was sent and is not on record is sent again.
    assert webhook.titles == ["[warning] kindness/many/1"] * (2 if step == "send" else 1)
