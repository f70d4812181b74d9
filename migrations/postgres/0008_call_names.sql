-- What else a provider calls a call, beside the name under which it was announced: its callbacks and files may know it by
-- that alone. The first call that has a name keeps it.
CREATE TABLE call_names (
  provider TEXT NOT NULL,
  kind     TEXT NOT NULL,
  name     TEXT NOT NULL,
  call_id  TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (provider, kind, name)
);
CREATE INDEX call_names_by_call ON call_names (call_id);

-- A provider that may open a call's media socket again comes with the same token.
ALTER TABLE media_tokens ADD COLUMN lasting BIGINT NOT NULL DEFAULT 0;
