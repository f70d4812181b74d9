-- What is kept about calls for those who ask in SQL: who took part, how it sounded, who was invited; what follows from
-- other columns (durations, updated_at) is filled in where a statement does not. All is written by the program together
-- with the events from which it follows; nothing in it decides what becomes of a call.
-- Times are milliseconds since 1970 (UTC).

CREATE FUNCTION mark_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT);
  RETURN NEW;
END $$;

-- Recordings belong to calls by their name, too.
ALTER TABLE recordings RENAME TO call_recordings;
ALTER TABLE call_recordings ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE call_recordings SET updated_at = COALESCE(completed_at, started_at);
-- What a node has to finish when it comes back.
DROP INDEX recordings_open;
CREATE INDEX call_recordings_unfinished ON call_recordings (node, started_at)
  WHERE (state = 'recording' OR failure = 'orphaned');
CREATE INDEX call_recordings_by_end ON call_recordings (completed_at); -- the old ones, to remove

-- touched_at moves with every lock of a row, updated_at only when something is stored in it.
ALTER TABLE calls ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE calls SET updated_at = touched_at;
CREATE INDEX calls_by_end ON calls (ended_at, id) WHERE terminal = 1; -- the old ones, to remove

CREATE INDEX media_tokens_by_call ON media_tokens (call_id); -- which go with their call

CREATE TABLE call_participants (
  call_id    TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
  id         TEXT COLLATE "C" NOT NULL, -- in its call: caller, callee
  user_id    TEXT, -- of whom it is known
  address    TEXT NOT NULL,
  role       TEXT NOT NULL,
  joined_at  BIGINT,
  left_at    BIGINT,
  duration_s BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (call_id, id)
) WITH (fillfactor = 80); -- most rows change when the call connects and when it ends
CREATE INDEX call_participants_present ON call_participants (call_id) WHERE left_at IS NULL AND joined_at IS NOT NULL;

-- One row for a track that an event quality.summary or quality.alert tells of. What nobody measured is null.
CREATE TABLE call_quality_metrics (
  call_id        TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
  event_id       TEXT COLLATE "C" NOT NULL,
  track          TEXT NOT NULL,
  participant_id TEXT, -- whose sound it is
  kind           TEXT NOT NULL, -- summary: of the whole stream; alert: of a window
  recorded_at    BIGINT NOT NULL,
  quality        TEXT, -- excellent, good, fair, poor
  score          BIGINT, -- 4 for excellent to 1 for poor: to sort and to average
  jitter_ms      DOUBLE PRECISION,
  packet_loss    DOUBLE PRECISION, -- percent
  late_percent   DOUBLE PRECISION,
  frames         BIGINT,
  lost_ms        BIGINT,
  gaps           BIGINT,
  late           BIGINT,
  level_db       DOUBLE PRECISION,
  round_trip_ms  DOUBLE PRECISION,
  bandwidth_kbps DOUBLE PRECISION,
  fps            DOUBLE PRECISION,
  resolution     TEXT,
  codec          TEXT,
  metric         TEXT, -- of an alert: which of the above crossed
  threshold      DOUBLE PRECISION, -- this
  PRIMARY KEY (call_id, event_id, track)
);
CREATE INDEX call_quality_metrics_by_time ON call_quality_metrics (recorded_at);

-- Who was asked to join and what came of it. For calls with rooms, which do not exist yet: nothing writes it.
CREATE TABLE call_invitations (
  id           TEXT COLLATE "C" PRIMARY KEY,
  call_id      TEXT COLLATE "C" NOT NULL REFERENCES calls (id),
  inviter      TEXT NOT NULL,
  invitee      TEXT NOT NULL,
  state        TEXT NOT NULL, -- pending, accepted, declined, expired, cancelled
  created_at   BIGINT NOT NULL,
  responded_at BIGINT,
  expires_at   BIGINT NOT NULL,
  updated_at   BIGINT NOT NULL
);
CREATE INDEX call_invitations_by_call ON call_invitations (call_id);
CREATE INDEX call_invitations_of ON call_invitations (invitee, created_at DESC);

-- The program's own statements move `version` and give `updated_at` and durations: they call no function. A duration
-- that is filled in is no change of its own.
CREATE TRIGGER call_participants_updated BEFORE UPDATE OF user_id, address, role, joined_at, left_at
  ON call_participants
  FOR EACH ROW WHEN (NEW.updated_at = OLD.updated_at) EXECUTE FUNCTION mark_updated();
CREATE TRIGGER call_recordings_updated BEFORE UPDATE OF call_id, state, path, started_at, completed_at,
  size_bytes, sha256, channels, sample_rate, format, recovered, failure, node ON call_recordings
  FOR EACH ROW WHEN (NEW.updated_at = OLD.updated_at) EXECUTE FUNCTION mark_updated();
CREATE TRIGGER call_invitations_updated BEFORE UPDATE OF call_id, inviter, invitee, state,
  responded_at, expires_at ON call_invitations
  FOR EACH ROW WHEN (NEW.updated_at = OLD.updated_at) EXECUTE FUNCTION mark_updated();

-- Whole seconds, never negative: the clocks of two ends may differ. One trigger for both, because calls change most.
CREATE FUNCTION complete_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.ended_at IS NOT NULL AND NEW.duration_s IS NULL THEN
    NEW.duration_s := GREATEST(NEW.ended_at - COALESCE(NEW.connected_at, NEW.created_at), 0) / 1000;
  END IF;
  IF NEW.updated_at = OLD.updated_at AND NEW.version = OLD.version THEN
    NEW.updated_at := CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER calls_completed BEFORE UPDATE OF provider, provider_call_id, direction, state, terminal, from_address,
  to_address, created_at, connected_at, ended_at, duration_s, end_reason, snapshot, node ON calls
  FOR EACH ROW WHEN ((NEW.updated_at = OLD.updated_at AND NEW.version = OLD.version) OR
                     (NEW.ended_at IS NOT NULL AND NEW.duration_s IS NULL))
  EXECUTE FUNCTION complete_call();

CREATE FUNCTION fill_participant_duration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.duration_s := GREATEST(NEW.left_at - NEW.joined_at, 0) / 1000;
  RETURN NEW;
END $$;
CREATE TRIGGER call_participants_duration BEFORE INSERT OR UPDATE OF joined_at, left_at, duration_s ON call_participants
  FOR EACH ROW WHEN (NEW.left_at IS NOT NULL AND NEW.joined_at IS NOT NULL AND NEW.duration_s IS NULL)
  EXECUTE FUNCTION fill_participant_duration();

-- A file of which something is known has a duration of its own, be it 0.
CREATE FUNCTION fill_recording_duration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.duration_ms := GREATEST(NEW.completed_at - NEW.started_at, 0);
  RETURN NEW;
END $$;
CREATE TRIGGER call_recordings_duration BEFORE UPDATE OF state ON call_recordings
  FOR EACH ROW WHEN (NEW.state = 'completed' AND OLD.state <> 'completed' AND NEW.completed_at IS NOT NULL AND
                     NEW.duration_ms = 0 AND NEW.size_bytes = 0)
  EXECUTE FUNCTION fill_recording_duration();

INSERT INTO call_participants (call_id, id, address, role, joined_at, left_at, created_at, updated_at)
  SELECT id, 'caller', from_address, 'caller', created_at, ended_at, created_at, touched_at FROM calls;
INSERT INTO call_participants (call_id, id, address, role, joined_at, left_at, created_at, updated_at)
  SELECT id, 'callee', to_address, 'callee', connected_at,
         CASE WHEN connected_at IS NULL THEN NULL ELSE ended_at END, created_at, touched_at FROM calls;

CREATE VIEW active_calls AS
  SELECT c.id, c.provider, c.provider_call_id, c.direction, c.state, c.from_address, c.to_address, c.created_at,
         c.connected_at, c.updated_at, c.node,
         (SELECT COUNT(*) FROM call_participants p
          WHERE p.call_id = c.id AND p.joined_at IS NOT NULL AND p.left_at IS NULL) AS participant_count
  FROM calls c WHERE c.terminal = 0;

-- user ids are null where only an address is known.
CREATE VIEW call_history AS
  SELECT c.id, c.provider, c.provider_call_id, c.direction, c.state, c.from_address, c.to_address, c.created_at,
         c.connected_at, c.ended_at, c.duration_s, c.end_reason, c.updated_at,
         (SELECT MIN(p.user_id) FROM call_participants p
          WHERE p.call_id = c.id AND p.role = 'caller') AS caller_user_id,
         (SELECT MIN(p.user_id) FROM call_participants p
          WHERE p.call_id = c.id AND p.role = 'callee') AS callee_user_id,
         (SELECT COUNT(*) FROM call_participants p
          WHERE p.call_id = c.id AND p.joined_at IS NOT NULL) AS participant_count,
         (SELECT COUNT(*) FROM call_recordings r WHERE r.call_id = c.id) AS recording_count
  FROM calls c WHERE c.terminal = 1;
