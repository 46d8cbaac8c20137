-- forget: retention removes what has been in a final state for long enough.
--
-- ARGV 2 state (delivered, dead, discarded, erased) · 3 seconds that it is kept · 4 the most leads
--      5 seconds that an idempotency key is kept, if that is longer
-- Gives how many were removed; they are counted as forgotten. To be repeated at will: each run takes
-- what is due by then.
local FINAL = {delivered = true, dead = true, discarded = true, erased = true}
if not FINAL[ARGV[2]] then return redis.error_reply('ERR a lead that is ' .. ARGV[2] .. ' is not forgotten') end

local from = P .. ARGV[2]
local ids = redis.call('ZRANGEBYSCORE', from, '-inf', stamp(now - ARGV[3]), 'LIMIT', 0, ARGV[4])
local keys, groups, outlive = {}, {}, {}
local longer = math.ceil((ARGV[5] - ARGV[3]) * 1000)
for _, id in ipairs(ids) do
  for _, name in ipairs({'lead:', 'raw:', 'timeline:', 'original:', 'edits:'}) do
    keys[#keys + 1] = P .. name .. id
  end
  local lead = redis.call('HMGET', P .. 'lead:' .. id, 'key', 'api_id', 'also', 'group')
  local named = {}
  if lead[1] then named[1] = 'key:' .. lead[1] end
  groups[id] = ARGV[2] == 'dead' and lead[4]
  for api_id in string.gmatch((lead[2] or '') .. ' ' .. (lead[3] or ''), '%S+') do
    named[#named + 1] = 'api:' .. api_id
  end
  for _, name in ipairs(named) do
    if redis.call('GET', P .. name) == id then
      -- The source may send the same again long after the record of the first is gone.
      local list = longer > 0 and string.sub(name, 1, 4) == 'key:' and outlive or keys
      list[#list + 1] = P .. name
    end
  end
end
if #ids == 0 then return 0 end

redis.call('ZREM', from, unpack(ids))
for id, group in pairs(groups) do part(id, group) end
redis.call('DEL', unpack(keys))
for _, name in ipairs(outlive) do redis.call('PEXPIRE', name, longer) end
redis.call('HINCRBY', P .. 'counts', 'forgotten', #ids)
return #ids
