-- replay: a dead letter, or a parked lead, waits again, with fresh attempts, a fresh age and the same id.
--
-- ARGV 2 id · 3 token of this act · 4 entry for the timeline · 5 bell, or "" · 6 "1": also one that is
--      delivered, so that the API gets it a second time
-- Gives ok · done: this act was here before · gone · or the state that the lead is in, if none of those.
local id = ARGV[2]
local lead = redis.call('HMGET', P .. 'lead:' .. id, 'state', 'lane', 'act', 'suspect', 'group')
local state = lead[1]
if not state then return 'gone' end
if lead[3] == ARGV[3] then return 'done' end
local forced = state == 'delivered' and ARGV[6] == '1'
if state ~= 'dead' and state ~= 'parked' and not forced then return state end
local room = admit(governor(), 0, 1)
send_again(id, {state = state, group = lead[5], suspect = lead[4]}, lead[2], 'act', ARGV[3])
-- A person looks after it now: a rule begins to count anew.
redis.call('HDEL', P .. 'lead:' .. id, 'campaign', 'redriven')
-- What was made of it so far is known: a look is for what comes from now on.
if forced then redis.call('HDEL', P .. 'lead:' .. id, 'unknown_since') end
act_on(id, ARGV[4])
if room > 0 then ring(ARGV[5], id) end
return 'ok'
