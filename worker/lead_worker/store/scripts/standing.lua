-- standing: what a decision about the governor needs. Reads only.
--
-- Gives {now, requests in flight, threads that the living workers send with, then names and values of
--        the governor's record}
local capacity = 0
local workers = redis.call('ZREVRANGEBYSCORE', P .. 'workers', '+inf', stamp(now - 10), 'LIMIT', 0, 100)
for _, worker in ipairs(workers) do
  capacity = capacity + (tonumber(redis.call('HGET', P .. 'worker:' .. worker, 'concurrency') or '') or 0)
end
return {stamp(now), in_flight(), capacity, unpack(redis.call('HGETALL', P .. 'governor'))}
