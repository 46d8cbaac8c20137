-- enqueue: accept leads, and ring the bell where nobody has.
--
-- KEYS  1 the namespace's prefix, such as `{leads}:`
-- ARGV  1 record format · 2 lane (live, bulk) · 3 source or "" · 4 bell, with @BELL@ for its id, or ""
--       5 seconds to add to the server's clock (tests; else 0)
--       then for each lead: id · digest of the idempotency key or "" · raw lead
-- Gives {"ok", then for each lead "" (accepted under its own id) or the id that its key already has}
--       {"full"}: memory is short, nothing was enqueued
--       {"format", found}: the namespace holds another format, nothing was enqueued
-- An id that is known is left as it is, so the call can be repeated.
local P = KEYS[1]
local format, lane, source, bell = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local HEAD = 5

local found = redis.call('HGET', P .. 'meta', 'format')
if found and found ~= format then return {'format', found} end
if redis.call('EXISTS', P .. 'full') == 1 then return {'full'} end

local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6 + ARGV[5]
local stamp = string.format('%.6f', now)

-- Read everything before the first write.
local reply, fresh, keyed = {'ok'}, {}, {}
for i = HEAD + 1, #ARGV, 3 do
  local id, digest = ARGV[i], ARGV[i + 1]
  local holder = digest ~= '' and (keyed[digest] or redis.call('GET', P .. 'key:' .. digest))
  if holder and holder ~= id then
    reply[#reply + 1] = holder
  else
    reply[#reply + 1] = ''
    if redis.call('EXISTS', P .. 'lead:' .. id) == 0 then
      if digest ~= '' then keyed[digest] = id end
      fresh[#fresh + 1] = i
    end
  end
end
if #fresh == 0 then return reply end

if not found then redis.call('HSET', P .. 'meta', 'format', format) end
local due = {}
for n, i in ipairs(fresh) do
  local id, digest = ARGV[i], ARGV[i + 1]
  local record = {'state', 'waiting', 'lane', lane, 'accepted_at', stamp}
  if source ~= '' then record[#record + 1] = 'source'; record[#record + 1] = source end
  if digest ~= '' then
    record[#record + 1] = 'key'; record[#record + 1] = digest
    redis.call('SET', P .. 'key:' .. digest, id)
  end
  redis.call('HSET', P .. 'lead:' .. id, unpack(record))
  redis.call('SET', P .. 'raw:' .. id, ARGV[i + 2])
  -- A microsecond apart, so that a batch keeps its order.
  due[#due + 1] = string.format('%.6f', now + (n - 1) * 1e-6)
  due[#due + 1] = id
end
redis.call('ZADD', P .. 'due:' .. lane, unpack(due))
redis.call('HINCRBY', P .. 'counts', 'accepted', #fresh)

if bell ~= '' and redis.call('LLEN', P .. 'bell') == 0 then
  local hold = redis.call('HMGET', P .. 'hold', 'kind', 'until')
  local held = hold[1] and (hold[2] == '' or now < tonumber(hold[2]))
  if not held then
    local id = ARGV[fresh[1]]
    redis.call('LPUSH', P .. 'bell', (string.gsub(bell, '@BELL@', id)))
  end
end
return reply
