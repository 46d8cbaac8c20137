-- fleet: what all scripts but `settle` begin with, after the prelude: the governor, the rate, the trail, the
-- bell, and how a lead is sent again.

-- A lead waits again, with fresh attempts, a fresh age and the same id. `lead` has its state, its group
-- and whether it is a suspect: who may have killed its workers stays one, though it may try as often.
local function send_again(id, lead, lane, ...)
  local key = P .. 'lead:' .. id
  part(id, lead.group)
  move(id, lead.state, lane, 'waiting', now, 'replayed_at', stamp(now), ...)
  redis.call('HINCRBY', key, 'replays', 1)
  redis.call('HDEL', key, 'attempts', 'returned', 'expiries', 'reason', 'cause', 'status', 'code', 'group',
    'token', 'expired', 'tried_at', 'held_before', 'looks', 'look_page', 'unanswered', 'similar', 'doubted',
    'doubted_at', 'mended')
  if lead.suspect then redis.call('HSET', key, 'suspect', 0) end
end

-- The governor's record, as `store/governor_record.py` writes it; a field that is empty is nil.
local GOVERNED = {'kind', 'until', 'since', 'number', 'canary_at', 'trial_at', 'accused', 'canary',
  'token_mark', 'window', 'stale', 'busy', 'version'}
local function governor()
  local found, record = redis.call('HMGET', P .. 'governor', unpack(GOVERNED)), {}
  for n, name in ipairs(GOVERNED) do
    if found[n] and found[n] ~= '' then record[name] = found[n] end
  end
  return record
end

-- For how long the namespace has been under holds in all, so that a lead's age can leave it out.
local function held_seconds(g)
  local past = tonumber(redis.call('HGET', P .. 'counts', 'held_seconds') or 0)
  if not g.kind then return past end
  local ended = g['until'] and math.min(now, tonumber(g['until'])) or now
  return past + math.max(0, ended - g.since)
end

-- How often a lead was refused in company of late, while the API turned out to be well.
local DOUBT_SECONDS = 600
local function doubts(number, at)
  return at and now - at < DOUBT_SECONDS and tonumber(number or 0) or 0
end

-- How many requests are in flight across the fleet. What a dead worker had counts until its lease ends.
local function in_flight()
  return redis.call('ZCOUNT', P .. 'leased', '(' .. stamp(now), '+inf')
    + redis.call('ZCOUNT', P .. 'looking', '(' .. stamp(now), '+inf')
end

-- What the governor lets through now: how many requests, after how many seconds to ask again where it
-- is none (nil: somebody will ring), and "canary" or "trial" where it is one lead under a hold.
local function admit(g, flying, ceiling)
  if not g.kind then
    local room = math.floor(math.min(tonumber(g.window or ceiling), ceiling)) - flying
    if room > 0 then return room end
    return 0, 0.25
  end
  if g['until'] then return 0, math.max(0, g['until'] - now) end
  local canary, trial = tonumber(g.canary_at or ''), tonumber(g.trial_at or '')
  if canary and now >= canary then
    if trial or flying == 0 then return 1, nil, 'canary' end
    return 0, 0.25
  end
  if trial and now >= trial then return 1, nil, 'trial' end
  if not canary then return 0 end
  return 0, math.min(canary, trial or canary) - now
end

-- How many requests the rate lets out now (`most`), after how many seconds the next one where so many
-- are taken (`wait`), and what their taking costs. A generic cell rate algorithm: `free_at` moves on by
-- `spacing` for each, and may be ahead of the clock by what a burst is worth.
-- A request may reach the API up to SLACK seconds after its claim. In any 60 s there arrive no more than
-- are claimed in 60 + SLACK, which is at most (60 + SLACK) / spacing + burst - 1 and so at most `minute`.
local SLACK = 1
local function permits(minute, burst)
  local set = redis.call('HMGET', P .. 'rate', 'per_minute', 'free_at')
  minute = tonumber(set[1] or minute)
  if minute <= 0 then return {most = math.huge, spacing = 0, wait = function() return 0 end} end
  burst = math.max(1, math.min(math.floor(minute / 2), burst > 0 and burst or math.floor(minute / 100)))
  local spacing = (60 + SLACK) / (minute - burst + 1)
  local ahead, free_at = (burst - 1) * spacing, tonumber(set[2] or 0)
  -- A clock that was set back, or a rate that was raised, must not close the gate for long.
  if free_at - now > ahead + spacing + 1 then free_at = now + ahead end
  free_at = math.max(free_at, now)
  -- The epsilon is for instants of ten digits: whoever waited to the microsecond has waited enough.
  local most = math.max(0, math.floor((now - free_at + ahead) / spacing + 1 + 1e-6))
  return {most = most, spacing = spacing, free_at = free_at,
    wait = function(taken) return free_at + taken * spacing - ahead - now end}
end

-- How many leads might be claimed now: due ones of both lanes, and unknown ones due for a look.
local function claimable()
  local upto = stamp(now)
  return redis.call('ZCOUNT', P .. 'due:live', '-inf', upto)
    + redis.call('ZCOUNT', P .. 'due:bulk', '-inf', upto)
    + redis.call('ZCOUNT', P .. 'unknown', '-inf', upto)
end

-- The audit trail: what people, rules and the governor did. Ids, and no personal data.
local LOG_MAX, REPORTS_MAX = 100000, 100
local function log(event)
  local entry = '{"at":' .. stamp(now) .. ',' .. string.sub(event, 2)
  if redis.call('RPUSH', P .. 'log', entry) > LOG_MAX then redis.call('LPOP', P .. 'log') end
  return entry
end

-- Log what a person should hear of, and leave it to whoever reports next.
local function tell(event)
  if redis.call('RPUSH', P .. 'reports', log(event)) > REPORTS_MAX then redis.call('LPOP', P .. 'reports') end
end

-- What was done to a lead: on its timeline, and in the audit trail. One of many, which are in the trail
-- as one act, says so. (Within a text of JSON the quotes would be escaped.)
local function act_on(id, entry)
  note(id, entry)
  if string.find(entry, '"many":', 1, true) then return end
  log('{"lead":' .. cjson.encode(id) .. ',' .. string.sub(entry, 2))
end

-- Ring the bell where nobody has; the message's id must be fresh, so it is made of who and when.
local function ring(bell, who)
  if bell == '' or redis.call('LLEN', P .. 'bell') > 0 then return 0 end
  local id = string.gsub(who, '[^%w._:-]', '_') .. '-' .. stamp(now)
  redis.call('LPUSH', P .. 'bell', (string.gsub(bell, '@BELL@', id)))
  return 1
end
