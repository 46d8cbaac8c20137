-- check: is each of these leads in exactly one place? Reads only; all checks of a lead at one moment.
--
-- ARGV 2... ids
-- Gives for each id its state, "" if there is nothing of it, or "!" and what is wrong.
local INDEXES = {'due:live', 'due:bulk', 'leased', 'unknown', 'parked', 'dead', 'delivered',
  'discarded', 'erased'}

local function verdict(id)
  local lead = redis.call('HMGET', P .. 'lead:' .. id, 'state', 'lane', 'group')
  local state, places, home = lead[1], {}, nil
  for _, name in ipairs(INDEXES) do
    if redis.call('ZSCORE', P .. name, id) then places[#places + 1] = name; home = P .. name end
  end
  local raw = redis.call('EXISTS', P .. 'raw:' .. id) == 1
  if not state then
    if #places > 0 then return '!listed in ' .. table.concat(places, ', ') .. ' without a record' end
    return raw and '!raw lead without a record' or ''
  end
  if #places ~= 1 then
    return '!' .. state .. ', but listed in ' .. (#places == 0 and 'no index' or table.concat(places, ', '))
  end
  if home ~= index(state, lead[2]) then return '!' .. state .. ', but listed in ' .. places[1] end
  if raw == (state == 'erased') then return '!' .. state .. (raw and ' with' or ' without') .. ' a raw lead' end
  if state == 'dead' and not (lead[3] and redis.call('ZSCORE', P .. 'group:' .. lead[3], id)) then
    return '!dead, but in no group'
  end
  return state
end

local reply = {}
for i = 2, #ARGV do reply[#reply + 1] = verdict(ARGV[i]) end
return reply
