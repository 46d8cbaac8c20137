-- leave: a worker has stopped in good order.
--
-- ARGV 2 worker
-- Gives 1, or 0 if it was not listed.
redis.call('DEL', P .. 'worker:' .. ARGV[2], P .. 'claim:' .. ARGV[2])
return redis.call('ZREM', P .. 'workers', ARGV[2])
