-- prelude: what every script begins with. It is put before each of them when they are loaded.
--
-- All of it is run at each call, so it is short: what `settle` does not need is in fleet.lua.
-- KEYS 1 the namespace's prefix, such as `{leads}:`; keys.py has the same names for Python.
-- ARGV 1 seconds to add to the server's clock (tests; else 0)
local P = KEYS[1]
local time = redis.call('TIME')
local later = tonumber(ARGV[1])
local now = time[1] + time[2] / 1e6 + later

-- The most entries a lead's timeline keeps; older ones go first.
local TIMELINE_MAX = 200

-- An instant as text. To format one is dear, and most that a script writes are the same: the last is kept,
-- and the first is put together from what the clock said.
local stamped_at, stamped = later == 0 and now, time[1] .. '.' .. string.sub('00000' .. time[2], -6)
local function stamp(at)
  if at ~= stamped_at then stamped_at, stamped = at, string.format('%.6f', at) end
  return stamped
end

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

-- What dead letters died of: each is in one group, which is named for the cause (core/groups.py). Names
-- partly come of what strangers wrote, so past a number of them a new one counts as "other".
local GROUPS_MAX = 1000
local function group_for(name)
  if name == '' then return 'other' end
  local known = redis.call('HEXISTS', P .. 'groups', name) == 1
  if known or redis.call('HLEN', P .. 'groups') < GROUPS_MAX then return name end
  return string.match(name, '^[^:]*') .. ':other'
end
local function join(id, group, at)
  if redis.call('ZADD', P .. 'group:' .. group, stamp(at), id) == 0 then return end
  redis.call('HINCRBY', P .. 'groups', group, 1)
end
-- A lead has just died. The first of a group is reported with the next beat, those after it together,
-- at growing intervals: `deaths` has each group by when it is looked at next.
local function died(id, group, at)
  join(id, group, at)
  redis.call('HINCRBY', P .. 'deaths:' .. group, 'new', 1)
  redis.call('HSET', P .. 'deaths:' .. group, 'lead', id)
  redis.call('ZADD', P .. 'deaths', 'NX', stamp(now), group)
end
local function part(id, group)
  if group then redis.call('ZREM', P .. 'mended:' .. group, id) end
  if not group or redis.call('ZREM', P .. 'group:' .. group, id) == 0 then return end
  if redis.call('HINCRBY', P .. 'groups', group, -1) <= 0 then redis.call('HDEL', P .. 'groups', group) end
end
