-- discard: a person gives a dead or parked lead up. Until retention forgets it, it can be restored.
--
-- ARGV 2 id · 3 token of this act · 4 entry for the timeline
-- Gives ok · done: this act was here before · gone · or the state that the lead is in.
local id = ARGV[2]
local lead = redis.call('HMGET', P .. 'lead:' .. id, 'state', 'lane', 'act', 'group')
if not lead[1] then return 'gone' end
if lead[3] == ARGV[3] then return 'done' end
if lead[1] ~= 'dead' and lead[1] ~= 'parked' then return lead[1] end
part(id, lead[4])
move(id, lead[1], lead[2], 'discarded', now, 'act', ARGV[3], 'was', lead[1])
-- A person has decided: a worker that was given up for dead has no more say, but of a success.
redis.call('HDEL', P .. 'lead:' .. id, 'token', 'expired')
act_on(id, ARGV[4])
return 'ok'
