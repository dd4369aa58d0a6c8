-- Made by `python -m schemas` from schemas/counters.py and counter_tables.py.

CREATE TABLE IF NOT EXISTS groundswell.hashtag_sentiment_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag String,
    source LowCardinality(String),
    event_type LowCardinality(String),
    sentiment LowCardinality(String),
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
ORDER BY (unit, campaign, window_start, hashtag, source, event_type, sentiment, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.post_reaction_counter
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    post_id String,
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
ORDER BY (unit, campaign, window_start, source, post_id, event_type, topic_id, partition, segment, rules)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.hashtag_sentiment_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    hashtag String,
    source LowCardinality(String),
    event_type LowCardinality(String),
    sentiment LowCardinality(String),
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    run UInt64,
    posts_added UInt64,
    posts_removed UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (campaign, window_start, hashtag, source, event_type, sentiment, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS groundswell.post_reaction_totals
(
    window_start DateTime('UTC'),
    campaign LowCardinality(String),
    post_id String,
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
ORDER BY (campaign, window_start, source, post_id, event_type, topic_id, unit, run)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE OR REPLACE VIEW groundswell.coverage AS
SELECT groupArrayIf(run, run > 0) AS runs, groupArrayArray(remaining) AS rows
FROM
(
    SELECT
        arrayMax(arrayMap(one -> if(one.1 = fingerprint, one.2, 0), arrayPushBack(made, (0, 0)))) AS valid,
        retired[1].1 AS last,
        if(valid > 0, valid, last) AS run,
        multiIf(
            valid > 0, [],
            last > 0, arrayFilter(one -> NOT has(retired[1].2, (one.3, one.4)), standing),
            standing
        ) AS remaining
    FROM (
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
GROUP BY topic_id, unit
    ) AS units
    LEFT JOIN
    (
        SELECT
            topic_id, unit,
            groupArray((fingerprint, run)) AS made,
            [max((if(notEmpty(covers), run, 0), covers))] AS retired
        FROM groundswell.compaction
        GROUP BY topic_id, unit
    ) AS compacted USING (topic_id, unit)
);

CREATE OR REPLACE VIEW groundswell.token_counts AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, kind, token, source, event_type,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts,
    sum(toInt64(occurrences_added)) - sum(toInt64(occurrences_removed)) AS occurrences
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS kind, defaultValueOfTypeName('String') AS token, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed, defaultValueOfTypeName('UInt64') AS occurrences_added, defaultValueOfTypeName('UInt64') AS occurrences_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, kind, token, source, event_type, posts_added, posts_removed, occurrences_added, occurrences_removed
    FROM groundswell.token_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, kind, token, source, event_type, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed, max(occurrences_added) AS occurrences_added, max(occurrences_removed) AS occurrences_removed
    FROM groundswell.token_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, kind, token, source, event_type, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, kind, token, source, event_type;

CREATE OR REPLACE VIEW groundswell.engagement AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, source, event_type, lang, country, sentiment,
    sum(toInt64(events)) AS events,
    sum(toInt64(quantity_added)) - sum(toInt64(quantity_removed)) AS quantity
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('LowCardinality(String)') AS lang, defaultValueOfTypeName('LowCardinality(String)') AS country, defaultValueOfTypeName('LowCardinality(String)') AS sentiment, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, source, event_type, lang, country, sentiment, events, quantity_added, quantity_removed
    FROM groundswell.engagement_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, source, event_type, lang, country, sentiment, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.engagement_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, lang, country, sentiment, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, source, event_type, lang, country, sentiment;

CREATE OR REPLACE VIEW groundswell.spellings AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    campaign, kind, token, spelling,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts
FROM
(
    SELECT defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS kind, defaultValueOfTypeName('String') AS token, defaultValueOfTypeName('String') AS spelling, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT campaign, kind, token, spelling, posts_added, posts_removed
    FROM groundswell.spelling_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT campaign, kind, token, spelling, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.spelling_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY campaign, kind, token, spelling, topic_id, unit, partition, segment
)
GROUP BY campaign, kind, token, spelling;

CREATE OR REPLACE VIEW groundswell.authors AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
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
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, source, event_type, author_id, author_name, role, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed, max(impressions_added) AS impressions_added, max(impressions_removed) AS impressions_removed, max(likely_impressions_added) AS likely_impressions_added, max(likely_impressions_removed) AS likely_impressions_removed, max(unknown) AS unknown, max(followers) AS followers
    FROM groundswell.author_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, author_id, author_name, role, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, source, event_type, author_id, author_name, role;

CREATE OR REPLACE VIEW groundswell.target_mentions AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
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
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, target, source, event_type, author_id, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.target_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, target, source, event_type, author_id, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, target, source, event_type, author_id;

CREATE OR REPLACE VIEW groundswell.hashtag_pairs AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
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
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag, other, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.pair_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, other, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag, other;

CREATE OR REPLACE VIEW groundswell.hashtag_groups AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
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
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag_group, source, event_type, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.group_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag_group, source, event_type, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag_group, source, event_type;

CREATE OR REPLACE VIEW groundswell.pledged AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
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
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, source, currency, max(events) AS events, max(amount_added) AS amount_added, max(amount_removed) AS amount_removed, max(unknown) AS unknown
    FROM groundswell.pledge_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, currency, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, source, currency;

CREATE OR REPLACE VIEW groundswell.reactions AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
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
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, source, event_type, post, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.reaction_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, post, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, source, event_type, post;

CREATE OR REPLACE VIEW groundswell.hashtag_reactions AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
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
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.hashtag_reaction_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, source, event_type, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag, source, event_type;

CREATE OR REPLACE VIEW groundswell.hashtag_sentiment AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag, source, event_type, sentiment,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS hashtag, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('LowCardinality(String)') AS sentiment, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, sentiment, posts_added, posts_removed
    FROM groundswell.hashtag_sentiment_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, sentiment, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.hashtag_sentiment_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, source, event_type, sentiment, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag, source, event_type, sentiment;

CREATE OR REPLACE VIEW groundswell.post_reactions AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, post_id, source, event_type,
    sum(toInt64(events)) AS events,
    sum(toInt64(quantity_added)) - sum(toInt64(quantity_removed)) AS quantity
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS post_id, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, post_id, source, event_type, events, quantity_added, quantity_removed
    FROM groundswell.post_reaction_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, post_id, source, event_type, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.post_reaction_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, post_id, source, event_type, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, post_id, source, event_type;

CREATE OR REPLACE VIEW groundswell.sampled_posts AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
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
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag, source, author_id, post_id, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.sample_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, source, author_id, post_id, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, hashtag, source, author_id, post_id;

CREATE OR REPLACE VIEW groundswell.token_counts_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, kind, token, source, event_type,
    toInt64(posts_added) - toInt64(posts_removed) AS posts,
    toInt64(occurrences_added) - toInt64(occurrences_removed) AS occurrences
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS kind, defaultValueOfTypeName('String') AS token, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed, defaultValueOfTypeName('UInt64') AS occurrences_added, defaultValueOfTypeName('UInt64') AS occurrences_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, kind, token, source, event_type, posts_added, posts_removed, occurrences_added, occurrences_removed
    FROM groundswell.token_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, kind, token, source, event_type, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed, max(occurrences_added) AS occurrences_added, max(occurrences_removed) AS occurrences_removed
    FROM groundswell.token_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, kind, token, source, event_type, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.engagement_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, source, event_type, lang, country, sentiment,
    toInt64(events) AS events,
    toInt64(quantity_added) - toInt64(quantity_removed) AS quantity
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('LowCardinality(String)') AS lang, defaultValueOfTypeName('LowCardinality(String)') AS country, defaultValueOfTypeName('LowCardinality(String)') AS sentiment, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, source, event_type, lang, country, sentiment, events, quantity_added, quantity_removed
    FROM groundswell.engagement_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, source, event_type, lang, country, sentiment, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.engagement_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, lang, country, sentiment, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.spellings_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    campaign, kind, token, spelling,
    toInt64(posts_added) - toInt64(posts_removed) AS posts
FROM
(
    SELECT defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS kind, defaultValueOfTypeName('String') AS token, defaultValueOfTypeName('String') AS spelling, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT campaign, kind, token, spelling, posts_added, posts_removed
    FROM groundswell.spelling_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT campaign, kind, token, spelling, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.spelling_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY campaign, kind, token, spelling, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.authors_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, source, event_type, author_id, author_name, role,
    toInt64(events) AS events,
    toInt64(quantity_added) - toInt64(quantity_removed) AS quantity,
    toInt64(impressions_added) - toInt64(impressions_removed) AS impressions,
    toInt64(likely_impressions_added) - toInt64(likely_impressions_removed) AS likely_impressions,
    toInt64(unknown) AS unknown,
    if(followers = 0, NULL, toInt64(followers) - 1) AS followers
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('String') AS author_id, defaultValueOfTypeName('String') AS author_name, defaultValueOfTypeName('LowCardinality(String)') AS role, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed, defaultValueOfTypeName('UInt64') AS impressions_added, defaultValueOfTypeName('UInt64') AS impressions_removed, defaultValueOfTypeName('UInt64') AS likely_impressions_added, defaultValueOfTypeName('UInt64') AS likely_impressions_removed, defaultValueOfTypeName('UInt64') AS unknown, defaultValueOfTypeName('UInt64') AS followers
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, source, event_type, author_id, author_name, role, events, quantity_added, quantity_removed, impressions_added, impressions_removed, likely_impressions_added, likely_impressions_removed, unknown, followers
    FROM groundswell.author_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, source, event_type, author_id, author_name, role, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed, max(impressions_added) AS impressions_added, max(impressions_removed) AS impressions_removed, max(likely_impressions_added) AS likely_impressions_added, max(likely_impressions_removed) AS likely_impressions_removed, max(unknown) AS unknown, max(followers) AS followers
    FROM groundswell.author_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, author_id, author_name, role, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.target_mentions_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, target, source, event_type, author_id,
    toInt64(posts_added) - toInt64(posts_removed) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS target, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('String') AS author_id, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, target, source, event_type, author_id, posts_added, posts_removed
    FROM groundswell.target_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, target, source, event_type, author_id, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.target_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, target, source, event_type, author_id, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.hashtag_pairs_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag, other,
    toInt64(posts_added) - toInt64(posts_removed) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS hashtag, defaultValueOfTypeName('String') AS other, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag, other, posts_added, posts_removed
    FROM groundswell.pair_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag, other, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.pair_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, other, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.hashtag_groups_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag_group, source, event_type,
    toInt64(posts_added) - toInt64(posts_removed) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS hashtag_group, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag_group, source, event_type, posts_added, posts_removed
    FROM groundswell.group_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag_group, source, event_type, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.group_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag_group, source, event_type, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.pledged_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, source, currency,
    toInt64(events) AS events,
    toInt64(amount_added) - toInt64(amount_removed) AS amount,
    toInt64(unknown) AS unknown
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS currency, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS amount_added, defaultValueOfTypeName('UInt64') AS amount_removed, defaultValueOfTypeName('UInt64') AS unknown
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, source, currency, events, amount_added, amount_removed, unknown
    FROM groundswell.pledge_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, source, currency, max(events) AS events, max(amount_added) AS amount_added, max(amount_removed) AS amount_removed, max(unknown) AS unknown
    FROM groundswell.pledge_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, currency, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.reactions_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, source, event_type, post,
    toInt64(events) AS events,
    toInt64(quantity_added) - toInt64(quantity_removed) AS quantity
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('LowCardinality(String)') AS post, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, source, event_type, post, events, quantity_added, quantity_removed
    FROM groundswell.reaction_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, source, event_type, post, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.reaction_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, post, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.hashtag_reactions_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag, source, event_type,
    toInt64(events) AS events,
    toInt64(quantity_added) - toInt64(quantity_removed) AS quantity
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS hashtag, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, events, quantity_added, quantity_removed
    FROM groundswell.hashtag_reaction_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.hashtag_reaction_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, source, event_type, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.hashtag_sentiment_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag, source, event_type, sentiment,
    toInt64(posts_added) - toInt64(posts_removed) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS hashtag, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('LowCardinality(String)') AS sentiment, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, sentiment, posts_added, posts_removed
    FROM groundswell.hashtag_sentiment_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag, source, event_type, sentiment, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.hashtag_sentiment_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, source, event_type, sentiment, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.post_reactions_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, post_id, source, event_type,
    toInt64(events) AS events,
    toInt64(quantity_added) - toInt64(quantity_removed) AS quantity
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS post_id, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('LowCardinality(String)') AS event_type, defaultValueOfTypeName('UInt64') AS events, defaultValueOfTypeName('UInt64') AS quantity_added, defaultValueOfTypeName('UInt64') AS quantity_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, post_id, source, event_type, events, quantity_added, quantity_removed
    FROM groundswell.post_reaction_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, post_id, source, event_type, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.post_reaction_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, post_id, source, event_type, topic_id, unit, partition, segment
);

CREATE OR REPLACE VIEW groundswell.sampled_posts_addends AS
WITH (SELECT (runs, rows) FROM groundswell.coverage) AS covered
SELECT
    window_start, campaign, hashtag, source, author_id, post_id,
    toInt64(posts_added) - toInt64(posts_removed) AS posts
FROM
(
    SELECT defaultValueOfTypeName('DateTime(\'UTC\')') AS window_start, defaultValueOfTypeName('LowCardinality(String)') AS campaign, defaultValueOfTypeName('String') AS hashtag, defaultValueOfTypeName('LowCardinality(String)') AS source, defaultValueOfTypeName('String') AS author_id, defaultValueOfTypeName('String') AS post_id, defaultValueOfTypeName('UInt64') AS posts_added, defaultValueOfTypeName('UInt64') AS posts_removed
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT window_start, campaign, hashtag, source, author_id, post_id, posts_added, posts_removed
    FROM groundswell.sample_totals
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT window_start, campaign, hashtag, source, author_id, post_id, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.sample_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, hashtag, source, author_id, post_id, topic_id, unit, partition, segment
);
