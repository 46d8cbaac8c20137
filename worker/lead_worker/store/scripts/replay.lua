-- replay: a dead letter, or a parked lead, waits again, with fresh attempts, a fresh age and the same id.
--
-- ARGV 2 id · 3 token of this act · 4 entry for the timeline · 5 bell, or ""
-- Gives ok · done: this act was here before · gone · or the state that the lead is in, if neither.
local id = ARGV[2]
local key = P .. 'lead:' .. id
local lead = redis.call('HMGET', key, 'state', 'lane', 'act', 'suspect')
if not lead[1] then return 'gone' end
if lead[3] == ARGV[3] then return 'done' end
if lead[1] ~= 'dead' and lead[1] ~= 'parked' then return lead[1] end
local room = admit(governor(), 0, 1)
move(id, lead[1], lead[2], 'waiting', now, 'act', ARGV[3], 'replayed_at', stamp(now))
redis.call('HDEL', key, 'attempts', 'returned', 'expiries', 'reason', 'cause', 'status', 'code',
  'token', 'expired', 'tried_at', 'held_before', 'looks', 'look_page', 'unanswered', 'similar', 'doubted',
  'doubted_at')
-- Who may have killed its workers stays a suspect, though it may try as often again.
if lead[4] then redis.call('HSET', key, 'suspect', 0) end
note(id, ARGV[4])
if room > 0 then ring(ARGV[5], id) end
return 'ok'
