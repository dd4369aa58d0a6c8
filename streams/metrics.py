"""Every metric, once: its name, labels, unit and meaning. Counters restart at 0 with the process."""

import math
import os
from pathlib import Path
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from streams.listening import on_free_port

_PARTITION = ("partition",)
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60, 300)
_STATM = Path("/proc/self/statm")
"""A process's memory in pages; the second number is what is resident."""

READ = Counter("groundswell_records_read_total", "Records taken from events.v1.", _PARTITION)
COUNTED = Counter("groundswell_events_counted_total", "Records that were events and counted.", _PARTITION)
DUPLICATES = Counter(
    "groundswell_events_duplicate_total", "Events that repeat an accepted one within the horizon.", _PARTITION
)
DEAD = Counter("groundswell_dead_letters_total", "Records that were no event, by reason.", (*_PARTITION, "reason"))
MARKERS = Counter("groundswell_markers_total", "Records of our own that close idle segments.", _PARTITION)
TOKENS_BEYOND_LIMIT = Counter(
    "groundswell_tokens_beyond_limit_total", "Tokens not counted: an event counts 64 of a kind.", ()
)
LAG = Gauge(
    "groundswell_lag_records",
    "Records of a partition that are on the log and not yet counted.",
    _PARTITION,
    multiprocess_mode="mostrecent",
)
FLUSH_SECONDS = Histogram(
    "groundswell_flush_seconds", "How long one flush to ClickHouse took, repetitions included.", (), buckets=_SECONDS
)
FLUSHED_ROWS = Counter("groundswell_flushed_rows_total", "Rows acknowledged by ClickHouse.", ("table",))
FLUSH_FAILURES = Counter(
    "groundswell_flush_failures_total", "Writes that ClickHouse did not take and were repeated.", ()
)
VISIBLE_SECONDS = Histogram(
    "groundswell_event_to_visible_seconds",
    "From the append time of a flush's oldest record to the moment that the views show it.",
    (),
    buckets=_SECONDS,
)
WAITING = Gauge(
    "groundswell_waiting_for_clickhouse",
    "1 while a flush is being repeated because ClickHouse does not take it.",
    (),
    multiprocess_mode="livemax",
)
WAITING_FOR_KAFKA = Gauge(
    "groundswell_waiting_for_kafka",
    "1 while Kafka does not answer: nothing more is read then, and nothing is lost.",
    (),
    multiprocess_mode="livemax",
)

MEMORY = Gauge(
    "groundswell_resident_memory_bytes",
    "What a worker's process holds in memory; of several on one port each, by its process id (`pid`).",
    (),
    multiprocess_mode="liveall",
)

SNAPSHOTS = Counter(
    "groundswell_snapshots_total",
    "Records taken from snapshots.v1, by outcome: taken; repeated and late, which change nothing; sent_on under the "
    "right key; refused.",
    (*_PARTITION, "outcome"),
)
SNAPSHOT_EVENTS = Counter(
    "groundswell_snapshot_events_total", "Events made of the differences between snapshots.", _PARTITION
)

COMPACTED = Counter(
    "groundswell_units_compacted_total", "Units whose rows were summed up, and are read so since then.", ()
)
COMPACTION_SECONDS = Histogram(
    "groundswell_compaction_seconds", "How long summing up one unit took.", (), buckets=_SECONDS
)

_ALERT = ("campaign", "alert", "metric", "severity")
ALERT_VALUE = Gauge(
    "groundswell_campaign_alert_value",
    "What was measured for an alert, in the unit of its metric; NaN where this worker does not evaluate.",
    _ALERT,
    multiprocess_mode="livemostrecent",
)
ALERT_LIMIT = Gauge(
    "groundswell_campaign_alert_limit",
    "The limit that an alert's value was compared with, in the same unit.",
    _ALERT,
    multiprocess_mode="livemostrecent",
)
ALERT_FIRING = Gauge(
    "groundswell_campaign_alert_firing",
    "1 while an alert fires: from crossing its limit to being well below it.",
    _ALERT,
    multiprocess_mode="livemostrecent",
)
ALERTS_EVALUATED = Gauge(
    "groundswell_alerts_evaluated_timestamp_seconds",
    "When alerts were last evaluated, as a Unix time.",
    (),
    multiprocess_mode="livemax",
)
NOTIFICATIONS = Counter(
    "groundswell_alert_notifications_total",
    "Attempts to notify a recipient, by whether its service took it: taken or failed.",
    ("outcome",),
)

ALL = (
    READ,
    COUNTED,
    DUPLICATES,
    DEAD,
    MARKERS,
    TOKENS_BEYOND_LIMIT,
    LAG,
    FLUSH_SECONDS,
    FLUSHED_ROWS,
    FLUSH_FAILURES,
    VISIBLE_SECONDS,
    WAITING,
    WAITING_FOR_KAFKA,
    MEMORY,
    SNAPSHOTS,
    SNAPSHOT_EVENTS,
    COMPACTED,
    COMPACTION_SECONDS,
    ALERT_VALUE,
    ALERT_LIMIT,
    ALERT_FIRING,
    ALERTS_EVALUATED,
    NOTIFICATIONS,
)


def markdown_table() -> str:
    """The metrics as a Markdown table: name, type, labels, meaning."""
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for metric in ALL:
        (described,) = metric.describe()
        suffix = "_total" if described.type == "counter" else ""
        labels = " ".join(f"`{label}`" for label in metric._labelnames)  # noqa: SLF001 - no public way to ask
        rows.append(f"| `{described.name}{suffix}` | {described.type} | {labels} | {described.documentation} |")
    return "\n".join(rows) + "\n"


def measure_memory() -> None:
    """Set ``MEMORY`` to what this process holds now; to NaN on systems that have no ``/proc``."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        MEMORY.set(math.nan)
    else:
        MEMORY.set(pages * os.sysconf("SC_PAGE_SIZE"))


def serve(port: int, registry: CollectorRegistry = REGISTRY, host: str = "127.0.0.1") -> WSGIServer:
    """Serve ``/metrics`` on ``host``: on ``port`` (0: any), or the next free one; returns the server, which runs.

    Raises ``GroundswellError`` where there is no free port, or no such address of this machine.
    """

    def start(candidate: int) -> WSGIServer:
        server, _ = start_http_server(candidate, addr=host, registry=registry)
        return server

    server = on_free_port(start, host, port, "GROUNDSWELL_METRICS_HOST and GROUNDSWELL_METRICS_PORT")
    if port not in {0, server.server_port}:
        structlog.get_logger().warning("metrics port taken, next free one used", taken=port, used=server.server_port)
    return server
