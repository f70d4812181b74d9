-- While a call goes on, what changes with each of its events stands in no index: the row is rewritten in its page, and
-- no index with it. Lists of calls that are over go by `outcome`, the state of such a call; those of open calls are
-- short.
ALTER TABLE calls ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
UPDATE calls SET outcome = state WHERE terminal = 1;
DROP INDEX calls_by_state;
CREATE INDEX calls_by_outcome ON calls (outcome, created_at DESC, id DESC);
DROP INDEX calls_in_figures;
CREATE INDEX calls_in_figures ON calls (outcome, provider, duration_s) WHERE terminal = 1;
DROP INDEX calls_concluded;
CREATE INDEX calls_concluded ON calls (provider, ended_at) WHERE ended_by = 'gateway' AND outcome = 'ENDED';

-- What happens to a call is stored by whoever holds the call's row: it need not be looked up again for every row.
ALTER TABLE call_events DROP CONSTRAINT call_events_call_id_fkey;
ALTER TABLE call_participants DROP CONSTRAINT call_participants_call_id_fkey;
ALTER TABLE call_quality_metrics DROP CONSTRAINT call_quality_metrics_call_id_fkey;
ALTER TABLE media_tokens DROP CONSTRAINT media_tokens_call_id_fkey;
ALTER TABLE transcript_segments DROP CONSTRAINT transcript_segments_call_id_fkey;
