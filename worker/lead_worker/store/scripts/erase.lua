-- erase: remove a person's data. What stays is a tombstone: that there was a lead, and when.
--
-- ARGV 2 id · 3 event for the audit trail
-- Gives ok · gone · erased: it was erased before.
-- The idempotency key's digest stays until the tombstone goes, so that the source cannot bring the
-- lead back; so does the API's id, because whoever erases here has to erase there as well.
local id = ARGV[2]
local key = P .. 'lead:' .. id
local lead = redis.call('HMGET', key, 'state', 'lane', 'accepted_at', 'key', 'api_id', 'also', 'group')
if not lead[1] then return 'gone' end
if lead[1] == 'erased' then return 'erased' end
redis.call('ZREM', index(lead[1], lead[2]), id)
redis.call('ZREM', P .. 'looking', id)
if lead[1] == 'dead' then part(id, lead[7]) end
for _, name in ipairs({'lead:', 'raw:', 'timeline:', 'original:', 'edits:'}) do redis.call('DEL', P .. name .. id) end
redis.call('ZADD', P .. 'erased', stamp(now), id)
local kept = {'state', 'erased'}
for i, name in ipairs({'lane', 'accepted_at', 'key', 'api_id', 'also'}) do
  if lead[1 + i] then kept[#kept + 1] = name; kept[#kept + 1] = lead[1 + i] end
end
redis.call('HSET', key, unpack(kept))
log('{"lead":' .. cjson.encode(id) .. ',' .. string.sub(ARGV[3], 2))
return 'ok'
