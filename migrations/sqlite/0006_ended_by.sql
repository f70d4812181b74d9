-- On whose word a call is over (gateway, command, provider; nothing while it is not): the calls that the gateway closed by
-- itself are found without reading the others.
ALTER TABLE calls ADD COLUMN ended_by TEXT NOT NULL DEFAULT '';
-- In a text of somebody else's the quotes would be escaped.
UPDATE calls SET ended_by = CASE WHEN snapshot LIKE '%"authority":"gateway"%' THEN 'gateway'
                                 WHEN snapshot LIKE '%"authority":"command"%' THEN 'command'
                                 ELSE 'provider' END WHERE terminal = 1;
CREATE INDEX calls_concluded ON calls (provider, ended_at) WHERE ended_by = 'gateway' AND state = 'ENDED';
