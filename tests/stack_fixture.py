"""A whole embedded stack for tests: its settings, and waiting until it has counted what was sent."""

import time
from pathlib import Path
from typing import Any

import httpx
from kafka import KafkaConsumer, TopicPartition

from deploy.ports import free_port
from schemas.topics import EVENTS
from streams.settings import Settings, load
from tests.oracle.log import Campaign


def stack_settings(folder: Path, campaigns: tuple[Campaign, ...] = (), **more: Any) -> Settings:
    """Settings of a stack of its own: free ports, and all its files in ``folder``."""
    files = folder / "campaigns"
    files.mkdir()
    for campaign in campaigns:
        (files / f"{campaign.name}.toml").write_text(campaign.toml(), encoding="utf-8")
    return load(
        kafka_bootstrap=f"127.0.0.1:{free_port()}",
        clickhouse_url=f"http://127.0.0.1:{free_port()}",
        metrics_port=free_port(),
        data_dir=folder / "data",
        campaigns=files,
        **more,
    )


def ask(settings: Settings, sql: str) -> str:
    """ClickHouse's answer, tab-separated, without a client library in between."""
    answer = httpx.post(settings.clickhouse_url, content=sql.encode(), timeout=60)
    answer.raise_for_status()
    return answer.text


def account(settings: Settings) -> dict[int, dict[str, int]]:
    """What became of each partition's records."""
    names = ("read", "counted", "duplicates", "dead", "markers")
    sums = ", ".join(f"sum({name})" for name in names)
    rows = ask(settings, f"SELECT partition, {sums} FROM groundswell.records GROUP BY partition ORDER BY partition")
    numbers = [[int(cell) for cell in row.split("\t")] for row in rows.splitlines()]
    return {partition: dict(zip(names, found, strict=True)) for partition, *found in numbers}


def log_ends(settings: Settings) -> dict[int, int]:
    """The offset after the last record of each partition of events.v1."""
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap)
    try:
        numbers = consumer.partitions_for_topic(EVENTS.name) or set()
        found = consumer.end_offsets([TopicPartition(EVENTS.name, number) for number in numbers])
        return {tp.partition: offset for tp, offset in found.items()}
    finally:
        consumer.close()


def wait_until_counted(settings: Settings, records: int, timeout_s: float = 120) -> None:
    """Wait until as many records are accounted for; fails with how far it came."""
    give_up_s = time.monotonic() + timeout_s
    while True:
        read = sum(found["read"] for found in account(settings).values())
        if read >= records:
            return
        assert time.monotonic() < give_up_s, f"{read} of {records} records were counted in {timeout_s} s"
        time.sleep(0.3)
