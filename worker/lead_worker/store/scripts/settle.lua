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
local key, api_key = P .. 'lead:' .. id, P .. 'api:' .. api_id
local lead = redis.call('HMGET', key, 'state', 'token', 'settled', 'api_id', 'attempts')
local state, ours, known = lead[1], lead[2] == token, lead[4]
if not state then return 'gone' end
if lead[3] == token then return 'done' end
-- The main line: who sent a lead delivers it, the first time. A leased lead was waiting before, and what
-- waits has nothing in its record of a death, a lease that ran out, or looks; so the rest is not read.
local plain = ours and state == 'leased' and to == 'delivered' and not known
local lane, also, expired, claimed_at, unknown_since, old_group
if not plain then
  lane, also, expired, claimed_at, unknown_since, old_group = unpack(redis.call('HMGET', key, 'lane', 'also',
    'expired', 'claimed_at', 'unknown_since', 'group'))
end

-- What the API made of a lead must never be forgotten: a person may have to remove it there.
local news = api_id ~= '' and not (known
  and string.find(' ' .. known .. ' ' .. (also or '') .. ' ', ' ' .. api_id .. ' ', 1, true))
local owner = news and redis.call('GET', api_key)
local finder = owner and owner ~= id
  and redis.call('HMGET', P .. 'lead:' .. owner, 'state', 'lane', 'found', 'also', 'api_id')

local moves = state ~= 'erased' and state ~= 'delivered' and (ours or to == 'delivered')
-- Names and values of what its record gets, in one command.
local fields = moves and {'settled', token, unpack(ARGV, 11)} or {}
local function set(name, value)
  local n = #fields
  fields[n + 1], fields[n + 2] = name, value
end
if news then
  local main, other = known or api_id, api_id
  if moves and to == 'delivered' then main, other = api_id, known end
  set('api_id', main)
  if known then set('also', (also and also .. ' ' or '') .. other) end
end
-- Remember whose that id is. Who had found it, and was answered some of its own, before or after it,
-- keeps those.
local function keep_api_id()
  if not news then return end
  redis.call('SET', api_key, id)
  if known then redis.call('HINCRBY', P .. 'counts', 'duplicates', 1) end
  local mistaken = finder and not look and finder[1] == 'delivered' and finder[3] == api_id
  if not mistaken then return end
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

local entry = ARGV[7]
if news and known then entry = '{"duplicate":true,' .. string.sub(entry, 2) end
if not ours then entry = '{"late":true,' .. string.sub(entry, 2) end

local group = to == 'dead' and group_for(ARGV[10])

if look then
  if ours or not lead[2] then redis.call('ZREM', P .. 'looking', id) else permit() end
  if not ours and state ~= 'erased' then return 'stale' end
  if finder then
    redis.call('ZADD', P .. 'unknown', 'XX', stamp(now), id)
    redis.call('HDEL', key, 'token')
    return 'taken'
  end
end
if not moves then
  if state ~= 'erased' and not news then return to == 'delivered' and 'done' or 'stale' end
  permit()
  if state == 'erased' then set('settled', token) end
  redis.call('HSET', key, unpack(fields))
  keep_api_id()
  if state == 'erased' then return 'erased' end
  note(id, entry)
  return known and 'duplicate' or 'stale'
end

local at = now
if to == 'waiting' or to == 'unknown' then at = now + ARGV[5] end
-- Names of what its record loses, in one command too.
local over = {'token'}
if not plain then
  over = {'token', 'expired', 'reason', 'cause', 'status', 'code', 'group', 'was', 'mended'}
  if to ~= 'unknown' then over = {'looks', 'look_page', 'unanswered', 'similar', unpack(over)} end
end
if group then set('group', group) end
if look and api_id ~= '' then set('found', api_id) end
-- From the first attempt on whose outcome nobody knows: what it made may be listed late.
if to == 'unknown' and not unknown_since then set('unknown_since', claimed_at or stamp(now)) end
local spent, attempts = ARGV[6] == '1', tonumber(lead[5] or 0) or 0
-- The lease had run out and that was counted as a death; but the worker lives.
local lives = state ~= 'leased' and ours and expired == token
if state == 'leased' and spent then set('attempts', string.format('%d', attempts + 1)) end
if lives and not spent then set('attempts', string.format('%d', attempts - 1)) end
-- It was sent, and its worker lived to tell: no suspect any more.
if lives or (state == 'leased' and spent) then over[#over + 1] = 'suspect' end

-- Redis permits this when memory is full, since it only takes away; and then the rest.
redis.call('HDEL', key, unpack(over))
if state == 'dead' then part(id, old_group) end
move(id, state, lane, to, at, unpack(fields))
if group then died(id, group, at) end
keep_api_id()
if lives then redis.call('HINCRBY', key, 'expiries', -1) end
if not spent and to == 'waiting' and not look then redis.call('HINCRBY', key, 'returned', 1) end
note(id, entry)
return ours and 'ok' or 'late'
