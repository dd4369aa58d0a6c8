-- Made by `python -m schemas` from schemas/counters.py.

CREATE OR REPLACE VIEW groundswell.token_counts AS
SELECT
    window_start, campaign, kind, token, source, event_type,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts,
    sum(toInt64(occurrences_added)) - sum(toInt64(occurrences_removed)) AS occurrences
FROM
(
    SELECT window_start, campaign, kind, token, source, event_type, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed, max(occurrences_added) AS occurrences_added, max(occurrences_removed) AS occurrences_removed
    FROM groundswell.token_counter
    WHERE (topic_id, partition, segment, campaign, rules) IN groundswell.standing
    GROUP BY window_start, campaign, kind, token, source, event_type, topic_id, partition, segment
)
GROUP BY window_start, campaign, kind, token, source, event_type;

CREATE OR REPLACE VIEW groundswell.engagement AS
SELECT
    window_start, campaign, source, event_type, lang, country, sentiment,
    sum(toInt64(events)) AS events,
    sum(toInt64(quantity_added)) - sum(toInt64(quantity_removed)) AS quantity
FROM
(
    SELECT window_start, campaign, source, event_type, lang, country, sentiment, max(events) AS events, max(quantity_added) AS quantity_added, max(quantity_removed) AS quantity_removed
    FROM groundswell.engagement_counter
    WHERE (topic_id, partition, segment, campaign, rules) IN groundswell.standing
    GROUP BY window_start, campaign, source, event_type, lang, country, sentiment, topic_id, partition, segment
)
GROUP BY window_start, campaign, source, event_type, lang, country, sentiment;

CREATE OR REPLACE VIEW groundswell.spellings AS
SELECT
    campaign, kind, token, spelling,
    sum(toInt64(posts_added)) - sum(toInt64(posts_removed)) AS posts
FROM
(
    SELECT campaign, kind, token, spelling, max(posts_added) AS posts_added, max(posts_removed) AS posts_removed
    FROM groundswell.spelling_counter
    WHERE (topic_id, partition, segment, campaign, rules) IN groundswell.standing
    GROUP BY campaign, kind, token, spelling, topic_id, partition, segment
)
GROUP BY campaign, kind, token, spelling;
