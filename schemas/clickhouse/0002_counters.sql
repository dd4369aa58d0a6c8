-- Made by `python -m schemas` from schemas/counters.py and counter_tables.py.

CREATE TABLE IF NOT EXISTS groundswell.token_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    kind LowCardinality(String),
    token String,
    source LowCardinality(String),
    event_type LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    partition UInt32,
    segment UInt64,
    rules UInt64,
    posts_added SimpleAggregateFunction(max, UInt64),
    posts_removed SimpleAggregateFunction(max, UInt64),
    occurrences_added SimpleAggregateFunction(max, UInt64),
    occurrences_removed SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(unit)
ORDER BY (unit, campaign, kind, window_start, token, source, event_type, topic_id, partition, segment, rules)
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
    unit DateTime('UTC'),
    partition UInt32,
    segment UInt64,
    rules UInt64,
    events SimpleAggregateFunction(max, UInt64),
    quantity_added SimpleAggregateFunction(max, UInt64),
    quantity_removed SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(unit)
ORDER BY (unit, campaign, window_start, source, event_type, lang, country, sentiment, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.spelling_counter
(
    campaign LowCardinality(String),
    kind LowCardinality(String),
    token String,
    spelling String,
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    partition UInt32,
    segment UInt64,
    rules UInt64,
    posts_added SimpleAggregateFunction(max, UInt64),
    posts_removed SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(unit)
ORDER BY (unit, campaign, kind, token, spelling, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.token_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    kind LowCardinality(String),
    token String,
    source LowCardinality(String),
    event_type LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    posts_added UInt64,
    posts_removed UInt64,
    occurrences_added UInt64,
    occurrences_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, kind, window_start, token, source, event_type, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.engagement_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    lang LowCardinality(String),
    country LowCardinality(String),
    sentiment LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    events UInt64,
    quantity_added UInt64,
    quantity_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, window_start, source, event_type, lang, country, sentiment, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.spelling_totals
(
    campaign LowCardinality(String),
    kind LowCardinality(String),
    token String,
    spelling String,
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    posts_added UInt64,
    posts_removed UInt64
)
ENGINE = MergeTree
PARTITION BY tuple()
ORDER BY (campaign, kind, token, spelling, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE OR REPLACE VIEW groundswell.units AS
SELECT topic_id, unit, groupBitXor(hash) AS fingerprint, groupArrayArray(stands) AS standing
FROM
(
    SELECT
        topic_id, unit, partition, segment,
        groupBitXor(sipHash64(partition, segment, campaign, newest)) AS hash,
        maxIf(newest.3, campaign = '*') AS whole,
        arrayFilter(one -> one.2.3 = whole, groupArray((campaign, newest))) AS complete,
        arrayMap(one -> (topic_id, unit, partition, segment, one.1, one.2.2), complete) AS stands
    FROM
    (
        SELECT topic_id, unit, partition, segment, campaign, max((generation, rules, read)) AS newest
        FROM groundswell.segments
        GROUP BY topic_id, unit, partition, segment, campaign
    )
    GROUP BY topic_id, unit, partition, segment
)
GROUP BY topic_id, unit;

CREATE OR REPLACE VIEW groundswell.standing AS
SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(standing) AS one FROM groundswell.units);
