-- Made by `python -m schemas` from schemas/counters.py and counter_tables.py.

CREATE OR REPLACE VIEW groundswell.coverage AS
SELECT groupArrayIf((topic_id, unit, run), run > 0) AS totals, groupArrayArray(remaining) AS rows
FROM
(
    SELECT
        topic_id, unit,
        ifNull(done.run, 0) AS valid,
        ifNull(retired.last_run, 0) AS last,
        if(valid > 0, valid, last) AS run,
        multiIf(
            valid > 0, [],
            last > 0, arrayFilter(one -> NOT has(retired.covered, (one.3, one.4)), standing),
            standing
        ) AS remaining
    FROM groundswell.units
    LEFT JOIN
    (
        SELECT topic_id, unit, fingerprint, max(run) AS run
        FROM groundswell.compaction
        GROUP BY topic_id, unit, fingerprint
    ) AS done USING (topic_id, unit, fingerprint)
    LEFT JOIN
    (
        SELECT topic_id, unit, max(run) AS last_run, argMax(covers, run) AS covered
        FROM groundswell.compaction
        WHERE notEmpty(covers)
        GROUP BY topic_id, unit
    ) AS retired USING (topic_id, unit)
);

CREATE OR REPLACE VIEW groundswell.token_counts AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
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
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, kind, token, source, event_type, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed, max(occurrences_added) AS occurrences_added, max(occurrences_removed) AS occurrences_removed
    FROM groundswell.token_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, kind, token, source, event_type, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, kind, token, source, event_type;

CREATE OR REPLACE VIEW groundswell.engagement AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
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
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT window_start, campaign, source, event_type, lang, country, sentiment, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.engagement_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY window_start, campaign, source, event_type, lang, country, sentiment, topic_id, unit, partition, segment
)
GROUP BY window_start, campaign, source, event_type, lang, country, sentiment;

CREATE OR REPLACE VIEW groundswell.spellings AS
WITH (SELECT (totals, rows) FROM groundswell.coverage) AS covered
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
    WHERE (topic_id, unit, run) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS run FROM (SELECT arrayJoin(covered.1) AS one))
    UNION ALL
    SELECT campaign, kind, token, spelling, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.spelling_counter
    WHERE (topic_id, unit, partition, segment, campaign, rules) IN (SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition, one.4 AS segment, one.5 AS campaign, one.6 AS rules FROM (SELECT arrayJoin(covered.2) AS one))
    GROUP BY campaign, kind, token, spelling, topic_id, unit, partition, segment
)
GROUP BY campaign, kind, token, spelling;
