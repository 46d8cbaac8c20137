-- settle: what became of one claimed lead.
--
-- ARGV 2 id · 3 token of the claim · 4 state that it goes to (delivered, waiting, unknown, parked,
--      dead) · 5 seconds until it is due (waiting, unknown) · 6 "1" if an attempt is spent, "0" if
--      it was given back · 7 entry for the timeline · 8 the API's id, or "" · then names and values
--      of fields of the record
-- Gives ok · done: this settle was here before · stale: a later claim has the lead, nothing changed
--       late: a success after the lead had gone on; accepted · duplicate: the API has it twice
--       erased: the lead was erased meanwhile · gone: no such lead
local id, token, to, api_id = ARGV[2], ARGV[3], ARGV[4], ARGV[8]
local key = P .. 'lead:' .. id
local lead = redis.call('HMGET', key, 'state', 'lane', 'token', 'settled', 'api_id', 'also')
local state, lane, ours = lead[1], lead[2], lead[3] == token
if not state then return 'gone' end
if lead[4] == token then return 'done' end

permit()
if state == 'erased' then
  -- Whoever asked for the erasure must learn that the API has the lead.
  if to == 'delivered' then redis.call('HSET', key, 'api_id', api_id, 'settled', token) end
  return 'erased'
end

if state == 'delivered' then
  if to ~= 'delivered' then return 'stale' end
  local known = ' ' .. (lead[5] or '') .. ' ' .. (lead[6] or '') .. ' '
  if string.find(known, ' ' .. api_id .. ' ', 1, true) then return 'done' end
  redis.call('HSET', key, 'also', (lead[6] and lead[6] .. ' ' or '') .. api_id)
  redis.call('HINCRBY', P .. 'counts', 'duplicates', 1)
  note(id, '{"duplicate":true,' .. string.sub(ARGV[7], 2))
  return 'duplicate'
end

if not ours and to ~= 'delivered' then return 'stale' end

local at = now
if to == 'waiting' or to == 'unknown' then at = now + ARGV[5] end
move(id, state, lane, to, at, 'settled', token, unpack(ARGV, 9))
redis.call('HDEL', key, 'token')
-- A lease that ran out has spent its attempt already.
if state == 'leased' then
  redis.call('HINCRBY', key, ARGV[6] == '1' and 'attempts' or 'returned', 1)
end
if to == 'delivered' then
  redis.call('HDEL', key, 'reason', 'cause', 'status', 'code')
  redis.call('HSET', key, 'api_id', api_id)
end
local entry = ARGV[7]
if not ours then entry = '{"late":true,' .. string.sub(entry, 2) end
note(id, entry)
return ours and 'ok' or 'late'
