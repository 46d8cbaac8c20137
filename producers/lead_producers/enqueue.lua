-- enqueue: accept leads, and ring the bell where nobody has.
--
-- KEYS  1 the namespace's prefix, such as `{leads}:`
-- ARGV  1 record format · 2 lane (live, bulk) · 3 source or "" · 4 bell, with @BELL@ for its id, or ""
--       5 seconds to add to the server's clock (tests; else 0)
--       then for each lead: id · digest of the idempotency key or "" · raw lead
-- Gives {"ok", then for each lead whose key another lead has: its position from 0, that lead's id}
--       {"full"}: memory is short, nothing was enqueued
--       {"format", found}: the namespace holds another format, nothing was enqueued
-- An id that is known is left as it is, so the call can be repeated.
local P = KEYS[1]
local format, lane, source, bell = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local HEAD, MOST = 5, 1000

if (lane ~= 'live' and lane ~= 'bulk') or (#ARGV - HEAD) % 3 ~= 0 or #ARGV > HEAD + 3 * MOST then
  return redis.error_reply('ERR expected lane live or bulk, and up to 1000 leads of 3 arguments each')
end
local found = redis.call('HGET', P .. 'meta', 'format')
if found and found ~= format then return {'format', found} end

local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6 + ARGV[5]
local stamp = string.format('%.6f', now)

-- Read everything before the first write.
local reply, fresh, keyed, seen = {'ok'}, {}, {}, {}
for i = HEAD + 1, #ARGV, 3 do
  local id, digest = ARGV[i], ARGV[i + 1]
  local holder = digest ~= '' and (keyed[digest] or redis.call('GET', P .. 'key:' .. digest))
  if holder and holder ~= id then
    reply[#reply + 1] = (i - HEAD - 1) / 3
    reply[#reply + 1] = holder
  elseif not seen[id] and redis.call('EXISTS', P .. 'lead:' .. id) == 0 then
    seen[id] = true
    if digest ~= '' then keyed[digest] = id end
    fresh[#fresh + 1] = i
  end
end
if #fresh == 0 then return reply end
-- Only now: who repeats a call that was carried out must hear so, and not that memory is short.
if redis.call('EXISTS', P .. 'full') == 1 then return {'full'} end

local silent = bell == '' or redis.call('LLEN', P .. 'bell') > 0
if not silent then
  local hold = redis.call('HMGET', P .. 'governor', 'kind', 'until')
  local ends = tonumber(hold[2] or '')
  silent = hold[1] and hold[1] ~= '' and not (ends and ends <= now)
end

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

if not silent then
  redis.call('LPUSH', P .. 'bell', (string.gsub(bell, '@BELL@', ARGV[fresh[1]])))
end
return reply
