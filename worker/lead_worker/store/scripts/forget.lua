-- forget: retention removes what has been in a final state for long enough.
--
-- ARGV 2 state (delivered, dead, discarded, erased) · 3 seconds that it is kept · 4 the most leads
-- Gives how many were removed; they are counted as forgotten.
local from = P .. ARGV[2]
local ids = redis.call('ZRANGEBYSCORE', from, '-inf', stamp(now - ARGV[3]), 'LIMIT', 0, ARGV[4])
for _, id in ipairs(ids) do
  local digest = redis.call('HGET', P .. 'lead:' .. id, 'key')
  redis.call('ZREM', from, id)
  redis.call('DEL', P .. 'lead:' .. id, P .. 'raw:' .. id, P .. 'timeline:' .. id)
  if digest and redis.call('GET', P .. 'key:' .. digest) == id then
    redis.call('DEL', P .. 'key:' .. digest)
  end
end
if #ids > 0 then redis.call('HINCRBY', P .. 'counts', 'forgotten', #ids) end
return #ids
