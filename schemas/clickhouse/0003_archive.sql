-- The archive: each distinct event that was counted, for post-mortems. A row says by which rules versions it belongs to
-- which campaigns (also to '*' where everything is kept): a recount adds rows, and its accounts make them stand.

CREATE TABLE IF NOT EXISTS groundswell.archive
(
    topic_id LowCardinality(String),
    partition UInt32,
    segment UInt64,
    offset UInt64,
    append_time DateTime('UTC'),
    event_time DateTime('UTC'),
    observed_at DateTime('UTC'),
    source LowCardinality(String),
    event_id String,
    event_type LowCardinality(String),
    campaigns Array(LowCardinality(String)),
    rules Array(UInt64),
    post_id String,
    ref_post_id String,
    url String,
    author_id String,
    author_name String,
    author_followers Nullable(UInt64),
    lang LowCardinality(String),
    country LowCardinality(String),
    text String,
    hashtags Array(String),
    emojis Array(String),
    accounts Array(String),
    quantity Int64,
    amount Nullable(Int64),
    currency LowCardinality(String),
    sentiment LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(append_time)
ORDER BY (event_time, topic_id, partition, offset, rules)
TTL append_time + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1;

-- One row an event, with the campaigns that the standing rules give it, as the counters' views have them.
CREATE OR REPLACE VIEW groundswell.events AS
SELECT
    event_time,
    any(a.observed_at) AS observed_at,
    toLowCardinality(any(a.source)) AS source,
    any(a.event_id) AS event_id,
    toLowCardinality(any(a.event_type)) AS event_type,
    arraySort(arrayFilter(one -> one != '*', groupUniqArray(a.campaign))) AS campaigns,
    any(a.post_id) AS post_id,
    any(a.ref_post_id) AS ref_post_id,
    any(a.url) AS url,
    any(a.author_id) AS author_id,
    any(a.author_name) AS author_name,
    any(a.author_followers) AS author_followers,
    toLowCardinality(any(a.lang)) AS lang,
    toLowCardinality(any(a.country)) AS country,
    any(a.text) AS text,
    any(a.hashtags) AS hashtags,
    any(a.emojis) AS emojis,
    any(a.accounts) AS accounts,
    any(a.quantity) AS quantity,
    any(a.amount) AS amount,
    toLowCardinality(any(a.currency)) AS currency,
    toLowCardinality(any(a.sentiment)) AS sentiment
FROM (SELECT *, campaign, version FROM groundswell.archive ARRAY JOIN campaigns AS campaign, rules AS version) AS a
WHERE (a.topic_id, a.partition, a.segment, a.campaign, a.version) IN
    (SELECT topic_id, partition, segment, campaign, rules FROM groundswell.standing)
GROUP BY a.event_time AS event_time, a.topic_id, a.partition, a.offset;
