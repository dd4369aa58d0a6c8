-- Made by `python -m schemas` from schemas/counters.py.

CREATE TABLE IF NOT EXISTS groundswell.token_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    kind LowCardinality(String),
    token String,
    source LowCardinality(String),
    event_type LowCardinality(String),
    topic_id LowCardinality(String),
    partition UInt32,
    segment UInt64,
    rules UInt64,
    posts_added SimpleAggregateFunction(max, UInt64),
    posts_removed SimpleAggregateFunction(max, UInt64),
    occurrences_added SimpleAggregateFunction(max, UInt64),
    occurrences_removed SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(window_start)
ORDER BY (campaign, kind, window_start, token, source, event_type, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.engagement_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    lang LowCardinality(String),
    country LowCardinality(String),
    sentiment LowCardinality(String),
    topic_id LowCardinality(String),
    partition UInt32,
    segment UInt64,
    rules UInt64,
    events SimpleAggregateFunction(max, UInt64),
    quantity_added SimpleAggregateFunction(max, UInt64),
    quantity_removed SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(window_start)
ORDER BY (campaign, window_start, source, event_type, lang, country, sentiment, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.spelling_counter
(
    campaign LowCardinality(String),
    kind LowCardinality(String),
    token String,
    spelling String,
    topic_id LowCardinality(String),
    partition UInt32,
    segment UInt64,
    rules UInt64,
    posts_added SimpleAggregateFunction(max, UInt64),
    posts_removed SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY tuple()
ORDER BY (campaign, kind, token, spelling, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE OR REPLACE VIEW groundswell.standing AS
SELECT topic_id, partition, segment, campaign, tupleElement(newest, 2) AS rules
FROM
(
    SELECT topic_id, partition, segment, campaign, max((generation, rules, read)) AS newest
    FROM groundswell.segments
    GROUP BY topic_id, partition, segment, campaign
)
WHERE (topic_id, partition, segment, tupleElement(newest, 3)) IN
(
    SELECT topic_id, partition, segment, tupleElement(max((generation, rules, read)), 3)
    FROM groundswell.segments
    WHERE campaign = '*'
    GROUP BY topic_id, partition, segment
);
