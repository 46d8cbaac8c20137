-- steer: somebody begins, pauses, resumes or cancels a campaign.
--
-- ARGV 2 id · 3 what is done (begin, pause, resume, cancel) · 4 token of this act · 5 event for the audit trail
--      6 the most campaigns that are under way at once
-- Gives ok · done: this act was here before · gone · busy: so many are under way, and this one had ended
--       finished: it is done · or the state that the campaign is in, if that cannot be.
-- What has not been let go is still dead. What has been goes on by itself, and its end is still noted.
local MOVES = {
  begin = {preparing = 'running'},
  pause = {running = 'paused'},
  resume = {paused = 'running', stopped = 'running'},
  cancel = {preparing = 'cancelled', running = 'cancelled', paused = 'cancelled', stopped = 'cancelled'},
}
local id, act = ARGV[2], ARGV[4]
local key = P .. 'campaign:' .. id
local campaign = redis.call('HMGET', key, 'state', 'act', 'delivered', 'dead', 'parked')
if not campaign[1] then return 'gone' end
if campaign[2] == act then return 'done' end
local to = MOVES[ARGV[3]][campaign[1]]
if not to then return campaign[1] == 'done' and 'finished' or campaign[1] end
local ended = redis.call('SISMEMBER', P .. 'active', id) == 0
if to == 'running' and ended and redis.call('SCARD', P .. 'active') >= tonumber(ARGV[6]) then return 'busy' end
permit()
redis.call('HSET', key, 'state', to, 'act', act, 'touched_at', stamp(now))
redis.call('HDEL', key, 'why', 'ended_at')
if ARGV[3] == 'begin' then redis.call('HSET', key, 'began_at', stamp(now)) end
if to == 'running' then
  -- A person who resumes has mended something: it is judged by what comes from now on.
  local failed = tonumber(campaign[4] or 0)
  redis.call('HSET', key, 'judged', failed + (campaign[3] or 0) + (campaign[5] or 0), 'judged_dead', failed)
end
if to ~= 'paused' then
  -- Also one that is cancelled after it had ended: `advance` lets it end again.
  for _, name in ipairs({'campaign:', 'campaign_todo:', 'campaign_out:', 'campaign_ended:'}) do
    redis.call('PERSIST', P .. name .. id)
  end
  redis.call('SADD', P .. 'active', id)
end
if to == 'cancelled' then redis.call('UNLINK', P .. 'campaign_todo:' .. id) end
log(ARGV[5])
return 'ok'
