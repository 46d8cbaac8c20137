-- beat: a worker says that it lives, and rings where something may be claimed.
--
-- ARGV 2 worker · 3 bell, or "" · 4 seconds after which a silent worker is no longer listed
--      5 the most requests in flight across the fleet · 6 id of the batch of events that was reported, or ""
--      7 "1" if leads were settled since this worker's last beat, else ""
--      8 id of the batch that this worker is still sending, or "": it keeps it for AGAIN seconds more
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
local SAMPLES, SAMPLE_SECONDS, LOOKED_AT = 5, 600, 1000
local worker = ARGV[2]

-- Whether it is one cause among very many: core/groups.py ends such a name with a digest.
local function is_digest(group)
  for _, mark in ipairs({'unknown%-', 'other%-', 'more%-', '^%a+:lead:'}) do
    if string.find(group, mark .. '%x%x%x%x%x%x$') then return true end
  end
  return false
end

-- What is known of a group that is due. `anew`: its deaths are told for the first time.
local function look_at(group)
  local found = redis.call('HMGET', P .. 'deaths:' .. group, 'new', 'lead', 'pause', 'until')
  local last = tonumber(found[3])
  local anew = not last or (found[4] and now >= tonumber(found[4]))
  return {group = group, new = tonumber(found[1] or (last and 0 or 1)), lead = found[2], last = last,
    anew = anew, pause = anew and FIRST_PAUSE or math.min(last * 4, LAST_PAUSE)}
end

-- Of the groups that are due, those to be told now, and those whose deaths are told with others: there
-- is `room` for so many new ones that a digest names.
local function chosen(due, room)
  local named, sampled, rest = {}, {}, {}
  for _, group in ipairs(due) do
    if not is_digest(group) then
      if #named < GROUPS_A_BEAT then named[#named + 1] = look_at(group) end
    else
      local death = look_at(group)
      death.digest = true
      local new = death.anew and death.new > 0
      if new and room <= 0 then rest[#rest + 1] = death else sampled[#sampled + 1] = death end
      if new then room = room - 1 end
    end
  end
  for _, death in ipairs(sampled) do
    if #named < GROUPS_A_BEAT then named[#named + 1] = death end
  end
  return named, rest
end

-- The event of a group's deaths, with one of them as an example.
local function describe(death)
  local lead = redis.call('HMGET', P .. 'lead:' .. (death.lead or ''), 'reason', 'cause', 'status', 'lane', 'source')
  death.event = {event = 'died', at = stamp(now), group = death.group, new = death.new,
    dead = tonumber(redis.call('HGET', P .. 'groups', death.group) or 0), lead = death.lead,
    reason = lead[1], cause = lead[2], status = lead[3], lane = lead[4], source = lead[5]}
end

-- Deaths of several groups added up, by the name that they are told under.
local function together(folded)
  local sums = {}
  for _, death in ipairs(folded) do
    local other = string.match(death.group, '^[^:]*') .. ':other'
    local sum = sums[other] or {new = 0, groups = {}}
    sum.new, sum.lead, sum.groups[#sum.groups + 1] = sum.new + death.new, death.lead, death.group
    sums[other] = sum
  end
  return sums
end

local g, flying = governor(), in_flight()
local over = g['until'] and now >= tonumber(g['until'])
local room = admit(g, flying, tonumber(ARGV[5]))
local many = (room > 0 or over) and claimable() or 0
local campaigns = redis.call('SMEMBERS', P .. 'active')
local unsettled = tonumber(redis.call('HGET', P .. 'counts', 'unsettled_seconds') or 0)
local told_anew = {}
for at in string.gmatch(redis.call('HGET', P .. 'counts', 'sampled') or '', '%S+') do
  local ago = now - (tonumber(at) or 0)
  if ago >= 0 and ago < SAMPLE_SECONDS then told_anew[#told_anew + 1] = at end
end
local last_beat = tonumber(redis.call('ZREVRANGE', P .. 'workers', 0, 0, 'WITHSCORES')[2] or now)

local given = redis.call('LRANGE', P .. 'given', 0, -1)
local reported = #given == 0 or given[1] == ARGV[6]
local sending = not reported and given[1] == ARGV[8]
local since_given = (reported or sending) and 0 or now - given[2]
local batch, reports, deaths, folded = '', {}, {}, {}
if reported then
  reports = redis.call('LRANGE', P .. 'reports', 0, 9)
  local due = redis.call('ZRANGEBYSCORE', P .. 'deaths', '-inf', stamp(now), 'LIMIT', 0, LOOKED_AT)
  deaths, folded = chosen(due, SAMPLES - #told_anew)
  for _, death in ipairs(deaths) do describe(death) end
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
    if death.digest and death.anew then
      told_anew[#told_anew + 1] = stamp(now)
      redis.call('HSET', P .. 'counts', 'sampled', table.concat(told_anew, ' '))
    end
    reports[#reports + 1] = cjson.encode(death.event)
  else
    redis.call('ZREM', P .. 'deaths', death.group)
    redis.call('HSET', key, 'until', stamp(now + LAST_PAUSE - death.last))
    redis.call('EXPIRE', key, LAST_PAUSE - death.last)
  end
end
for other, death in pairs(together(folded)) do
  redis.call('HINCRBY', P .. 'deaths:' .. other, 'new', death.new)
  if death.lead then redis.call('HSET', P .. 'deaths:' .. other, 'lead', death.lead) end
  redis.call('ZADD', P .. 'deaths', 'NX', stamp(now), other)
  for _, group in ipairs(death.groups) do
    redis.call('ZREM', P .. 'deaths', group)
    redis.call('DEL', P .. 'deaths:' .. group)
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
if sending then redis.call('LSET', P .. 'given', 1, stamp(now)) end

if ARGV[7] == '1' then
  redis.call('HDEL', P .. 'counts', 'unsettled_seconds')
elseif many > 0 or flying > 0 then
  local gap = math.min(math.max(0, now - last_beat), LONGEST_GAP)
  redis.call('HSET', P .. 'counts', 'unsettled_seconds', stamp(unsettled + gap))
end
redis.call('ZADD', P .. 'workers', stamp(now), worker)
if #ARGV > 9 then redis.call('HSET', P .. 'worker:' .. worker, unpack(ARGV, 9)) end
redis.call('EXPIRE', P .. 'worker:' .. worker, math.ceil(ARGV[4]))
local rang = many > 0 and ring(ARGV[3], worker) or 0
local bell = rang == 0 and redis.call('LINDEX', P .. 'bell', -1)
return {stamp(now), many, rang, over and 1 or 0, campaigns, bell and redis.sha1hex(bell) or '', batch,
  unpack(reports)}
