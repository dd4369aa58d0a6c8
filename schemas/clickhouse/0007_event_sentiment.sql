-- An event's sentiment in the archive. The archive has a row of an event for each sentiment that campaigns judge it by:
-- shown is that of the first of its campaigns by name, which is one answer however often it is asked.

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
    toLowCardinality(argMinIf(a.sentiment, a.campaign, a.campaign != '*')) AS sentiment
FROM (SELECT *, campaign, version FROM groundswell.archive ARRAY JOIN campaigns AS campaign, rules AS version) AS a
WHERE (a.topic_id, a.partition, a.segment, a.campaign, a.version) IN
    (SELECT topic_id, partition, segment, campaign, rules FROM groundswell.standing)
GROUP BY a.event_time AS event_time, a.topic_id, a.partition, a.offset;
