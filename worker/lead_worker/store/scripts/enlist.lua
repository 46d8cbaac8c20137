-- enlist: dead letters that a campaign, which is being prepared, is to let wait again.
--
-- ARGV 2 id of the campaign · 3 how many it has so far · then ids of leads
-- Gives ok · done: this call was here before · gone · or the state that the campaign is in.
local id, so_far, many = ARGV[2], tonumber(ARGV[3]), #ARGV - 3
local key = P .. 'campaign:' .. id
local campaign = redis.call('HMGET', key, 'state', 'total')
if not campaign[1] then return 'gone' end
if campaign[1] ~= 'preparing' then return campaign[1] end
local total = tonumber(campaign[2])
if total == so_far + many then return 'done' end
if total ~= so_far then return redis.error_reply('ERR the campaign has ' .. total .. ' leads, not ' .. so_far) end
redis.call('RPUSH', P .. 'campaign_todo:' .. id, unpack(ARGV, 4))
redis.call('HSET', key, 'total', so_far + many, 'touched_at', stamp(now))
return 'ok'
