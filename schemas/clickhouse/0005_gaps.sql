-- Gaps: records that Kafka deleted before they were counted, and that somebody accepted as lost.

-- A gap is named by the first offset that is not counted; accepted again, it may only have grown.
CREATE TABLE IF NOT EXISTS groundswell.gap
(
    topic_id LowCardinality(String),
    partition UInt32,
    from_offset UInt64,
    to_offset SimpleAggregateFunction(max, UInt64),
    torn SimpleAggregateFunction(max, UInt8),
    accepted_at SimpleAggregateFunction(max, DateTime('UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (topic_id, partition, from_offset)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Lost are the offsets [from_offset, to_offset): none where they are equal, and counting only began a new segment there.
CREATE OR REPLACE VIEW groundswell.gaps AS
SELECT
    topic_id, partition, from_offset, max(to_offset) AS to_offset, max(torn) AS torn, max(accepted_at) AS accepted_at
FROM groundswell.gap
GROUP BY topic_id, partition, from_offset;
