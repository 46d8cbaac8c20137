-- advance: a campaign notes what became of the leads that it let go, and lets some more of them wait again.
--
-- ARGV 2 id · 3 the most leads of either · 4 bell, or "" · 5 requests a minute that the workers are set to
-- Gives {its state, 1 if there is more to do at once}. To be repeated at will: each run does what is due.
-- A dead letter leaves its place here, in one step, for the lane `bulk`; who is no dead letter any more is
-- skipped. It begins with few at a time and lets out twice as many as have come to an end, so that a
-- campaign which fails stops early. Under a hold it lets out none, but one to be the canary where no
-- other lead is there for it.
local FEW, MANY, JUDGED_FROM = 20, 1000, 20
local KEEP_SECONDS, STALE_SECONDS = 30 * 86400, 60
local id, most = ARGV[2], tonumber(ARGV[3])
local key = P .. 'campaign:' .. id
local todo, out, ended = P .. 'campaign_todo:' .. id, P .. 'campaign_out:' .. id, P .. 'campaign_ended:' .. id
local read = redis.call('HMGET', key, 'state', 'touched_at', 'per_minute', 'share', 'most_failed', 'free_at',
  'delivered', 'dead', 'parked', 'judged', 'judged_dead', 'rule')
local state = read[1]
if not state then
  redis.call('SREM', P .. 'active', id)
  return {'gone', 0}
end
local counted = {delivered = tonumber(read[7] or 0), dead = tonumber(read[8] or 0), parked = tonumber(read[9] or 0)}

-- What became of those that are out? Each is looked at about once a second.
local ends, still = {}, {}
local looked = redis.call('ZRANGEBYSCORE', out, '-inf', stamp(now - 0.5), 'LIMIT', 0, most)
for _, lead in ipairs(looked) do
  local found = redis.call('HMGET', P .. 'lead:' .. lead, 'state', 'campaign')
  local what = found[1] or 'gone'
  if what == 'waiting' or what == 'leased' or what == 'unknown' then
    what = found[2] ~= id and 'elsewhere'
  end
  if what then ends[#ends + 1] = {id = lead, what = what} else still[#still + 1] = lead end
  if counted[what] then counted[what] = counted[what] + 1 end
end
local judged = counted.delivered + counted.dead + counted.parked - (read[10] or 0)
local failed = counted.dead - (read[11] or 0)
local why
if state == 'running' and judged >= JUDGED_FROM and failed > judged * tonumber(read[5]) then
  state, why = 'stopped', 'failed'
elseif state == 'preparing' and now - read[2] > STALE_SECONDS then
  state, why = 'cancelled', 'abandoned'
end

-- How many may go now: by the window, the rate, the hold.
local flying, waiting = redis.call('ZCARD', out) - #ends, redis.call('LLEN', todo)
local room = math.min(most, math.max(FEW, math.min(MANY, 2 * judged)) - flying)
local per_minute = tonumber(read[3] or 0)
if read[4] then
  per_minute = read[4] * (redis.call('HGET', P .. 'rate', 'per_minute') or ARGV[5])
  -- A share of no rate could be anything: it waits until there is one again.
  if per_minute <= 0 then room = 0 end
end
local spacing = per_minute > 0 and 60 / per_minute or 0
local free_at = math.max(tonumber(read[6] or 0), now - math.max(2, spacing))
-- A clock that was set back must not close the gate.
if free_at > now + 1 then free_at = now - spacing end
if spacing > 0 then room = math.min(room, math.floor((now - free_at) / spacing + 1e-6)) end
local g = governor()
if g.kind then room = admit(g, 0, 1) > 0 and claimable() == 0 and math.min(room, 1) or 0 end
if state ~= 'running' then room = 0 end
local going, skipped, taken, seen = {}, {}, {}, {}
if room > 0 then taken = redis.call('LRANGE', todo, 0, room - 1) end
for _, lead in ipairs(taken) do
  local found = redis.call('HMGET', P .. 'lead:' .. lead, 'state', 'suspect', 'group', 'campaign')
  -- Who was enlisted twice goes once.
  if found[1] == 'dead' and found[4] ~= id and not seen[lead] then
    seen[lead] = true
    going[#going + 1] = {id = lead, state = 'dead', suspect = found[2], group = found[3]}
  else
    skipped[#skipped + 1] = {id = lead, what = found[1] or 'gone'}
  end
end

permit()
for _, lead in ipairs(still) do redis.call('ZADD', out, 'XX', stamp(now), lead) end
for _, lead in ipairs(ends) do
  redis.call('ZREM', out, lead.id)
  redis.call('HSET', ended, lead.id, lead.what)
  redis.call('HINCRBY', key, lead.what, 1)
end
for _, lead in ipairs(skipped) do
  redis.call('HSETNX', ended, lead.id, 'skipped ' .. lead.what)
  redis.call('HINCRBY', key, 'skipped', 1)
end
for _, lead in ipairs(going) do
  send_again(lead.id, lead, 'bulk', 'lane', 'bulk', 'campaign', id)
  if read[12] then redis.call('HINCRBY', P .. 'lead:' .. lead.id, 'redriven', 1)
  else redis.call('HDEL', P .. 'lead:' .. lead.id, 'redriven') end
  note(lead.id, '{"event":"replayed","campaign":"' .. id .. '"}')
  redis.call('ZADD', out, stamp(now), lead.id)
end
if #taken > 0 then redis.call('LTRIM', todo, #taken, -1) end
if spacing > 0 and #going > 0 then redis.call('HSET', key, 'free_at', stamp(free_at + #going * spacing)) end
flying, waiting = flying + #going, waiting - #taken
if state == 'running' and flying + waiting == 0 then state = 'done' end
local about = '{"event":"campaign_' .. state .. '","campaign":"' .. id .. '","by":"campaign","delivered":'
  .. counted.delivered .. ',"dead":' .. counted.dead .. '}'
if state ~= read[1] then
  redis.call('HSET', key, 'state', state)
  if why then redis.call('HSET', key, 'why', why) end
  if state == 'cancelled' then redis.call('UNLINK', todo) end
  if state == 'stopped' then tell(about) else log(about) end
end
if (state == 'done' or state == 'cancelled' or state == 'stopped') and flying == 0 then
  redis.call('HSET', key, 'ended_at', stamp(now))
  redis.call('SREM', P .. 'active', id)
  for _, name in ipairs({key, todo, out, ended}) do redis.call('EXPIRE', name, KEEP_SECONDS) end
end
if #going > 0 then ring(ARGV[4], id) end
local busy = #taken == most or #skipped > 0
return {state, (#looked == most or (busy and state == 'running')) and 1 or 0}
