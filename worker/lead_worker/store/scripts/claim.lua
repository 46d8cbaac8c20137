-- claim: who may be sent now, for the whole fleet, and lease them to one worker.
--
-- ARGV 2 worker · 3 number of this claim (counts up) · 4 the most leads · 5 seconds of the lease
--      6 bell, or "" · 7 leads that this worker has in flight already
-- Gives {"ok", now, 1 if more is claimable now, then for each lead: id · send or look · lane · source
--        attempts · returned · expiries · seconds for which it has been tried, without holds · raw}
--       {"held", now, kind, until or ""} · {"stale", now}: a later claim of this worker was here
-- The same number gives the same batch again, its leases renewed: the first answer was lost, so
-- nothing of the batch has begun.
-- A suspect, whose worker died once, may have been why: it is sent when its worker has nothing else in
-- flight, and nothing else until it is settled, so that it takes no other lead with it again.
local worker, number, most, lease = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local token = worker .. ':' .. ARGV[3]
local in_flight = tonumber(ARGV[7])
local reply, taken, alone, closed = {'ok', stamp(now), 0}, {}, false, false
local held = held_seconds()

local function read(id)
  return redis.call('HMGET', P .. 'lead:' .. id,
    'lane', 'source', 'attempts', 'returned', 'expiries', 'tried_at', 'held_before', 'suspect', 'token', 'state')
end

local function answer(id, lead, kind, from, to)
  local tried = lead[6] and now - lead[6] - (held - lead[7]) or 0
  local row = {id, kind, lead[1] or '', lead[2] or '', lead[3] or 0, lead[4] or 0, lead[5] or 0,
    stamp(tried), redis.call('GET', P .. 'raw:' .. id) or ''}
  for _, value in ipairs(row) do reply[#reply + 1] = value end
  taken[#taken + 1] = {id = id, from = from, to = to, first = not lead[6]}
end

local last = redis.call('GET', P .. 'claim:' .. worker) or ''
local last_number, last_alone, last_ids = string.match(last, '^(%d+)(!?)(.*)$')
last_number = tonumber(last_number or 0)
if last_number > number then return {'stale', stamp(now)} end
if last_number == number then
  for id in string.gmatch(last_ids, '%S+') do
    local lead = read(id)
    if lead[9] == token and lead[10] == 'leased' then answer(id, lead, 'send', nil, 'leased') end
    if lead[9] == token and lead[10] == 'unknown' then answer(id, lead, 'look', nil, 'unknown') end
  end
  permit()
  for _, lead in ipairs(taken) do redis.call('ZADD', P .. lead.to, 'XX', stamp(now + lease), lead.id) end
  return reply
end

local hold = hold_in_force()
if hold then return {'held', stamp(now), hold[1], hold[2]} end

if last_alone == '!' and in_flight > 0 then
  local lead = read(string.match(last_ids, '%S+'))
  if lead[9] == worker .. ':' .. last_number and lead[10] == 'leased' then return reply end
end

local function take(from, kind, to)
  if closed or #taken >= most then return end
  local ids = redis.call('ZRANGEBYSCORE', from, '-inf', stamp(now), 'LIMIT', 0, most - #taken)
  for _, id in ipairs(ids) do
    local lead = read(id)
    closed = kind == 'send' and lead[8] ~= false
    alone = closed and #taken + in_flight == 0
    if not closed or alone then answer(id, lead, kind, from, to) end
    if closed then return end
  end
end
take(P .. 'unknown', 'look', 'unknown')
take(P .. 'due:live', 'send', 'leased')
take(P .. 'due:bulk', 'send', 'leased')
if #taken == 0 then return reply end
local left = claimable() > #taken
if left and #taken == most and not closed then reply[3] = 1 end

local ids = {}
for n, lead in ipairs(taken) do
  local key = P .. 'lead:' .. lead.id
  redis.call('ZREM', lead.from, lead.id)
  redis.call('ZADD', P .. lead.to, stamp(now + lease), lead.id)
  redis.call('HSET', key, 'state', lead.to, 'token', token)
  if lead.first then redis.call('HSET', key, 'tried_at', stamp(now), 'held_before', stamp(held)) end
  ids[n] = lead.id
end
redis.call('SET', P .. 'claim:' .. worker, ARGV[3] .. (alone and '! ' or ' ') .. table.concat(ids, ' '),
  'PX', math.ceil(lease * 2000))
if left and (#taken == most or closed) then ring(ARGV[6], token) end
return reply
