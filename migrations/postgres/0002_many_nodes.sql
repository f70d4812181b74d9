-- Several nodes on one database. Nodes commit at the same time, so the order in which events were inserted is not the
-- order in which others come to see them: who has read up to an event could miss one with a lower number. An event gets
-- its public number, seq, once it is committed, by one node at a time; what has none yet is in the outbox.
ALTER TABLE call_events RENAME COLUMN seq TO ordinal;

CREATE TABLE event_log (
  seq     BIGINT PRIMARY KEY, -- without gaps
  ordinal BIGINT NOT NULL UNIQUE
);
INSERT INTO event_log (seq, ordinal) SELECT ROW_NUMBER() OVER (ORDER BY ordinal), ordinal FROM call_events;

DROP TABLE outbox;
CREATE TABLE outbox (
  ordinal BIGINT PRIMARY KEY
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000); -- a queue: short, and never the same

-- Who takes part. A node whose beat stands still is gone; times are for people.
CREATE TABLE nodes (
  id         TEXT COLLATE "C" PRIMARY KEY,
  host       TEXT NOT NULL,
  version    TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  beat       BIGINT NOT NULL,
  beat_at    BIGINT NOT NULL,
  gone_at    BIGINT -- it ended, or others found it gone
);

-- What one node at a time does: whoever holds it until then.
CREATE TABLE leases (
  name       TEXT COLLATE "C" PRIMARY KEY,
  holder     TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL
);

-- Where the stream of a call runs, and who writes a recording.
ALTER TABLE calls ADD COLUMN node TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX calls_by_node ON calls (node) WHERE terminal = 0;
ALTER TABLE recordings ADD COLUMN node TEXT COLLATE "C" NOT NULL DEFAULT '';
