-- import: a dead letter that was exported comes into a namespace that does not have it, under its id.
--
-- ARGV 2 id · 3 record format · 4 token of this act · 5 the raw lead · 6 digest of its idempotency key, or
--      "" · 7 group · 8 entry for the timeline · then names and values of the record, its lane among them
-- Gives ok · done: this act was here before · full: memory is short · format: the namespace holds another
--       one · taken: its idempotency key is another lead's · known: it was here, and was forgotten, as its
--       key still tells · or the state of the lead that is there.
local id, digest = ARGV[2], ARGV[6]
local key = P .. 'lead:' .. id
local lead = redis.call('HMGET', key, 'state', 'act')
if lead[2] == ARGV[4] then return 'done' end
if lead[1] then return lead[1] end
local format = redis.call('HGET', P .. 'meta', 'format')
if format and format ~= ARGV[3] then return 'format' end
if redis.call('EXISTS', P .. 'full') == 1 then return 'full' end
local holder = digest ~= '' and redis.call('GET', P .. 'key:' .. digest)
if holder and holder ~= id then return 'taken' end
if holder then return 'known' end
local group = group_for(ARGV[7])
redis.call('HSET', key, 'state', 'dead', 'group', group, 'act', ARGV[4], unpack(ARGV, 9))
if not format then redis.call('HSET', P .. 'meta', 'format', ARGV[3]) end
if digest ~= '' then
  redis.call('HSET', key, 'key', digest)
  redis.call('SET', P .. 'key:' .. digest, id)
end
redis.call('SET', P .. 'raw:' .. id, ARGV[5])
redis.call('ZADD', P .. 'dead', stamp(now), id)
join(id, group, now)
redis.call('HINCRBY', P .. 'counts', 'accepted', 1)
act_on(id, ARGV[8])
return 'ok'
