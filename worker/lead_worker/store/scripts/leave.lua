-- leave: a worker has stopped in good order.
--
-- ARGV 2 worker · 3 id of the batch of events that it has reported, or ""
-- Gives 1, or 0 if it was not listed.
if redis.call('LINDEX', P .. 'given', 0) == ARGV[3] then redis.call('DEL', P .. 'given') end
redis.call('DEL', P .. 'worker:' .. ARGV[2], P .. 'claim:' .. ARGV[2])
return redis.call('ZREM', P .. 'workers', ARGV[2])
