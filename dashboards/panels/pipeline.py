"""The panels of the dashboard "Pipeline": whether counting keeps up, from the workers' own metrics in Prometheus."""

from dashboards.panel import BLUE, BLUISH_GREEN, GREY, ORANGE, PURPLE, SKY_BLUE, VERMILLION, Column, Drawing, Panel
from dashboards.panels.launch import RECORDS

_EMPTY = "Prometheus has nothing from a worker: does it scrape the metrics' port?"


def _rate(metric: str) -> str:
    return f"sum(rate({metric}[$__rate_interval]))"


def _quantile(part: float, metric: str) -> str:
    return f"histogram_quantile({part}, sum by (le) (rate({metric}_bucket[$__rate_interval])))"


def _watch(
    title: str,
    question: str,
    definition: str,
    columns: tuple[Column, ...],
    width: int,
    height: int = 7,
    drawing: Drawing = "series",
) -> Panel:
    return Panel(title, question, definition, columns, "", drawing, _EMPTY, width, height)


HEALTH = _watch(
    "Health",
    "Is anything waiting or failing now?",
    "Records on the log that are not yet counted, of all partitions; 1 where a worker waits for ClickHouse or Kafka "
    "(nothing is lost meanwhile); seconds since campaigns' alerts were last evaluated, where any campaign has some.",
    (
        Column(
            "lag", "records", limits=((None, BLUISH_GREEN), (100_000, VERMILLION)),
            promql="sum(max by (partition) (groundswell_lag_records))",
        ),
        Column(
            "waiting for ClickHouse", "records", limits=((None, BLUISH_GREEN), (1, VERMILLION)),
            promql="max(groundswell_waiting_for_clickhouse)",
        ),
        Column(
            "waiting for Kafka", "records", limits=((None, BLUISH_GREEN), (1, VERMILLION)),
            promql="max(groundswell_waiting_for_kafka)",
        ),
        Column(
            "since alerts were evaluated", "seconds", limits=((None, BLUISH_GREEN), (60, VERMILLION)),
            promql="time() - max(groundswell_alerts_evaluated_timestamp_seconds > 0)",
        ),
    ),
    19, 8, "numbers",
)  # fmt: skip

LAG = _watch(
    "Lag",
    "Does counting keep up?",
    "Records of the log that are not yet counted: of all partitions, and of the one that is most behind.",
    (
        Column("all partitions", "records", look="line", promql="sum(max by (partition) (groundswell_lag_records))"),
        Column(
            "most of one partition", "records", ORANGE, look="dashed line",
            promql="max(max by (partition) (groundswell_lag_records))",
        ),
    ),
    6,
)  # fmt: skip

RATES = _watch(
    "Records",
    "How much comes, and what becomes of it?",
    "Records a second, of all workers: read = counted + duplicates + dead letters + markers.",
    (
        Column("read", "records per second", GREY, look="line", promql=_rate("groundswell_records_read_total")),
        Column("counted", "records per second", look="line", promql=_rate("groundswell_events_counted_total")),
        Column(
            "duplicates", "records per second", BLUE, look="line", promql=_rate("groundswell_events_duplicate_total")
        ),
        Column(
            "dead letters", "records per second", VERMILLION, look="line",
            promql=_rate("groundswell_dead_letters_total"),
        ),
    ),
    7,
)  # fmt: skip

DEAD_LETTERS = _watch(
    "Dead letters by reason",
    "What do producers send that is no event?",
    "Records refused in the time range, by the class of the reason; `groundswell dead-letters list` shows each.",
    (
        Column(
            "{{reason}}", "records", VERMILLION,
            promql="sum by (reason) (increase(groundswell_dead_letters_total[$__range])) > 0",
        ),
    ),
    5, drawing="bars",
)  # fmt: skip

VISIBLE = _watch(
    "From the log to the views",
    "How long until an event is seen?",
    "From the append time of a flush's oldest record to the moment that the views show it: half of the flushes are "
    "quicker than the median, 95 of 100 quicker than the other.",
    (
        Column("median", "seconds", look="line", promql=_quantile(0.5, "groundswell_event_to_visible_seconds")),
        Column(
            "95 of 100", "seconds", ORANGE, look="line", promql=_quantile(0.95, "groundswell_event_to_visible_seconds")
        ),
    ),
    6,
)  # fmt: skip

FLUSH = _watch(
    "Flushes",
    "Does ClickHouse take the rows quickly?",
    "How long a flush to ClickHouse takes, repetitions included; half of them are quicker than the median, 95 of 100 "
    "quicker than the other.",
    (
        Column("median", "seconds", look="line", promql=_quantile(0.5, "groundswell_flush_seconds")),
        Column("95 of 100", "seconds", ORANGE, look="line", promql=_quantile(0.95, "groundswell_flush_seconds")),
    ),
    6,
)  # fmt: skip

ROWS = _watch(
    "Rows",
    "How much is written, and is any of it refused?",
    "Rows a second that ClickHouse acknowledged, of all tables and workers, and writes a second that it did not take "
    "and that were repeated.",
    (
        Column("rows", "rows per second", look="line", promql=_rate("groundswell_flushed_rows_total")),
        Column(
            "writes repeated", "rows per second", VERMILLION, look="line",
            promql=_rate("groundswell_flush_failures_total"),
        ),
    ),
    6,
)  # fmt: skip

MEMORY = _watch(
    "Memory",
    "Does a worker grow?",
    "Resident memory of all workers together, and of each process: by its address, and its process id where several "
    "share a port (`up`, `worker --processes`).",
    (
        Column(
            "all workers", "bytes", ORANGE, look="dashed line",
            promql='sum(groundswell_resident_memory_bytes{job="groundswell"})',
        ),
        Column("{{instance}} {{pid}}", "bytes", promql='groundswell_resident_memory_bytes{job="groundswell"}'),
    ),
    6,
)  # fmt: skip

NOTIFICATIONS = _watch(
    "Notifications",
    "Are people told of alerts?",
    "Attempts to notify a recipient in the time range, by whether the service took it.",
    (
        Column(
            "{{outcome}}", "events", SKY_BLUE,
            promql="sum by (outcome) (increase(groundswell_alert_notifications_total[$__range]))",
        ),
    ),
    3, drawing="bars",
)  # fmt: skip

COMPACTION = _watch(
    "Compaction",
    "Are closed hours summed up?",
    "Units whose rows were summed up in the time range, and the seconds that the slowest 5 of 100 took at least.",
    (
        Column("units", "events", promql="sum(increase(groundswell_units_compacted_total[$__range]))"),
        Column(
            "95 of 100", "seconds", PURPLE,
            promql="histogram_quantile(0.95, sum by (le) (increase(groundswell_compaction_seconds_bucket[$__range])))",
        ),
    ),
    3, drawing="numbers",
)  # fmt: skip

PIPELINE = (
    HEALTH, RECORDS, LAG, RATES, DEAD_LETTERS, NOTIFICATIONS, COMPACTION, VISIBLE, FLUSH, ROWS, MEMORY,
)  # fmt: skip
