-- confirm: a person says that a parked lead has arrived.
--
-- ARGV 2 id · 3 token of this act · 4 entry for the timeline · 5 the API's id, or ""
-- Gives ok · done: this act was here before · gone · taken: that id is another lead's · or the state
--       that the lead is in, if it is not parked.
local id, api_id = ARGV[2], ARGV[5]
local key = P .. 'lead:' .. id
local lead = redis.call('HMGET', key, 'state', 'lane', 'act', 'api_id', 'also')
if not lead[1] then return 'gone' end
if lead[3] == ARGV[3] then return 'done' end
if lead[1] ~= 'parked' then return lead[1] end
local owner = api_id ~= '' and redis.call('GET', P .. 'api:' .. api_id)
if owner and owner ~= id then return 'taken' end
move(id, 'parked', lead[2], 'delivered', now, 'act', ARGV[3])
redis.call('HDEL', key, 'token', 'expired', 'reason', 'cause', 'status', 'code')
if api_id ~= '' and not owner then
  if lead[4] then
    redis.call('HSET', key, 'also', (lead[5] and lead[5] .. ' ' or '') .. lead[4])
    redis.call('HINCRBY', P .. 'counts', 'duplicates', 1)
  end
  redis.call('HSET', key, 'api_id', api_id)
  redis.call('SET', P .. 'api:' .. api_id, id)
end
act_on(id, ARGV[4])
return 'ok'
