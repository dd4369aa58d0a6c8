-- Made by `python -m schemas` from schemas/counters.py and counter_tables.py.

CREATE TABLE IF NOT EXISTS groundswell.author_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    author_id String,
    author_name String,
    role LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    partition UInt32,
    segment UInt64,
    rules UInt64,
    events SimpleAggregateFunction(max, UInt64),
    quantity_added SimpleAggregateFunction(max, UInt64),
    quantity_removed SimpleAggregateFunction(max, UInt64),
    impressions_added SimpleAggregateFunction(max, UInt64),
    impressions_removed SimpleAggregateFunction(max, UInt64),
    likely_impressions_added SimpleAggregateFunction(max, UInt64),
    likely_impressions_removed SimpleAggregateFunction(max, UInt64),
    unknown SimpleAggregateFunction(max, UInt64),
    followers SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(unit)
ORDER BY (unit, campaign, window_start, source, event_type, author_id, author_name, role, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.target_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    target LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    author_id String,
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
ORDER BY (unit, campaign, target, window_start, source, event_type, author_id, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.pair_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag String,
    other String,
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
ORDER BY (unit, campaign, window_start, hashtag, other, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.group_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag_group LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
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
ORDER BY (unit, campaign, hashtag_group, window_start, source, event_type, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.pledge_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    source LowCardinality(String),
    currency LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    partition UInt32,
    segment UInt64,
    rules UInt64,
    events SimpleAggregateFunction(max, UInt64),
    amount_added SimpleAggregateFunction(max, UInt64),
    amount_removed SimpleAggregateFunction(max, UInt64),
    unknown SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMMDD(unit)
ORDER BY (unit, campaign, currency, window_start, source, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.reaction_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    post LowCardinality(String),
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
ORDER BY (unit, campaign, window_start, source, event_type, post, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.hashtag_reaction_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag String,
    source LowCardinality(String),
    event_type LowCardinality(String),
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
ORDER BY (unit, campaign, hashtag, window_start, source, event_type, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.sample_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag String,
    source LowCardinality(String),
    author_id String,
    post_id String,
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
ORDER BY (unit, campaign, window_start, hashtag, source, author_id, post_id, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.author_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    author_id String,
    author_name String,
    role LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    events UInt64,
    quantity_added UInt64,
    quantity_removed UInt64,
    impressions_added UInt64,
    impressions_removed UInt64,
    likely_impressions_added UInt64,
    likely_impressions_removed UInt64,
    unknown UInt64,
    followers UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, window_start, source, event_type, author_id, author_name, role, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.target_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    target LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    author_id String,
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    posts_added UInt64,
    posts_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, target, window_start, source, event_type, author_id, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.pair_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag String,
    other String,
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    posts_added UInt64,
    posts_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, window_start, hashtag, other, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.group_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag_group LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    posts_added UInt64,
    posts_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, hashtag_group, window_start, source, event_type, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.pledge_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    source LowCardinality(String),
    currency LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    events UInt64,
    amount_added UInt64,
    amount_removed UInt64,
    unknown UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, currency, window_start, source, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.reaction_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    source LowCardinality(String),
    event_type LowCardinality(String),
    post LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    events UInt64,
    quantity_added UInt64,
    quantity_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, window_start, source, event_type, post, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.hashtag_reaction_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag String,
    source LowCardinality(String),
    event_type LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    events UInt64,
    quantity_added UInt64,
    quantity_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, hashtag, window_start, source, event_type, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.sample_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag String,
    source LowCardinality(String),
    author_id String,
    post_id String,
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    posts_added UInt64,
    posts_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, window_start, hashtag, source, author_id, post_id, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE OR REPLACE VIEW groundswell.authors AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, source, event_type, author_id, author_name, role,
    sum(toInt64(events)) AS events,
    sum(toInt64(quantity_added)) - sum(toInt64(quantity_removed)) AS quantity,
    sum(toInt64(impressions_added)) - sum(toInt64(impressions_removed)) AS impressions,
    sum(toInt64(likely_impressions_added)) - sum(toInt64(likely_impressions_removed)) AS likely_impressions,
    sum(toInt64(unknown)) AS unknown,
    if(max(followers) = 0, NULL, toInt64(max(followers)) - 1) AS followers
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('String') AS author_id, defaultValueOfTypeName('String') AS author_name, defaultValueOfTypeName('LowCardinality(String)') AS role, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed, defaultValueOfTypeName('UInt64') AS impressions_added, defaultValueOfTypeName('UInt64') AS impressions_removed, defaultValueOfTypeName('UInt64') AS likely_impressions_added, defaultValueOfTypeName('UInt64') AS likely_impressions_removed, defaultValueOfTypeName('UInt64') AS unknown, defaultValueOfTypeName('UInt64') AS followers
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, source, event_type, author_id, author_name, role, events, quantity_added, quantity_removed, impressions_added, impressions_removed, likely_impressions_added, likely_impressions_removed, unknown, followers
    FROM groundswell.author_totals
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, source, event_type, author_id, author_name, role, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed, max(impressions_added) AS impressions_added, max(impressions_removed) AS impressions_removed, max(likely_impressions_added) AS likely_impressions_added, max(likely_impressions_removed) AS likely_impressions_removed, max(unknown) AS unknown, max(followers) AS followers
    FROM groundswell.author_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, author_id, author_name, role, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, source, event_type, author_id, author_name, role;

CREATE OR REPLACE VIEW groundswell.target_mentions AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, target, source, event_type, author_id,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS target, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('String') AS author_id, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, target, source, event_type, author_id, posts_added, posts_removed
    FROM groundswell.target_totals
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, target, source, event_type, author_id, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.target_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, target, source, event_type, author_id, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, target, source, event_type, author_id;

CREATE OR REPLACE VIEW groundswell.hashtag_pairs AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag, other,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS hashtag, defaultValueOfTypeName('String') AS other, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag, other, posts_added, posts_removed
    FROM groundswell.pair_totals
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, hashtag, other, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.pair_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, other, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag, other;

CREATE OR REPLACE VIEW groundswell.hashtag_groups AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag_group, source, event_type,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS hashtag_group, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag_group, source, event_type, posts_added, posts_removed
    FROM groundswell.group_totals
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, hashtag_group, source, event_type, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.group_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag_group, source, event_type, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag_group, source, event_type;

CREATE OR REPLACE VIEW groundswell.pledged AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, source, currency,
    sum(toInt64(events)) AS events,
    sum(toInt64(amount_added)) - sum(toInt64(amount_removed)) AS amount,
    sum(toInt64(unknown)) AS unknown
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS currency, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS amount_added, defaultValueOfTypeName('UInt64') AS amount_removed, defaultValueOfTypeName('UInt64') AS unknown
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, source, currency, events, amount_added, amount_removed, unknown
    FROM groundswell.pledge_totals
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, source, currency, max(events) AS events, max(amount_added) AS amount_added, max(amount_removed) AS amount_removed, max(unknown) AS unknown
    FROM groundswell.pledge_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, currency, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, source, currency;

CREATE OR REPLACE VIEW groundswell.reactions AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, source, event_type, post,
    sum(toInt64(events)) AS events,
    sum(toInt64(quantity_added)) - sum(toInt64(quantity_removed)) AS quantity
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('LowCardinality(String)') AS post, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, source, event_type, post, events, quantity_added, quantity_removed
    FROM groundswell.reaction_totals
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, source, event_type, post, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.reaction_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, post, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, source, event_type, post;

CREATE OR REPLACE VIEW groundswell.hashtag_reactions AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag, source, event_type,
    sum(toInt64(events)) AS events,
    sum(toInt64(quantity_added)) - sum(toInt64(quantity_removed)) AS quantity
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS hashtag, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, events, quantity_added, quantity_removed
    FROM groundswell.hashtag_reaction_totals
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.hashtag_reaction_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, source, event_type, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag, source, event_type;

CREATE OR REPLACE VIEW groundswell.sampled_posts AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag, source, author_id, post_id,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS hashtag, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('String') AS author_id, defaultValueOfTypeName('String') AS post_id, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag, source, author_id, post_id, posts_added, posts_removed
    FROM groundswell.sample_totals
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, hashtag, source, author_id, post_id, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.sample_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, source, author_id, post_id, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag, source, author_id, post_id;
