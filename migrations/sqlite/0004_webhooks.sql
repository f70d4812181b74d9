-- Who is told of events, and what each is still owed. Times are milliseconds since 1970 (UTC).

CREATE TABLE webhook_endpoints (
  id                    TEXT PRIMARY KEY,
  url                   TEXT NOT NULL,
  description           TEXT NOT NULL,
  types                 TEXT NOT NULL,           -- JSON list; empty: every type
  secret                TEXT NOT NULL,
  previous_secret       TEXT NOT NULL DEFAULT '',
  previous_valid_until  INTEGER NOT NULL DEFAULT 0,
  state                 TEXT NOT NULL,           -- enabled, disabled, deleted (its deliveries are being removed)
  reason                TEXT NOT NULL DEFAULT '',
  next_after            INTEGER NOT NULL,        -- the seq behind which the log is still to be looked through
  failures              INTEGER NOT NULL DEFAULT 0, -- in a row
  failing_since         INTEGER,
  probe_at              INTEGER NOT NULL DEFAULT 0,
  hold_until            INTEGER NOT NULL DEFAULT 0, -- as the receiver asked (Retry-After)
  claimed_by            TEXT NOT NULL DEFAULT '',   -- the node that sends, alone
  claimed_until         INTEGER NOT NULL DEFAULT 0,
  touched               INTEGER NOT NULL DEFAULT 0,    -- how often somebody asked for something: the sender looks again
  created_at            INTEGER NOT NULL,
  updated_at            INTEGER NOT NULL
);

-- One event for one endpoint. Whoever changes an endpoint's deliveries locks its row above first.
-- States: waiting (an earlier one of the call comes first), ready, sending; settled: delivered, dead.
CREATE TABLE webhook_deliveries (
  id              TEXT PRIMARY KEY,              -- the header webhook-id, the same over all attempts
  endpoint_id     TEXT NOT NULL REFERENCES webhook_endpoints (id),
  event_id        TEXT NOT NULL,
  seq             INTEGER NOT NULL,              -- 0: a test, which is not in the log
  call_id         TEXT NOT NULL,
  type            TEXT NOT NULL,
  state           TEXT NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  due_at          INTEGER NOT NULL,              -- its own time; an attempt before that does not count
  next_attempt_at INTEGER NOT NULL,              -- that, or earlier when its endpoint is well again
  last_attempt_at INTEGER,
  last_status     INTEGER,
  last_error      TEXT NOT NULL DEFAULT '',
  latency_ms      INTEGER,
  created_at      INTEGER NOT NULL,
  settled_at      INTEGER,
  UNIQUE (endpoint_id, event_id)
);
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (endpoint_id, id DESC);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, state, next_attempt_at, seq) WHERE settled_at IS NULL;
CREATE INDEX webhook_deliveries_of_call ON webhook_deliveries (endpoint_id, call_id, seq) WHERE settled_at IS NULL;
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (endpoint_id, seq) WHERE state = 'dead';
CREATE INDEX webhook_deliveries_settled ON webhook_deliveries (settled_at) WHERE settled_at IS NOT NULL;

-- How far the log has been published to where there is one reader only, such as Azure Event Grid.
CREATE TABLE event_publishers (
  name          TEXT PRIMARY KEY,
  next_after    INTEGER NOT NULL,
  claimed_by    TEXT NOT NULL DEFAULT '',
  claimed_until INTEGER NOT NULL DEFAULT 0
);
