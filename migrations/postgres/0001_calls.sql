-- Times are milliseconds since 1970 (UTC). Text of events and snapshots is JSON. Ids sort by their bytes, as they do in
-- the program, whatever the language of the database.

CREATE TABLE calls (
  id               TEXT COLLATE "C" PRIMARY KEY,
  provider         TEXT NOT NULL,
  provider_call_id TEXT NOT NULL,
  direction        TEXT NOT NULL,
  state            TEXT NOT NULL,
  terminal         BIGINT NOT NULL,
  from_address     TEXT NOT NULL,
  to_address       TEXT NOT NULL,
  created_at       BIGINT NOT NULL,
  connected_at     BIGINT,
  ended_at         BIGINT,
  duration_s       BIGINT,
  end_reason       TEXT NOT NULL,
  version          BIGINT NOT NULL,
  touched_at       BIGINT NOT NULL, -- when the last event was stored: the reaper's clock
  snapshot         TEXT NOT NULL,
  UNIQUE (provider, provider_call_id)
) WITH (fillfactor = 70); -- a call is rewritten with each of its events: in the same page where that has room
-- Lists, each in its order.
CREATE INDEX calls_by_time ON calls (created_at DESC, id DESC);
CREATE INDEX calls_by_provider ON calls (provider, created_at DESC, id DESC);
CREATE INDEX calls_by_state ON calls (state, created_at DESC, id DESC);
CREATE INDEX calls_by_to ON calls (to_address, created_at DESC, id DESC);
CREATE INDEX calls_by_from ON calls (from_address, created_at DESC, id DESC);
CREATE INDEX calls_in_figures ON calls (state, provider, terminal, duration_s); -- statistics read nothing else
CREATE INDEX calls_open ON calls (created_at DESC, id DESC) WHERE terminal = 0; -- the reaper's, too

-- The truth: everything that happened, in order. A snapshot in calls is a fold over it.
CREATE TABLE call_events (
  seq       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id        TEXT COLLATE "C" NOT NULL UNIQUE,
  call_id   TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
  version   BIGINT NOT NULL,
  type      TEXT NOT NULL,
  at        BIGINT NOT NULL,
  stored_at BIGINT NOT NULL,
  state     TEXT NOT NULL,
  data      TEXT NOT NULL,
  UNIQUE (call_id, version)
);

-- What was accepted from providers, with the answer that was given: the same request gets the same answer.
CREATE TABLE inbox (
  key          TEXT COLLATE "C" PRIMARY KEY,
  call_id      TEXT COLLATE "C" NOT NULL,
  received_at  BIGINT NOT NULL,
  status       BIGINT NOT NULL,
  content_type TEXT NOT NULL,
  body         TEXT NOT NULL
);
CREATE INDEX inbox_by_time ON inbox (received_at);

-- One row, written again and again to see that the database can be written.
CREATE TABLE pulse (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  at BIGINT NOT NULL
);

-- What subscribers are still owed.
CREATE TABLE outbox (
  seq        BIGINT PRIMARY KEY REFERENCES call_events (seq),
  created_at BIGINT NOT NULL
);

-- One-time tokens of media sockets, by digest: the time of a lookup says nothing about a token. The token itself is in the
-- answer that carries it, in inbox, for as long as that is kept; it is good once and for five minutes.
CREATE TABLE media_tokens (
  token_sha256     TEXT COLLATE "C" PRIMARY KEY,
  call_id          TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
  provider_call_id TEXT NOT NULL,
  expires_at       BIGINT NOT NULL,
  used_at          BIGINT
);
CREATE INDEX media_tokens_by_time ON media_tokens (expires_at);

CREATE TABLE recordings (
  id           TEXT COLLATE "C" PRIMARY KEY,
  call_id      TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
  state        TEXT NOT NULL,
  path         TEXT NOT NULL,
  started_at   BIGINT NOT NULL,
  completed_at BIGINT,
  duration_ms  BIGINT NOT NULL DEFAULT 0,
  size_bytes   BIGINT NOT NULL DEFAULT 0,
  sha256       TEXT NOT NULL DEFAULT '',
  channels     BIGINT NOT NULL,
  sample_rate  BIGINT NOT NULL,
  format       TEXT NOT NULL,
  recovered    BIGINT NOT NULL DEFAULT 0,
  failure      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX recordings_by_call ON recordings (call_id);
CREATE INDEX recordings_open ON recordings (state) WHERE state = 'recording';

CREATE TABLE transcript_segments (
  id         TEXT COLLATE "C" PRIMARY KEY,
  call_id    TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
  track      TEXT NOT NULL,
  start_ms   BIGINT NOT NULL,
  end_ms     BIGINT NOT NULL,
  text       TEXT NOT NULL,
  confidence DOUBLE PRECISION NOT NULL,
  engine     TEXT NOT NULL,
  language   TEXT NOT NULL
);
CREATE INDEX transcript_by_call ON transcript_segments (call_id, start_ms);
