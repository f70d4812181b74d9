-- Recordings that a provider made and that are fetched from it, beside our own.
ALTER TABLE call_recordings ADD COLUMN source TEXT NOT NULL DEFAULT 'gateway'; -- who made it: gateway, acs
ALTER TABLE call_recordings ADD COLUMN provider_recording_id TEXT NOT NULL DEFAULT '';
ALTER TABLE call_recordings ADD COLUMN provider_file TEXT NOT NULL DEFAULT ''; -- the file's name there
ALTER TABLE call_recordings ADD COLUMN part BIGINT NOT NULL DEFAULT 0; -- which file of that recording it is

-- What is still to be fetched, or to be removed where it was fetched from. A job goes when nothing is left to do.
CREATE TABLE recording_fetches (
  recording_id    TEXT COLLATE "C" PRIMARY KEY,
  call_id         TEXT NOT NULL,
  provider        TEXT NOT NULL,
  location        TEXT NOT NULL,
  delete_location TEXT NOT NULL,              -- empty: it stays there
  duration_ms     BIGINT NOT NULL,            -- as the provider says; 0: it does not
  attempts        BIGINT NOT NULL DEFAULT 0,
  next_attempt_at BIGINT NOT NULL,
  claimed_by      TEXT NOT NULL DEFAULT '',   -- the node that works on it, alone
  claimed_until   BIGINT NOT NULL DEFAULT 0, -- by the clock of the database
  created_at      BIGINT NOT NULL
);
CREATE INDEX recording_fetches_due ON recording_fetches (next_attempt_at);
