"""The contenders that run on what the tests have: they count, and leave nothing behind but their result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from benchmarks.contenders.protocol import COUNTED
from deploy.kafka.broker import Broker

ROOT = Path(__file__).parents[2]
PARTITIONS = 4


@pytest.mark.parametrize("contender", ["faust_dict", "faust_table"])
def test_faust_counts_and_leaves_nothing_where_it_is_started(kafka: Broker, tmp_path: Path, contender: str) -> None:
    topic = f"of-{contender}"
    events = [
        {"event_time": 20_000 + number, "source": "x", "event_type": "mention", "text": "#love"} for number in range(3)
    ]
    client = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    client.create_topics({topic: {"num_partitions": PARTITIONS}}, wait_for_metadata=True)
    client.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for event in events:
        producer.send(topic, json.dumps(event).encode())
    producer.close()
    out, here = tmp_path / "out", tmp_path / "here"
    out.mkdir()
    here.mkdir()
    given = {"bootstrap": kafka.bootstrap, "topic": topic, "group": topic, "records": 3, "file": here, "out": out}
    words = [word for option, value in given.items() for word in (f"--{option}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.contenders.{contender}", *words],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{COUNTED}\n")
    (counted,) = map(json.loads, (out / "counts.jsonl").read_text(encoding="utf-8").splitlines())
    assert counted == {
        "window_start": 20_000, "source": "x", "event_type": "mention", "kind": "hashtag", "token": "love", "posts": 3,
    }  # fmt: skip
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["counts.jsonl"]
    assert list(here.iterdir()) == []
