-- What campaign files declare and dashboards ask for: launch windows, goals, bench-marks, hashtags; schemas/declared.py
-- tells more.

-- A declaration is written in one insert, with a row of no kind, so that one which declares nothing stands, too.
CREATE TABLE IF NOT EXISTS groundswell.declaration
(
    declared_at DateTime64(3, 'UTC') DEFAULT now64(3),
    declaration UUID,
    campaign LowCardinality(String),
    kind LowCardinality(String),
    name String,
    of LowCardinality(String),
    metric LowCardinality(String),
    value UInt64,
    start DateTime64(3, 'UTC'),
    end DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (declared_at, declaration)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE OR REPLACE VIEW groundswell.launch_windows AS
SELECT campaign, name, start, end
FROM groundswell.declaration
WHERE kind = 'launch window'
    AND (declared_at, declaration) = (SELECT max((declared_at, declaration)) FROM groundswell.declaration);

CREATE OR REPLACE VIEW groundswell.goals AS
SELECT campaign, name, metric, value, nullIf(start, toDateTime64(0, 3, 'UTC')) AS since, end AS by
FROM groundswell.declaration
WHERE kind = 'goal'
    AND (declared_at, declaration) = (SELECT max((declared_at, declaration)) FROM groundswell.declaration);

CREATE OR REPLACE VIEW groundswell.benchmarks AS
SELECT campaign, of, name, start, end
FROM groundswell.declaration
WHERE kind = 'benchmark'
    AND (declared_at, declaration) = (SELECT max((declared_at, declaration)) FROM groundswell.declaration);

CREATE OR REPLACE VIEW groundswell.campaign_hashtags AS
SELECT campaign, name AS pattern
FROM groundswell.declaration
WHERE kind = 'hashtag'
    AND (declared_at, declaration) = (SELECT max((declared_at, declaration)) FROM groundswell.declaration);
