-- beat: a worker says that it lives, and rings where something may be claimed.
--
-- ARGV 2 worker · 3 bell, or "" · 4 seconds after which a silent worker is no longer listed
--      5 the most requests in flight across the fleet · 6 id of the batch of events that was reported, or ""
--      7 "1" if leads were settled since this worker's last beat, else ""
--      then names and values of what it says of itself
-- Gives {now, number of leads that may be claimed now (0 under a hold that lets none through),
--        1 if it rang, 1 if a hold's time is over, ids of the campaigns that are under way,
--        mark of the bell that lies there longest, or "" where none does or it has just been rung,
--        id of a batch of events, or "", then the events of it, which this worker is to report}
-- To be repeated at will: each run is a beat. A batch is kept until it is said to be reported. Until then
-- there is no other; and where nobody says so within AGAIN seconds, as its worker died, it is given again.
-- Deaths are an event for each group: the first at once, then what came meanwhile after 5 s, 20 s, and
-- so on up to 10 min. A group that is quiet at the end of its pause is looked at no more, but its pause
-- is kept until it was quiet for 10 min, so that a trickle is not told death by death. (Redis may forget
-- it just as one dies, which then is told all the same.)
-- `unsettled_seconds` is for how long workers lived and leads might be claimed or were, and none was
-- settled. Of a time in which nobody beat (between two lives of a worker that crashes, or while Redis was
-- away) it takes no more than LONGEST_GAP: a Redis that was away is no fleet that gets nothing done.
local FIRST_PAUSE, LAST_PAUSE, GROUPS_A_BEAT, AGAIN, LONGEST_GAP = 5, 600, 5, 10, 30
local worker = ARGV[2]
local g, flying = governor(), in_flight()
local over = g['until'] and now >= tonumber(g['until'])
local room = admit(g, flying, tonumber(ARGV[5]))
local many = (room > 0 or over) and claimable() or 0
local campaigns = redis.call('SMEMBERS', P .. 'active')
local unsettled = tonumber(redis.call('HGET', P .. 'counts', 'unsettled_seconds') or 0)
local last_beat = tonumber(redis.call('ZREVRANGE', P .. 'workers', 0, 0, 'WITHSCORES')[2] or now)

local given = redis.call('LRANGE', P .. 'given', 0, -1)
local reported = #given == 0 or given[1] == ARGV[6]
local since_given = reported and 0 or now - given[2]
local batch, reports, deaths = '', {}, {}
if reported then
  reports = redis.call('LRANGE', P .. 'reports', 0, 9)
  for n, group in ipairs(redis.call('ZRANGEBYSCORE', P .. 'deaths', '-inf', stamp(now), 'LIMIT', 0, GROUPS_A_BEAT)) do
    local found = redis.call('HMGET', P .. 'deaths:' .. group, 'new', 'lead', 'pause', 'until')
    local lead = redis.call('HMGET', P .. 'lead:' .. (found[2] or ''), 'reason', 'cause', 'status', 'lane', 'source')
    local new, last = tonumber(found[1] or (found[3] and 0 or 1)), tonumber(found[3])
    local anew = not last or (found[4] and now >= tonumber(found[4]))
    local pause = anew and FIRST_PAUSE or math.min(last * 4, LAST_PAUSE)
    deaths[n] = {group = group, new = new, last = last, pause = pause, event = {event = 'died', at = stamp(now),
      group = group, new = new, dead = tonumber(redis.call('HGET', P .. 'groups', group) or 0),
      lead = found[2], reason = lead[1], cause = lead[2], status = lead[3], lane = lead[4], source = lead[5]}}
  end
end

redis.call('ZREMRANGEBYSCORE', P .. 'workers', '-inf', stamp(now - ARGV[4]))
if #given > 0 and reported then redis.call('DEL', P .. 'given') end
if #reports > 0 then redis.call('LTRIM', P .. 'reports', #reports, -1) end
for _, death in ipairs(deaths) do
  local key = P .. 'deaths:' .. death.group
  if death.new > 0 then
    redis.call('HSET', key, 'pause', death.pause)
    redis.call('HDEL', key, 'new', 'lead', 'until')
    redis.call('PERSIST', key)
    redis.call('ZADD', P .. 'deaths', 'XX', stamp(now + death.pause), death.group)
    reports[#reports + 1] = cjson.encode(death.event)
  else
    redis.call('ZREM', P .. 'deaths', death.group)
    redis.call('HSET', key, 'until', stamp(now + LAST_PAUSE - death.last))
    redis.call('EXPIRE', key, LAST_PAUSE - death.last)
  end
end
if #reports > 0 then
  batch = stamp(now)
  redis.call('RPUSH', P .. 'given', batch, stamp(now), unpack(reports))
elseif since_given >= AGAIN or since_given < 0 then
  batch = given[1]
  redis.call('LSET', P .. 'given', 1, stamp(now))
  reports = {unpack(given, 3)}
end

if ARGV[7] == '1' then
  redis.call('HDEL', P .. 'counts', 'unsettled_seconds')
elseif many > 0 or flying > 0 then
  local gap = math.min(math.max(0, now - last_beat), LONGEST_GAP)
  redis.call('HSET', P .. 'counts', 'unsettled_seconds', stamp(unsettled + gap))
end
redis.call('ZADD', P .. 'workers', stamp(now), worker)
if #ARGV > 8 then redis.call('HSET', P .. 'worker:' .. worker, unpack(ARGV, 8)) end
redis.call('EXPIRE', P .. 'worker:' .. worker, math.ceil(ARGV[4]))
local rang = many > 0 and ring(ARGV[3], worker) or 0
local bell = rang == 0 and redis.call('LINDEX', P .. 'bell', -1)
return {stamp(now), many, rang, over and 1 or 0, campaigns, bell and redis.sha1hex(bell) or '', batch,
  unpack(reports)}
