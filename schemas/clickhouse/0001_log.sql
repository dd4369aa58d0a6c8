-- Which part of which log has been counted, by which rules.

-- The settings that decide what a count means, fixed for a topic (by its id) when it is first counted.
CREATE TABLE IF NOT EXISTS groundswell.pinned
(
    topic_id String,
    topic String,
    segment_size UInt64,
    segment_age_s UInt64,
    segment_bytes UInt64,
    horizon_records UInt64,
    horizon_s UInt64,
    pinned_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (topic_id, pinned_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The last rows of every flush: what has become of each segment's records so far. The unit is what it is compacted with.
CREATE TABLE IF NOT EXISTS groundswell.segments
(
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    partition UInt32,
    segment UInt64,
    campaign LowCardinality(String),
    rules UInt64,
    generation UInt64,
    last_offset SimpleAggregateFunction(max, UInt64),
    read SimpleAggregateFunction(max, UInt64),
    counted SimpleAggregateFunction(max, UInt64),
    duplicates SimpleAggregateFunction(max, UInt64),
    dead SimpleAggregateFunction(max, UInt64),
    markers SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (topic_id, unit, partition, segment, campaign, rules, generation)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Which run has written a unit's totals, all of them, as they are under this fingerprint of its accounts. Where it covers
-- segments (partition, segment), their rows are gone: the totals stand for them whatever the accounts say.
CREATE TABLE IF NOT EXISTS groundswell.compaction
(
    topic_id LowCardinality(String),
    unit DateTime('UTC'),
    fingerprint UInt64,
    run UInt64,
    covers Array(Tuple(UInt32, UInt64)),
    compacted_at DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree
ORDER BY (topic_id, unit, fingerprint)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- read = counted + duplicates + dead + markers, for every segment.
CREATE OR REPLACE VIEW groundswell.records AS
SELECT topic_id, partition, segment, last_offset, read, counted, duplicates, dead, markers
FROM
(
    SELECT
        topic_id, partition, segment, rules, generation, max(last_offset) AS last_offset, max(read) AS read,
        max(counted) AS counted, max(duplicates) AS duplicates, max(dead) AS dead, max(markers) AS markers
    FROM groundswell.segments
    WHERE campaign = '*'
    GROUP BY topic_id, partition, segment, rules, generation
)
ORDER BY topic_id, partition, segment, read DESC, generation DESC
LIMIT 1 BY topic_id, partition, segment;
