-- restore: a lead that was discarded is again what it was before, a dead letter or a parked lead. It
-- counts as one since now, so that retention does not take at once what somebody has just saved.
--
-- ARGV 2 id · 3 token of this act · 4 entry for the timeline
-- Gives ok · done: this act was here before · gone · or the state that the lead is in.
local id = ARGV[2]
local lead = redis.call('HMGET', P .. 'lead:' .. id, 'state', 'lane', 'act', 'was', 'group', 'mended')
if not lead[1] then return 'gone' end
if lead[3] == ARGV[3] then return 'done' end
if lead[1] ~= 'discarded' then return lead[1] end
local was = lead[4] or 'dead'
local group = was == 'dead' and group_for(lead[5] or '')
move(id, 'discarded', lead[2], was, now, 'act', ARGV[3], unpack(group and {'group', group} or {}))
if group then join(id, group, now) end
if group and lead[6] then redis.call('ZADD', P .. 'mended:' .. group, stamp(now), id) end
redis.call('HDEL', P .. 'lead:' .. id, 'was')
act_on(id, ARGV[4])
return 'ok'
