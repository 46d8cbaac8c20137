-- reclaim: leads whose lease ran out, because their worker died, become unknown, or dead as poison.
--
-- ARGV 2 the most leads · 3 number of expiries that makes a lead dead · 4 seconds without a pulse
--      after which leases are given time · 5 seconds that they are given
-- Gives how many were reclaimed.
-- Each run is a pulse. Where none came for a while, Redis or the whole fleet was away and leases
-- could not be settled in time: that is not yet a death.
local pulse = tonumber(redis.call('GET', P .. 'pulse') or '0')
local grace = tonumber(redis.call('GET', P .. 'grace') or '0')
permit()
redis.call('SET', P .. 'pulse', stamp(now))
if now - pulse > tonumber(ARGV[4]) then
  redis.call('SET', P .. 'grace', stamp(now + ARGV[5]))
  return 0
end
if now < grace then return 0 end

local ids = redis.call('ZRANGEBYSCORE', P .. 'leased', '-inf', stamp(now), 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  local key = P .. 'lead:' .. id
  local lead = redis.call('HMGET', key, 'lane', 'token', 'expiries')
  local expiries = tonumber(lead[3] or '0') + 1
  local to, entry = 'unknown', '{"event":"lease_expired","token":"' .. (lead[2] or '') .. '"}'
  if expiries >= tonumber(ARGV[3]) then to = 'dead' end
  -- The token stays: until somebody else claims the lead, its worker may still say what happened.
  move(id, 'leased', lead[1], to, now, 'expiries', expiries)
  redis.call('HINCRBY', key, 'attempts', 1)
  if to == 'dead' then redis.call('HSET', key, 'reason', 'poison', 'cause', 'lease_expired') end
  note(id, entry)
end
return #ids
