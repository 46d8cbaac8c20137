-- meter: what one worker has counted since its last flush is added to the fleet's metrics.
--
-- ARGV 2 worker · 3 number of this flush (counts up) · then names of fields and what is added to each
-- Gives ok · done: this flush was here before, and nothing is added
-- The number is kept for an hour after a flush: who repeats one later than that counts twice.
local KEEP_SECONDS = 3600
local key = P .. 'metered:' .. ARGV[2]
if tonumber(redis.call('GET', key) or 0) >= tonumber(ARGV[3]) then return 'done' end
permit()
redis.call('SET', key, ARGV[3], 'EX', KEEP_SECONDS)
for n = 4, #ARGV, 2 do redis.call('HINCRBY', P .. 'metrics', ARGV[n], ARGV[n + 1]) end
redis.call('HSET', P .. 'metrics', 'flushed_at', stamp(now))
return 'ok'
