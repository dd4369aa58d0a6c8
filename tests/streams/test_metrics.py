"""Metrics: each one's name, unit and meaning; and the port they are served on."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from prometheus_client import Counter, Gauge, Histogram

from deploy.ports import free_port
from streams import metrics
from streams.errors import GroundswellError

SERVE = """
import sys
from streams.metrics import serve
print(serve(int(sys.argv[1])).server_port, flush=True)
sys.stdin.read()
"""
OF_ANY_UNIT = {"groundswell_campaign_alert_value", "groundswell_campaign_alert_limit"}
"""Their unit is that of the alert's metric."""

LISTED = {name: one for name, one in vars(metrics).items() if isinstance(one, Counter | Gauge | Histogram)}


def written(metric: Counter | Gauge | Histogram) -> str:
    (described,) = metric.describe()
    return f"{described.name}_total" if described.type == "counter" else str(described.name)


def test_every_metric_of_the_module_is_listed_once() -> None:
    assert list(map(id, metrics.ALL)) == list(map(id, LISTED.values()))


@pytest.mark.parametrize("metric", metrics.ALL, ids=written)
def test_metric_has_a_meaning_and_its_unit_in_its_name(metric: Counter | Gauge | Histogram) -> None:
    (described,) = metric.describe()
    assert re.fullmatch(r"[A-Z0-9].*\.", described.documentation)
    assert re.fullmatch(r"groundswell_[a-z_]+", written(metric))
    if described.type == "histogram":
        assert described.name.endswith(("_seconds", "_bytes"))
    if described.type == "gauge" and described.name not in OF_ANY_UNIT:
        assert described.name.endswith(("_records", "_bytes", "_seconds")) or described.documentation.startswith(
            "1 while"
        )


def test_metrics_account_for_every_record_read_by_partition() -> None:
    account = (metrics.READ, metrics.COUNTED, metrics.DUPLICATES, metrics.DEAD, metrics.MARKERS)
    assert all("partition" in metric._labelnames for metric in account)


def test_markdown_table_has_a_line_for_every_metric() -> None:
    lines = metrics.markdown_table().splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == [written(metric) for metric in metrics.ALL]


@contextmanager
def serving(port: int) -> Iterator[int]:
    """A process that serves its metrics from ``port`` on; gives the port it found."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        yield int(next(line for line in lines if line.strip().isdigit()))
    finally:
        process.communicate("", timeout=30)


def test_metrics_are_served_on_the_port_asked_for_and_by_a_second_worker_on_the_next_free_one() -> None:
    port = free_port()
    with serving(port) as first, serving(port) as second:
        assert first == port
        assert port < second < port + 100
        for one in (first, second):
            text = httpx.get(f"http://127.0.0.1:{one}/metrics", trust_env=False).text
            assert "# TYPE groundswell_flush_seconds histogram" in text
            assert "# TYPE groundswell_records_read_total counter" in text


def test_metrics_are_served_on_any_port_where_0_is_asked_for() -> None:
    with serving(0) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).status_code == 200


def test_metrics_at_the_last_port_do_not_look_beyond_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 65_535))
        taken.listen()
        with pytest.raises(
            GroundswellError,
            match=r"^Nothing can listen on 127\.0\.0\.1 from port 65535 on \(Address already in use\): set ",
        ):
            metrics.serve(65_535)


def test_metrics_are_served_on_the_address_asked_for_and_on_no_other() -> None:
    server = metrics.serve(0, host="127.0.0.2")
    assert httpx.get(f"http://127.0.0.2:{server.server_port}/metrics", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{server.server_port}/metrics", trust_env=False)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["192.0.2.1", "not a name"])
def test_metrics_on_an_address_of_another_machine_are_refused_with_what_to_do(host: str) -> None:
    with pytest.raises(GroundswellError, match=f"^Nothing can listen on {host} .* set GROUNDSWELL_METRICS_HOST and"):
        metrics.serve(0, host=host)
