-- What is kept of hosts. Times are seconds since 1970 (UTC).
CREATE TABLE IF NOT EXISTS host (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    metric TEXT NOT NULL,
    part TEXT NOT NULL,
    UNIQUE (metric, part)
) STRICT;
-- All figures of a host at one time, in one row: its `place` is the host and the time (src/watch/history/row.rs), and its figures
-- are packed (src/watch/history/pack.rs). A row for each figure takes ten times the space, and a page of the log for each.
CREATE TABLE IF NOT EXISTS sample (
    place INTEGER PRIMARY KEY,
    packed BLOB NOT NULL
) STRICT;
-- What is made of samples: a row for each 5 minutes that begin at that time.
CREATE TABLE IF NOT EXISTS minutes (
    place INTEGER PRIMARY KEY,
    packed BLOB NOT NULL
) STRICT;
-- The same for each hour.
CREATE TABLE IF NOT EXISTS hours (
    place INTEGER PRIMARY KEY,
    packed BLOB NOT NULL
) STRICT;
-- Where the last row of means begins; it may be of a part of its time.
CREATE TABLE IF NOT EXISTS made (
    step INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    host TEXT NOT NULL,
    state TEXT NOT NULL,
    words TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_at ON event (at);
CREATE INDEX IF NOT EXISTS event_host ON event (host, id);
-- The checks of preflight that ended with a warning when a host was looked at for the first time; the empty one says that it was.
CREATE TABLE IF NOT EXISTS warned (
    host TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (host, name)
) STRICT, WITHOUT ROWID;
-- What holds now: see `Alert`.
CREATE TABLE IF NOT EXISTS alert (
    rule TEXT NOT NULL,
    host TEXT NOT NULL,
    part TEXT NOT NULL,
    began INTEGER NOT NULL,
    fired INTEGER,
    told INTEGER,
    over INTEGER,
    words TEXT NOT NULL,
    number REAL,
    PRIMARY KEY (rule, host, part)
) STRICT, WITHOUT ROWID;
-- What somebody was told or is to be told: `body` is the JSON that receivers get.
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL,
    rule TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS message_at ON message (at);
-- What a notifier has not delivered yet, and when it tries again.
CREATE TABLE IF NOT EXISTS outbox (
    notifier TEXT NOT NULL,
    message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    tries INTEGER NOT NULL,
    due INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (notifier, message)
) STRICT, WITHOUT ROWID;
