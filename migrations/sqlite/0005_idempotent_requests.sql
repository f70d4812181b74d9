-- Requests that came with an Idempotency-Key, and the answers that are given again. A row without a status is in flight.
CREATE TABLE idempotent_requests (
  key          TEXT PRIMARY KEY, -- digest of who asked, the method, the path and the client's key
  fingerprint  TEXT NOT NULL,    -- digest of the query and the body: the same key may not mean two things
  attempt      TEXT NOT NULL,    -- the node that serves it, and which of its attempts this is
  started_at   INTEGER NOT NULL,
  deadline     INTEGER NOT NULL, -- after it nobody is believed to serve it any more
  status       INTEGER,
  content_type TEXT NOT NULL DEFAULT '',
  location     TEXT NOT NULL DEFAULT '',
  body         TEXT NOT NULL DEFAULT ''
);
CREATE INDEX idempotent_requests_by_time ON idempotent_requests (started_at);
