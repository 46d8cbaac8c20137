-- edit: a person mends a dead letter. What was enqueued first, and each difference, are kept.
--
-- ARGV 2 id · 3 token of this act · 4 SHA-1 of the raw lead that the edit was made on · 5 the new one
--      6 what was changed: a JSON object with at least one member · 7 entry for the timeline
-- Gives ok · done: this act was here before · gone · changed: somebody else edited it meanwhile; look
--       again · or the state that the lead is in.
local id = ARGV[2]
local key, raw = P .. 'lead:' .. id, P .. 'raw:' .. id
local lead = redis.call('HMGET', key, 'state', 'act', 'group')
if not lead[1] then return 'gone' end
if lead[2] == ARGV[3] then return 'done' end
if lead[1] ~= 'dead' then return lead[1] end
local before = redis.call('GET', raw) or ''
if redis.sha1hex(before) ~= ARGV[4] then return 'changed' end
redis.call('SETNX', P .. 'original:' .. id, before)
redis.call('SET', raw, ARGV[5])
redis.call('RPUSH', P .. 'edits:' .. id, '{"at":' .. stamp(now) .. ',' .. string.sub(ARGV[6], 2))
redis.call('HSET', key, 'act', ARGV[3], 'mended', 1)
if lead[3] then redis.call('ZADD', P .. 'mended:' .. lead[3], stamp(now), id) end
redis.call('HINCRBY', key, 'edited', 1)
act_on(id, ARGV[7])
return 'ok'
