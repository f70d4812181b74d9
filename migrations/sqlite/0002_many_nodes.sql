-- The same tables as for several nodes on one Postgres. An event gets its public number, seq, once it is committed; what
-- has none yet is in the outbox.
ALTER TABLE call_events RENAME COLUMN seq TO ordinal;

CREATE TABLE event_log (
  seq     INTEGER PRIMARY KEY, -- without gaps
  ordinal INTEGER NOT NULL UNIQUE
);
INSERT INTO event_log (seq, ordinal) SELECT ROW_NUMBER() OVER (ORDER BY ordinal), ordinal FROM call_events;

DROP TABLE outbox;
CREATE TABLE outbox (
  ordinal INTEGER PRIMARY KEY
);

-- Who takes part. A node whose beat stands still is gone; times are for people.
CREATE TABLE nodes (
  id         TEXT PRIMARY KEY,
  host       TEXT NOT NULL,
  version    TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  beat       INTEGER NOT NULL,
  beat_at    INTEGER NOT NULL,
  gone_at    INTEGER -- it ended, or others found it gone
);

-- What one node at a time does: whoever holds it until then.
CREATE TABLE leases (
  name       TEXT PRIMARY KEY,
  holder     TEXT NOT NULL,
  expires_at INTEGER NOT NULL
);

-- Where the stream of a call runs, and who writes a recording.
ALTER TABLE calls ADD COLUMN node TEXT NOT NULL DEFAULT '';
CREATE INDEX calls_by_node ON calls (node) WHERE terminal = 0;
ALTER TABLE recordings ADD COLUMN node TEXT NOT NULL DEFAULT '';
