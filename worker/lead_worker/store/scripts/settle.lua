-- settle: what became of one claimed lead.
--
-- ARGV 2 id · 3 token of the claim · 4 state that it goes to (delivered, waiting, unknown, parked,
--      dead) · 5 seconds until it is due (waiting, unknown) · 6 "1" if an attempt is spent, "0" if
--      it was given back · 7 entry for the timeline · 8 the API's id, or "" · 9 "1" if this comes of a
--      look: the id is one that was found and not one that was answered · 10 group of a dead letter
--      then names and values of fields of the record
-- Gives ok · done: this settle was here before · stale: the lead has gone on, it stays where it is
--       late: a success after the lead had gone on; accepted · duplicate: the API has it twice
--       taken: what was found is another lead's by now; it is looked for again
--       erased: the lead was erased meanwhile · gone: no such lead
-- An id of the API's belongs to one lead. One that was answered outweighs one that was found: who
-- found it is looked for again.
local id, token, to, api_id, look = ARGV[2], ARGV[3], ARGV[4], ARGV[8], ARGV[9] == '1'
local key = P .. 'lead:' .. id
local lead = redis.call('HMGET', key, 'state', 'lane', 'token', 'settled', 'api_id', 'also', 'expired',
  'claimed_at', 'unknown_since', 'group')
local state, lane, ours, known = lead[1], lead[2], lead[3] == token, lead[5]
if not state then return 'gone' end
if lead[4] == token then return 'done' end

-- What the API made of a lead must never be forgotten: a person may have to remove it there.
local all_known = ' ' .. (known or '') .. ' ' .. (lead[6] or '') .. ' '
local news = api_id ~= '' and not string.find(all_known, ' ' .. api_id .. ' ', 1, true)
local owner = news and redis.call('GET', P .. 'api:' .. api_id)
local finder = owner and owner ~= id
  and redis.call('HMGET', P .. 'lead:' .. owner, 'state', 'lane', 'found', 'also', 'api_id')
local mistaken = finder and not look and finder[1] == 'delivered' and finder[3] == api_id
-- Who found another's id and was answered some of its own, before or after it, keeps those.
local function correct_finder()
  local record, own = P .. 'lead:' .. owner, {}
  for each in string.gmatch((finder[5] or '') .. ' ' .. (finder[4] or ''), '%S+') do
    if each ~= api_id then own[#own + 1] = each end
  end
  redis.call('HDEL', record, 'api_id', 'found', 'also')
  if #own > 0 then
    redis.call('HSET', record, 'api_id', own[1])
    if #own > 1 then redis.call('HSET', record, 'also', table.concat(own, ' ', 2)) end
    redis.call('HINCRBY', P .. 'counts', 'duplicates', -1)
  else
    redis.call('HDEL', record, 'settled')
    move(owner, 'delivered', finder[2], 'unknown', now)
  end
  note(owner, '{"event":"mistaken"}')
end
local function keep_api_id(main, other)
  if not news then return end
  redis.call('HSET', key, 'api_id', main)
  redis.call('SET', P .. 'api:' .. api_id, id)
  if mistaken then correct_finder() end
  if not known then return end
  redis.call('HSET', key, 'also', (lead[6] and lead[6] .. ' ' or '') .. other)
  redis.call('HINCRBY', P .. 'counts', 'duplicates', 1)
end

local entry = ARGV[7]
if news and known then entry = '{"duplicate":true,' .. string.sub(entry, 2) end
if not ours then entry = '{"late":true,' .. string.sub(entry, 2) end

local group = to == 'dead' and group_for(ARGV[10])

permit()
if look then
  if ours or not lead[3] then redis.call('ZREM', P .. 'looking', id) end
  if not ours and state ~= 'erased' then return 'stale' end
  if finder then
    redis.call('ZADD', P .. 'unknown', 'XX', stamp(now), id)
    redis.call('HDEL', key, 'token')
    return 'taken'
  end
end
if state == 'erased' then
  keep_api_id(known or api_id, api_id)
  redis.call('HSET', key, 'settled', token)
  return 'erased'
end
if state == 'delivered' or (not ours and to ~= 'delivered') then
  if not news then return to == 'delivered' and 'done' or 'stale' end
  keep_api_id(known or api_id, api_id)
  note(id, entry)
  return known and 'duplicate' or 'stale'
end

local at = now
if to == 'waiting' or to == 'unknown' then at = now + ARGV[5] end
redis.call('HDEL', key, 'token', 'expired', 'reason', 'cause', 'status', 'code', 'group', 'was', 'mended')
if state == 'dead' then part(id, lead[10]) end
if to ~= 'unknown' then redis.call('HDEL', key, 'looks', 'look_page', 'unanswered', 'similar') end
move(id, state, lane, to, at, 'settled', token, unpack(ARGV, 11))
if group then
  redis.call('HSET', key, 'group', group)
  died(id, group, at)
end
if look and api_id ~= '' then redis.call('HSET', key, 'found', api_id) end
if to == 'unknown' and not lead[9] then
  -- From the first attempt on whose outcome nobody knows: what it made may be listed late.
  redis.call('HSET', key, 'unknown_since', lead[8] or stamp(now))
end
if to == 'delivered' then keep_api_id(api_id, known) else keep_api_id(known or api_id, api_id) end

local spent, returned = ARGV[6] == '1', ARGV[6] ~= '1' and to == 'waiting' and not look
if state == 'leased' then
  -- It was sent, and its worker lived to tell: no suspect any more.
  if spent then redis.call('HDEL', key, 'suspect') end
  if spent then redis.call('HINCRBY', key, 'attempts', 1) end
elseif lead[7] and lead[7] == lead[3] and ours then
  -- The lease had run out and that was counted as a death; but the worker lives.
  redis.call('HDEL', key, 'suspect')
  redis.call('HINCRBY', key, 'expiries', -1)
  if not spent then redis.call('HINCRBY', key, 'attempts', -1) end
end
if returned then redis.call('HINCRBY', key, 'returned', 1) end
note(id, entry)
return ours and 'ok' or 'late'
