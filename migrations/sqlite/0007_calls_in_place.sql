-- While a call goes on, what changes with each of its events stands in no index: the row is rewritten in its page, and
-- no index with it. Lists of calls that are over go by `outcome`, the state of such a call; those of open calls are
-- short.
ALTER TABLE calls ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
UPDATE calls SET outcome = state WHERE terminal = 1;
DROP INDEX calls_by_state;
CREATE INDEX calls_by_outcome ON calls (outcome, created_at DESC, id DESC);
DROP INDEX calls_in_figures;
CREATE INDEX calls_in_figures ON calls (outcome, provider, duration_s, terminal);
DROP INDEX calls_concluded;
CREATE INDEX calls_concluded ON calls (provider, ended_at) WHERE ended_by = 'gateway' AND outcome = 'ENDED';
-- Of indexes that seem equally good SQLite takes the youngest: fewer calls have one number than one outcome.
DROP INDEX calls_by_to;
CREATE INDEX calls_by_to ON calls (to_address, created_at DESC, id DESC);
DROP INDEX calls_by_from;
CREATE INDEX calls_by_from ON calls (from_address, created_at DESC, id DESC);
