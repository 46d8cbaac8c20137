-- prelude: what every script begins with. It is put before each of them when they are loaded.
--
-- KEYS 1 the namespace's prefix, such as `{leads}:`; keys.py has the same names for Python.
-- ARGV 1 seconds to add to the server's clock (tests; else 0)
local P = KEYS[1]
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6 + ARGV[1]

-- The most entries a lead's timeline keeps; older ones go first.
local TIMELINE_MAX = 200

local function stamp(at) return string.format('%.6f', at) end

-- The sorted set that holds a lead of this state and lane. (A record has no lane only where somebody
-- else has damaged it.)
local function index(state, lane)
  if state == 'waiting' then return P .. 'due:' .. (lane or 'live') end
  return P .. state
end

-- Add to a lead's timeline; `entry` is a JSON object with at least one member.
local function note(id, entry)
  local key = P .. 'timeline:' .. id
  local length = redis.call('RPUSH', key, '{"at":' .. stamp(now) .. ',' .. string.sub(entry, 2))
  if length > TIMELINE_MAX then redis.call('LPOP', key) end
end

-- Redis refuses a write as a script's first one when memory is full, unless it only takes away;
-- after such a one it permits the others. What moves leads must go on then.
local function permit() redis.call('ZREM', P .. 'leased', '') end

-- Move a lead between states. Its first write is a ZREM, which Redis permits when memory is full.
local function move(id, from, lane, to, at, ...)
  redis.call('ZREM', index(from, lane), id)
  redis.call('ZADD', index(to, lane), stamp(at), id)
  redis.call('HSET', P .. 'lead:' .. id, 'state', to, ...)
end

-- The hold in force as {kind, until or "", since, reason, by, version}, or nil.
local function hold_in_force()
  local hold = redis.call('HMGET', P .. 'hold', 'kind', 'until', 'since', 'reason', 'by', 'version')
  if not hold[1] or (hold[2] ~= '' and now >= tonumber(hold[2])) then return nil end
  return hold
end

-- For how long the namespace has been under holds in all, so that a lead's age can leave it out.
local function held_seconds()
  local past = redis.call('HGET', P .. 'counts', 'held_seconds') or 0
  local hold = redis.call('HMGET', P .. 'hold', 'kind', 'until', 'since')
  if not hold[1] then return tonumber(past) end
  local ended = hold[2] == '' and now or math.min(now, tonumber(hold[2]))
  return past + math.max(0, ended - hold[3])
end

-- How many leads might be claimed now: due ones of both lanes, and unknown ones due for a look.
local function claimable()
  local upto = stamp(now)
  return redis.call('ZCOUNT', P .. 'due:live', '-inf', upto)
    + redis.call('ZCOUNT', P .. 'due:bulk', '-inf', upto)
    + redis.call('ZCOUNT', P .. 'unknown', '-inf', upto)
end

-- Ring the bell where nobody has; the message's id must be fresh, so it is made of who and when.
local function ring(bell, who)
  if bell == '' or redis.call('LLEN', P .. 'bell') > 0 then return 0 end
  local id = string.gsub(who, '[^%w._:-]', '_') .. '-' .. stamp(now)
  redis.call('LPUSH', P .. 'bell', (string.gsub(bell, '@BELL@', id)))
  return 1
end
