"""A limit: ClickHouse's engine alone over the same events in a file; no Kafka, nothing written but the result.

One regular expression finds hashtags and emojis, in RE2: exact here, and not on any text (``tokens``); of emojis, Ⓜ️
alone changes with the case of letters.
"""

from chdb.session import Session

from benchmarks.contenders.protocol import WINDOW_MS, counted, task
from benchmarks.contenders.tokens import EMOJI, HASHTAG_IN_SQL

COUNTS = """
CREATE TABLE bench.counts ENGINE = Memory AS
SELECT intDiv(event_time, {window}) * {window} AS window_start, source, event_type, token, count() AS posts
FROM
(
    SELECT
        event_time, source, event_type,
        arrayJoin(arrayDistinct(extractAll(replaceAll(lowerUTF8(text), 'ⓜ', 'Ⓜ'), '{pattern}'))) AS token
    FROM file('{file}', JSONEachRow, 'event_time Int64, source LowCardinality(String),
        event_type LowCardinality(String), text String')
)
GROUP BY window_start, source, event_type, token
"""

RESULT = """
SELECT window_start, source, event_type, if(startsWith(counts.token, '#'), 'hashtag', 'emoji') AS kind,
    if(startsWith(counts.token, '#'), substring(counts.token, 2), counts.token) AS token, posts
FROM bench.counts AS counts
INTO OUTFILE '{file}' FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0
"""


def main() -> None:
    """Count the file's events."""
    given = task()
    pattern = f"(?:{HASHTAG_IN_SQL}|{EMOJI})".replace("\\", "\\\\")
    with Session(str(given.out.parent / "chdb")) as session:
        session.query("CREATE DATABASE bench")
        session.query("SET max_threads = 2, input_format_skip_unknown_fields = 1")
        session.query(COUNTS.format(window=WINDOW_MS, pattern=pattern, file=given.file))
        counted()
        session.query(RESULT.format(file=given.out / "counts.jsonl"))


if __name__ == "__main__":
    main()
