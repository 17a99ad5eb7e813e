-- What is kept of hosts. Times are seconds since 1970 (UTC).
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    metric TEXT NOT NULL,
    part TEXT NOT NULL,
    UNIQUE (host, metric, part)
) STRICT;
CREATE TABLE IF NOT EXISTS sample (
    series INTEGER NOT NULL REFERENCES series (id),
    at INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series, at)
) STRICT, WITHOUT ROWID;
-- What is made of samples: a row for each `step` seconds, which begin at `at`.
CREATE TABLE IF NOT EXISTS means (
    step INTEGER NOT NULL,
    series INTEGER NOT NULL REFERENCES series (id),
    at INTEGER NOT NULL,
    mean REAL NOT NULL,
    least REAL NOT NULL,
    most REAL NOT NULL,
    PRIMARY KEY (step, series, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    host TEXT NOT NULL,
    state TEXT NOT NULL,
    words TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_at ON event (at);
