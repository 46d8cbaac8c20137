-- beat: a worker says that it lives, and rings where something may be claimed.
--
-- ARGV 2 worker · 3 bell, or "" · 4 seconds after which a silent worker is no longer listed
--      5 the most requests in flight across the fleet
--      then names and values of what it says of itself
-- Gives {now, number of leads that may be claimed now (0 under a hold that lets none through),
--        1 if it rang, 1 if a hold's time is over, ids of the campaigns that are under way,
--        then events that nobody has reported yet}
-- To be repeated at will: each run is a beat. Events are given once.
local worker = ARGV[2]
local g, flying = governor(), in_flight()
local over = g['until'] and now >= tonumber(g['until'])
local room = admit(g, flying, tonumber(ARGV[5]))
local many = (room > 0 or over) and claimable() or 0
local campaigns = redis.call('SMEMBERS', P .. 'active')
local reports = redis.call('LRANGE', P .. 'reports', 0, 9)
redis.call('ZREMRANGEBYSCORE', P .. 'workers', '-inf', stamp(now - ARGV[4]))
if #reports > 0 then redis.call('LTRIM', P .. 'reports', #reports, -1) end
redis.call('ZADD', P .. 'workers', stamp(now), worker)
if #ARGV > 6 then redis.call('HSET', P .. 'worker:' .. worker, unpack(ARGV, 6)) end
redis.call('EXPIRE', P .. 'worker:' .. worker, math.ceil(ARGV[4]))
local rang = many > 0 and ring(ARGV[3], worker) or 0
return {stamp(now), many, rang, over and 1 or 0, campaigns, unpack(reports)}
