-- beat: a worker says that it lives, and rings where something is claimable.
--
-- ARGV 2 worker · 3 bell, or "" · 4 seconds after which a silent worker is no longer listed
--      then names and values of what it says of itself
-- Gives {now, number of leads claimable now (0 under a hold), kind of the hold or "", 1 if it rang}
-- To be repeated at will: each run is a beat.
local worker = ARGV[2]
local hold = hold_in_force()
local many = hold and 0 or claimable()
redis.call('ZREMRANGEBYSCORE', P .. 'workers', '-inf', stamp(now - ARGV[4]))
redis.call('ZADD', P .. 'workers', stamp(now), worker)
if #ARGV > 5 then redis.call('HSET', P .. 'worker:' .. worker, unpack(ARGV, 5)) end
redis.call('EXPIRE', P .. 'worker:' .. worker, math.ceil(ARGV[4]))
return {stamp(now), many, hold and hold[1] or '', many > 0 and ring(ARGV[3], worker) or 0}
