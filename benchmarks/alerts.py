"""From the event that crosses a threshold to the notification received, both ways: ``python -m benchmarks.alerts``.

A whole stack of its own: Kafka, a worker, ClickHouse, and a webhook that apprise calls; where Debian's Prometheus and
Alertmanager are, they read the worker's metrics by the example configurations of ``deploy/``, and call another.
With ``--kill`` there are two workers, and after each crossing both are killed, at any moment of the two rounds that
follow: every crossing must be told, and repeats must bear the same id.
"""

import argparse
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import msgspec
from msgspec import Struct

from deploy.ports import free_port
from deploy.stack import Stack
from schemas.campaign_file import parse
from schemas.event import Event
from streams.alerts import prometheus
from streams.producer import Producer
from streams.settings import Settings, load
from tests.streams.alerts.programs import Server
from tests.streams.alerts.webhook import Webhook

_CAMPAIGN = """
name = "c{number}"
title = "c{number}"
hashtags = ["alertbench{number}"]

[[alerts]]
kind = "threshold"
name = "two"
metric = "mentions"
above = 1
over_s = 600
severity = "critical"
notify = ["BENCHMARK_WEBHOOK"]
"""
_ROOT = Path(__file__).parent.parent
_PATIENCE_S = 120
_LONGEST_PAUSE_S = 5.0


class Way(Struct, frozen=True):
    """One way of notification: how long it took, which crossings nobody was told of, and how often one was repeated.

    ``strange`` are ids that no crossing should have led to.
    """

    name: str
    median_s: float
    worst_s: float
    missed: list[int]
    repeats: int
    strange: list[str]


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a crossing was told to nobody."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alerts", description=__doc__)
    parser.add_argument("--crossings", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--apprise-only", action="store_true", help="without Prometheus and Alertmanager")
    parser.add_argument("--kill", action="store_true", help="kill the workers after each crossing")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        ways = _measure(Path(folder), asked.crossings, both=not asked.apprise_only, kill=asked.kill)
    if asked.json:
        sys.stdout.write(msgspec.json.encode(ways).decode() + "\n")
    else:
        for way in ways:
            sys.stdout.write(
                f"{way.name}: median {way.median_s:.1f} s, worst {way.worst_s:.1f} s of {asked.crossings}\n"
            )
            sys.stdout.write(f"  missed {way.missed}, repeated {way.repeats} times, strange ids {way.strange}\n")
    return 1 if any(way.missed or way.strange for way in ways) else 0


def _measure(folder: Path, crossings: int, *, both: bool, kill: bool) -> list[Way]:
    settings = _settings(folder, crossings)
    with ExitStack() as running:
        direct, routed = running.enter_context(Webhook()), running.enter_context(Webhook())
        os.environ["BENCHMARK_WEBHOOK"] = direct.apprise_url
        stack = running.enter_context(Stack(settings, workers=2 if kill else 1, progress=lambda _: None))
        if both:
            running.enter_context(_monitoring(folder, settings, routed.port))
        _wait_for_evaluation(settings)
        crossed = _cross(settings, crossings, stack if kill else None)
        webhooks = {"apprise": direct, "Prometheus and Alertmanager": routed} if both else {"apprise": direct}
        deadline_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline_s and any(len(_told(one)) < crossings for one in webhooks.values()):
            time.sleep(0.1)
        return [_way(name, crossed, webhook) for name, webhook in webhooks.items()]


def _settings(folder: Path, crossings: int) -> Settings:
    campaigns = folder / "campaigns"
    campaigns.mkdir()
    for number in range(crossings):
        (campaigns / f"c{number}.toml").write_text(_CAMPAIGN.format(number=number), encoding="utf-8")
    return load(
        kafka_bootstrap=f"127.0.0.1:{free_port()}",
        clickhouse_url=f"http://127.0.0.1:{free_port()}",
        metrics_port=free_port(),
        data_dir=folder / "data",
        campaigns=campaigns,
    )


@contextmanager
def _monitoring(folder: Path, settings: Settings, webhook_port: int) -> Iterator[None]:
    """Prometheus and Alertmanager by the example configurations, of which only addresses are others."""
    port, alertmanager = free_port(), free_port()
    addresses = {"9108": settings.metrics_port, "9093": alertmanager, "9099": webhook_port}
    for name in ("prometheus/prometheus.yml", "alertmanager/alertmanager.yml"):
        text = (_ROOT / "deploy" / name).read_text(encoding="utf-8")
        for given, chosen in addresses.items():
            text = text.replace(f"127.0.0.1:{given}", f"127.0.0.1:{chosen}")
        (folder / Path(name).name).write_text(text, encoding="utf-8")
    found = [parse(path.read_text(encoding="utf-8"), path.name) for path in settings.campaigns.glob("*.toml")]
    for name, text in prometheus.files(found).items():
        (folder / name).write_text(text, encoding="utf-8")
    routing = [
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address=127.0.0.1:{alertmanager}",
        "--cluster.listen-address=",
    ]
    reading = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (
        Server("prometheus-alertmanager", routing, f"http://127.0.0.1:{alertmanager}/-/ready", folder / "routing.log"),
        Server("prometheus", reading, f"http://127.0.0.1:{port}/-/ready", folder / "reading.log"),
    ):
        yield


def _wait_for_evaluation(settings: Settings) -> None:
    """Until the worker, and the metrics that it shares, tell of a first round."""
    evaluated = re.compile(r"^groundswell_alerts_evaluated_timestamp_seconds [1-9]", re.MULTILINE)
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s:
        page = httpx.get(f"http://127.0.0.1:{settings.metrics_port}/metrics", trust_env=False).text
        if evaluated.search(page):
            return
        time.sleep(0.2)
    raise TimeoutError("the worker evaluates nothing")


def _cross(settings: Settings, crossings: int, killed: Stack | None) -> dict[int, float]:
    """Send each campaign its second mention, at any moment of a round; returns when that happened (Unix time, s).

    After each, the workers of the stack ``killed`` are killed, where one is given.
    """
    rng = random.Random(1)  # noqa: S311 - moments, not secrets
    crossed = {}
    with Producer(settings) as producer:
        for number in range(crossings):
            producer.publish(_mention(number, "first"))
        for number in range(crossings):
            time.sleep(rng.uniform(0, _LONGEST_PAUSE_S))
            crossed[number] = time.time_ns() / 1e9
            producer.publish(_mention(number, "second"))
            producer.flush()
            if killed is not None:
                time.sleep(rng.uniform(0, 2 * _LONGEST_PAUSE_S))
                _kill_workers(killed)
    return crossed


def _kill_workers(stack: Stack) -> None:
    for name, pid in stack.pids().items():
        if name.startswith("Worker"):
            os.kill(pid, signal.SIGKILL)


def _mention(number: int, which: str) -> Event:
    return Event(
        event_id=f"alertbench-{number}-{which}",
        source="x",
        event_type="mention",
        event_time=time.time_ns() // 1_000_000,
        text=f"#alertbench{number}",
    )


def _told(webhook: Webhook) -> dict[int, float]:
    """When the webhook first heard of each campaign's alert."""
    told: dict[int, float] = {}
    for moment_s, document in list(webhook.received):
        alerts = document.get("alerts") or [{"labels": {"campaign": document.get("title", "").split(" ")[-1]}}]
        for alert in alerts:
            campaign = alert["labels"].get("campaign", "").split("/")[0]
            if campaign.startswith("c") and alert["labels"].get("alertname") != "GroundswellCampaignNotWatched":
                told.setdefault(int(campaign[1:]), moment_s)
    return told


def _way(name: str, crossed: dict[int, float], webhook: Webhook) -> Way:
    told = _told(webhook)
    titles = [document["title"] for _, document in webhook.received if "title" in document]
    strange = set(titles) - {f"[critical] c{number}/two/1" for number in crossed}
    taken_s = [told[number] - moment_s for number, moment_s in crossed.items() if number in told]
    missed = sorted(set(crossed) - set(told))
    return Way(
        name,
        statistics.median(taken_s or [0.0]),
        max(taken_s, default=0.0),
        missed,
        len(titles) - len(set(titles)),
        sorted(strange),
    )


if __name__ == "__main__":
    sys.exit(main())
