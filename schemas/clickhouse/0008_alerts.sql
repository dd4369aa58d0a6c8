-- Alerts: every transition of every episode, and silences. Rows are only ever added; schemas/alert_log.py tells more.

CREATE TABLE IF NOT EXISTS groundswell.alert_log
(
    campaign LowCardinality(String),
    alert LowCardinality(String),
    ordinal UInt32,
    transition LowCardinality(String),
    at DateTime64(3, 'UTC') DEFAULT now64(3),
    kind LowCardinality(String),
    severity LowCardinality(String),
    value Float64,
    limit Float64,
    message String,
    recipient LowCardinality(String),
    by String,
    until DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (campaign, alert, ordinal, transition, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- The earliest row of a kind counts, so that a repetition changes nothing.
CREATE OR REPLACE VIEW groundswell.alerts AS
SELECT
    concat(log.campaign, '/', log.alert, '/', toString(log.ordinal)) AS alert_id,
    log.campaign AS campaign,
    log.alert AS alert,
    log.ordinal AS ordinal,
    toLowCardinality(argMinIf(log.kind, log.at, log.transition = 'fired')) AS kind,
    toLowCardinality(argMinIf(log.severity, log.at, log.transition = 'fired')) AS severity,
    minIf(log.at, log.transition = 'fired') AS started,
    argMinIf(log.value, log.at, log.transition = 'fired') AS value,
    argMinIf(log.limit, log.at, log.transition = 'fired') AS limit,
    argMinIf(log.message, log.at, log.transition = 'fired') AS message,
    minOrNullIf(log.at, log.transition = 'notified') AS notified,
    arraySort(groupUniqArrayIf(toString(log.recipient), log.transition = 'notified')) AS recipients,
    countIf(log.transition = 'failed') AS failures,
    minOrNullIf(log.at, log.transition = 'resolved') AS resolved,
    minOrNullIf(log.at, log.transition = 'acknowledged') AS acknowledged,
    argMinIf(log.by, log.at, log.transition = 'acknowledged') AS acknowledged_by
FROM groundswell.alert_log AS log
WHERE log.ordinal > 0
GROUP BY log.campaign, log.alert, log.ordinal
HAVING countIf(log.transition = 'fired') > 0;
