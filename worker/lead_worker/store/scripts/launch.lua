-- launch: a campaign is made known. Until it begins it lets nothing wait again.
--
-- ARGV 2 id · 3 the most campaigns that are under way at once · then names and values of its record
-- Gives ok (also where it is known) · busy: so many are under way already
local id = ARGV[2]
local key = P .. 'campaign:' .. id
if redis.call('EXISTS', key) == 1 then return 'ok' end
if redis.call('SCARD', P .. 'active') >= tonumber(ARGV[3]) then return 'busy' end
local gone = {}
for _, old in ipairs(redis.call('ZRANGE', P .. 'campaigns', 0, 9)) do
  if redis.call('EXISTS', P .. 'campaign:' .. old) == 0 then gone[#gone + 1] = old end
end
if #gone > 0 then redis.call('ZREM', P .. 'campaigns', unpack(gone)) end
redis.call('HSET', key, 'state', 'preparing', 'launched_at', stamp(now), 'touched_at', stamp(now), 'total', 0,
  unpack(ARGV, 4))
redis.call('ZADD', P .. 'campaigns', stamp(now), id)
redis.call('SADD', P .. 'active', id)
return 'ok'
