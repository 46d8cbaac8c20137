-- forget: retention removes what has been in a final state for long enough.
--
-- ARGV 2 state (delivered, dead, discarded, erased) · 3 seconds that it is kept · 4 the most leads
-- Gives how many were removed; they are counted as forgotten. To be repeated at will: each run takes
-- what is due by then.
local FINAL = {delivered = true, dead = true, discarded = true, erased = true}
if not FINAL[ARGV[2]] then return redis.error_reply('ERR a lead that is ' .. ARGV[2] .. ' is not forgotten') end

local from = P .. ARGV[2]
local ids = redis.call('ZRANGEBYSCORE', from, '-inf', stamp(now - ARGV[3]), 'LIMIT', 0, ARGV[4])
local keys = {}
for _, id in ipairs(ids) do
  for _, name in ipairs({'lead:', 'raw:', 'timeline:'}) do keys[#keys + 1] = P .. name .. id end
  local lead = redis.call('HMGET', P .. 'lead:' .. id, 'key', 'api_id', 'also')
  local named = {}
  if lead[1] then named[1] = 'key:' .. lead[1] end
  for api_id in string.gmatch((lead[2] or '') .. ' ' .. (lead[3] or ''), '%S+') do
    named[#named + 1] = 'api:' .. api_id
  end
  for _, name in ipairs(named) do
    if redis.call('GET', P .. name) == id then keys[#keys + 1] = P .. name end
  end
end
if #ids == 0 then return 0 end

redis.call('ZREM', from, unpack(ids))
redis.call('DEL', unpack(keys))
redis.call('HINCRBY', P .. 'counts', 'forgotten', #ids)
return #ids
