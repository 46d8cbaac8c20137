-- reclaim: leads whose lease ran out, because their worker died, become unknown, or dead as poison.
--
-- ARGV 2 the most leads · 3 number of expiries while it was alone that makes a lead dead
--      4 seconds without a pulse after which leases are given time · 5 seconds that they are given
-- Gives {how many were reclaimed, then the ids of those that are dead now}. To be repeated at will:
-- each run takes what has run out by then.
-- Each run is a pulse. Where none came for a while, Redis or the whole fleet was away and leases
-- could not be settled in time: that is not yet a death.
-- The first expiry makes a lead a suspect, no more: it may have been in flight beside the one to blame.
-- A suspect is claimed alone, so from then on its expiries count: `suspect` is how many there were.
local pulse = tonumber(redis.call('GET', P .. 'pulse') or '0')
local grace = tonumber(redis.call('GET', P .. 'grace') or '0')
local gap, given = tonumber(ARGV[4]), tonumber(ARGV[5])
-- A clock that was set back must not stretch the grace.
local spared = now - pulse > gap or (now < grace and grace - now <= given)

local found = {}
if not spared then
  local ids = redis.call('ZRANGEBYSCORE', P .. 'leased', '-inf', stamp(now), 'LIMIT', 0, ARGV[2])
  for n, id in ipairs(ids) do
    local lead = redis.call('HMGET', P .. 'lead:' .. id, 'token', 'expiries', 'suspect', 'claimed_at',
      'unknown_since')
    local suspect = lead[3] and lead[3] + 1 or 0
    found[n] = {id = id, token = lead[1] or '', expiries = (lead[2] or 0) + 1, suspect = suspect,
      since = lead[5] or lead[4] or stamp(now)}
  end
end

local group = group_for('poison:lease_expired')

permit()
redis.call('ZREMRANGEBYSCORE', P .. 'looking', '-inf', stamp(now))
redis.call('SET', P .. 'pulse', stamp(now))
if now - pulse > gap then redis.call('SET', P .. 'grace', stamp(now + given)) end
local dead = {}
for _, lead in ipairs(found) do
  local key = P .. 'lead:' .. lead.id
  local to = lead.suspect >= tonumber(ARGV[3]) and 'dead' or 'unknown'
  -- The token stays: until somebody else takes the lead up, its worker may still say what happened.
  move(lead.id, 'leased', nil, to, now, 'expiries', lead.expiries, 'expired', lead.token,
    'suspect', lead.suspect, 'unknown_since', lead.since)
  redis.call('HINCRBY', key, 'attempts', 1)
  if to == 'dead' then
    redis.call('HSET', key, 'reason', 'poison', 'cause', 'lease_expired', 'group', group)
    died(lead.id, group, now)
    dead[#dead + 1] = lead.id
  end
  note(lead.id, '{"event":"lease_expired","token":' .. cjson.encode(lead.token) .. '}')
end
return {#found, unpack(dead)}
