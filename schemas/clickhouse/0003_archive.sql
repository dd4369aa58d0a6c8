-- The archive: one row for each distinct event that was counted, for post-mortems.

CREATE TABLE IF NOT EXISTS groundswell.archive
(
    topic_id LowCardinality(String),
    partition UInt32,
    offset UInt64,
    generation UInt64,
    append_time DateTime('UTC'),
    event_time DateTime('UTC'),
    observed_at DateTime('UTC'),
    source LowCardinality(String),
    event_id String,
    event_type LowCardinality(String),
    campaigns Array(LowCardinality(String)),
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
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMMDD(append_time)
ORDER BY (event_time, topic_id, partition, offset)
TTL append_time + INTERVAL 90 DAY
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1;

-- A recount writes an event's row again: FINAL leaves one.
CREATE OR REPLACE VIEW groundswell.events AS
SELECT
    event_time, observed_at, source, event_id, event_type, campaigns, post_id, ref_post_id, url, author_id,
    author_name, author_followers, lang, country, text, hashtags, emojis, accounts, quantity, amount, currency,
    sentiment
FROM groundswell.archive FINAL;
