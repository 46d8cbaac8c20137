-- beat: a worker says that it lives, and rings where something is claimable.
--
-- ARGV 2 worker · 3 bell, or "" · 4 seconds after which a silent worker is no longer listed
--      then names and values of what it says of itself
-- Gives {now, number of leads claimable now (0 under a hold), kind of the hold or "", 1 if it rang}
local worker = ARGV[2]
redis.call('ZREMRANGEBYSCORE', P .. 'workers', '-inf', stamp(now - ARGV[4]))
redis.call('ZADD', P .. 'workers', stamp(now), worker)
redis.call('HSET', P .. 'worker:' .. worker, unpack(ARGV, 5))
redis.call('EXPIRE', P .. 'worker:' .. worker, math.ceil(ARGV[4]))
local hold = hold_in_force()
if hold then return {stamp(now), 0, hold[1], 0} end
local many = claimable()
local rang = 0
if many > 0 then rang = ring(ARGV[3], worker) end
return {stamp(now), many, '', rang}
