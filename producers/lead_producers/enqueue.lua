-- enqueue: accept leads, and ring the bell where nobody has.
--
-- KEYS  1 the namespace's prefix, such as `{leads}:`
-- ARGV  1 record format · 2 lane (live, bulk) · 3 source or "" · 4 bell, with @BELL@ for its id, or ""
--       5 seconds to add to the server's clock (tests; else 0)
--       6 for how many seconds no second lead of equal content is accepted, up to a week; or 0
--       7 the trace that they are enqueued in, as a JSON object of its headers, or ""
--       then for each lead: id · digest of the idempotency key or "" · digest of its content, or ""
--       where an equal one is welcome · raw lead
-- Gives {"ok", then for each lead that another one is the same as: its position from 0, that lead's id}
--       {"full"}: memory is short, nothing was enqueued
--       {"format", found}: the namespace holds another format, nothing was enqueued
-- An id that is known is left as it is, so the call can be repeated.
local P = KEYS[1]
local format, lane, source, bell = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local alike_ms = math.ceil((tonumber(ARGV[6]) or -1) * 1000)
local HEAD, EACH, MOST, WEEK_MS = 7, 4, 1000, 604800000
-- A key under which a lead came that was there already, by its content: for as long as a dead letter
-- is kept by default.
local ALIAS_MS = 7776000000

if (lane ~= 'live' and lane ~= 'bulk') or (#ARGV - HEAD) % EACH ~= 0 or #ARGV > HEAD + EACH * MOST then
  return redis.error_reply('ERR expected lane live or bulk, and up to 1000 leads of 4 arguments each')
end
if not (alike_ms >= 0 and alike_ms <= WEEK_MS) then
  return redis.error_reply('ERR expected to look for equal leads for 0 to 604800 seconds')
end
local found = redis.call('HGET', P .. 'meta', 'format')
if found and found ~= format then return {'format', found} end

local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6 + ARGV[5]
local stamp = string.format('%.6f', now)

-- Read everything before the first write.
local reply, fresh, aliases, keyed, alike, seen = {'ok'}, {}, {}, {}, {}, {}

-- The lead of equal content, unless it is gone: a person who was erased may come again.
local function twin(content)
  local id = alike[content] or redis.call('GET', P .. 'same:' .. content)
  if not id or seen[id] then return id end
  local state = redis.call('HGET', P .. 'lead:' .. id, 'state')
  return state and state ~= 'erased' and id
end

for i = HEAD + 1, #ARGV, EACH do
  local id, digest, content = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if not seen[id] and redis.call('EXISTS', P .. 'lead:' .. id) == 0 then
    local holder = digest ~= '' and (keyed[digest] or redis.call('GET', P .. 'key:' .. digest))
    if not holder and alike_ms > 0 and content ~= '' then
      holder = twin(content)
      if holder and holder ~= id and digest ~= '' then
        aliases[#aliases + 1] = digest
        aliases[#aliases + 1] = holder
        keyed[digest] = holder
      end
    end
    if not holder then
      seen[id] = true
      if digest ~= '' then keyed[digest] = id end
      if content ~= '' then alike[content] = id end
      fresh[#fresh + 1] = i
    elseif holder ~= id then -- else it was delivered and forgotten since
      reply[#reply + 1] = (i - HEAD - 1) / EACH
      reply[#reply + 1] = holder
    end
  end
end
if #fresh + #aliases == 0 then return reply end
-- Only now: who repeats a call that was carried out must hear so, and not that memory is short.
if redis.call('EXISTS', P .. 'full') == 1 then return {'full'} end

local silent = bell == '' or redis.call('LLEN', P .. 'bell') > 0
if not silent then
  local hold = redis.call('HMGET', P .. 'governor', 'kind', 'until')
  local ends = tonumber(hold[2] or '')
  silent = hold[1] and hold[1] ~= '' and not (ends and ends <= now)
end

for n = 1, #aliases, 2 do redis.call('SET', P .. 'key:' .. aliases[n], aliases[n + 1], 'PX', ALIAS_MS) end
if #fresh == 0 then return reply end
if not found then redis.call('HSET', P .. 'meta', 'format', format) end
local due = {}
for n, i in ipairs(fresh) do
  local id, digest, content = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local record = {'state', 'waiting', 'lane', lane, 'accepted_at', stamp}
  if source ~= '' then record[#record + 1] = 'source'; record[#record + 1] = source end
  if ARGV[7] ~= '' then record[#record + 1] = 'trace'; record[#record + 1] = ARGV[7] end
  if digest ~= '' then
    record[#record + 1] = 'key'; record[#record + 1] = digest
    redis.call('SET', P .. 'key:' .. digest, id)
  end
  if alike_ms > 0 and content ~= '' then
    redis.call('SET', P .. 'same:' .. content, id, 'PX', alike_ms)
  end
  redis.call('HSET', P .. 'lead:' .. id, unpack(record))
  redis.call('SET', P .. 'raw:' .. id, ARGV[i + 3])
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
