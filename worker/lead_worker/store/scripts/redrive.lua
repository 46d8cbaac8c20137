-- redrive: is it time for the rule that brings an outage's dead letters home? Then nobody else has it.
--
-- ARGV 2 seconds until it is time again · 3 "1": it was carried out, so count from now
-- Gives 1 if it was time, else 0.
local next_at = tonumber(redis.call('HGET', P .. 'redrive', 'next_at') or 0)
if now < next_at and ARGV[3] ~= '1' then return 0 end
redis.call('HSET', P .. 'redrive', 'next_at', stamp(now + ARGV[2]))
if ARGV[3] == '1' then redis.call('HSET', P .. 'redrive', 'last_at', stamp(now)) end
return 1
