-- Times are milliseconds since 1970 (UTC). Text of events and snapshots is JSON.

CREATE TABLE calls (
  id               TEXT PRIMARY KEY,
  provider         TEXT NOT NULL,
  provider_call_id TEXT NOT NULL,
  direction        TEXT NOT NULL,
  state            TEXT NOT NULL,
  terminal         INTEGER NOT NULL,
  from_address     TEXT NOT NULL,
  to_address       TEXT NOT NULL,
  created_at       INTEGER NOT NULL,
  connected_at     INTEGER,
  ended_at         INTEGER,
  duration_s       INTEGER,
  end_reason       TEXT NOT NULL,
  version          INTEGER NOT NULL,
  touched_at       INTEGER NOT NULL, -- when the last event was stored: the reaper's clock
  snapshot         TEXT NOT NULL,
  UNIQUE (provider, provider_call_id)
);
CREATE INDEX calls_in_figures ON calls (state, provider, terminal, duration_s); -- statistics read nothing else
-- Lists, each in its order. When several fit, SQLite takes the one that was made last: those that leave fewest come last.
CREATE INDEX calls_by_time ON calls (created_at DESC, id DESC);
CREATE INDEX calls_by_provider ON calls (provider, created_at DESC, id DESC);
CREATE INDEX calls_by_state ON calls (state, created_at DESC, id DESC);
CREATE INDEX calls_by_to ON calls (to_address, created_at DESC, id DESC);
CREATE INDEX calls_by_from ON calls (from_address, created_at DESC, id DESC);
CREATE INDEX calls_open ON calls (created_at DESC, id DESC) WHERE terminal = 0; -- the reaper's, too

-- The truth: everything that happened, in order. A snapshot in calls is a fold over it.
CREATE TABLE call_events (
  seq       INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT NOT NULL UNIQUE,
  call_id   TEXT NOT NULL REFERENCES calls (id),
  version   INTEGER NOT NULL,
  type      TEXT NOT NULL,
  at        INTEGER NOT NULL,
  stored_at INTEGER NOT NULL,
  state     TEXT NOT NULL,
  data      TEXT NOT NULL,
  UNIQUE (call_id, version)
);

-- What was accepted from providers, with the answer that was given: the same request gets the same answer.
CREATE TABLE inbox (
  key          TEXT PRIMARY KEY,
  call_id      TEXT NOT NULL,
  received_at  INTEGER NOT NULL,
  status       INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  body         TEXT NOT NULL
);
CREATE INDEX inbox_by_time ON inbox (received_at);

-- One row, written again and again to see that the database can be written.
CREATE TABLE pulse (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
);

-- What subscribers are still owed.
CREATE TABLE outbox (
  seq        INTEGER PRIMARY KEY REFERENCES call_events (seq),
  created_at INTEGER NOT NULL
);

-- One-time tokens of media sockets, by digest: the time of a lookup says nothing about a token. The token itself is in the
-- answer that carries it, in inbox, for as long as that is kept; it is good once and for five minutes.
CREATE TABLE media_tokens (
  token_sha256     TEXT PRIMARY KEY,
  call_id          TEXT NOT NULL REFERENCES calls (id),
  provider_call_id TEXT NOT NULL,
  expires_at       INTEGER NOT NULL,
  used_at          INTEGER
);
CREATE INDEX media_tokens_by_time ON media_tokens (expires_at);

CREATE TABLE recordings (
  id           TEXT PRIMARY KEY,
  call_id      TEXT NOT NULL REFERENCES calls (id),
  state        TEXT NOT NULL,
  path         TEXT NOT NULL,
  started_at   INTEGER NOT NULL,
  completed_at INTEGER,
  duration_ms  INTEGER NOT NULL DEFAULT 0,
  size_bytes   INTEGER NOT NULL DEFAULT 0,
  sha256       TEXT NOT NULL DEFAULT '',
  channels     INTEGER NOT NULL,
  sample_rate  INTEGER NOT NULL,
  format       TEXT NOT NULL,
  recovered    INTEGER NOT NULL DEFAULT 0,
  failure      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX recordings_by_call ON recordings (call_id);
CREATE INDEX recordings_open ON recordings (state) WHERE state = 'recording';

CREATE TABLE transcript_segments (
  id         TEXT PRIMARY KEY,
  call_id    TEXT NOT NULL REFERENCES calls (id),
  track      TEXT NOT NULL,
  start_ms   INTEGER NOT NULL,
  end_ms     INTEGER NOT NULL,
  text       TEXT NOT NULL,
  confidence REAL NOT NULL,
  engine     TEXT NOT NULL,
  language   TEXT NOT NULL
);
CREATE INDEX transcript_by_call ON transcript_segments (call_id, start_ms);
