-- claim: who may be sent now, for the whole fleet, and lease them to one worker.
--
-- ARGV 2 worker · 3 number of this claim (counts up) · 4 the most leads · 5 seconds of the lease
--      6 bell, or "" · 7 leads that this worker has in flight already · 8 mark of its API token
--      9 the most requests in flight across the fleet · 10 requests a minute (0: no limit)
--      11 requests that may go out at once after a pause (0: a hundredth of them)
-- Gives {"ok", now, 1 if more may be claimed now, seconds after which to ask again or "", 1 if
--        successes teach the governor something, number of the hold if this is its canary, else 0,
--        1 if there is a rate, so that whoever is late has missed its turn,
--        then for each lead: id · send or look · lane · source · attempts · returned · expiries
--        seconds for which it has been tried, without holds · raw · about · when it was enqueued, or
--        replayed last · trace that it was enqueued in
--        (of a send: how often it is doubted; of a look: unknown since · looks · page · unanswered · similar)}
--       {"held", now, kind, until or "", seconds after which to ask again or "", 1 if its time is
--        over, mark of the token that was refused, if the hold stands, or ""} · {"stale", now}: a later claim was here
-- The same number gives the same batch again, its leases renewed: the first answer was lost, so
-- nothing of the batch has begun.
-- The order: the governor, the rate, then the queues by their shares. A claimed lead is one request.
-- A suspect, whose worker died once, may have been why: it is sent when its worker has nothing else in
-- flight, and nothing else until it is settled, so that it takes no other lead with it again.
local worker, number, most, lease = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local token, ours = worker .. ':' .. ARGV[3], tonumber(ARGV[7])
local QUEUES = {{name = 'due:live', share = 7}, {name = 'due:bulk', share = 2}, {name = 'unknown', share = 1}}
local g = governor()
local held = held_seconds(g)
local reply, taken = {'ok', stamp(now), 0, '', g.busy and 1 or 0, 0, 0}, {}

local function read(id)
  return redis.call('HMGET', P .. 'lead:' .. id, 'lane', 'source', 'attempts', 'returned', 'expiries',
    'tried_at', 'held_before', 'suspect', 'token', 'state', 'doubted', 'doubted_at', 'accepted_at',
    'replayed_at', 'trace')
end

local function about(id, look, lead)
  if not look then return doubts(lead[11], lead[12]) end
  local asked = redis.call('HMGET', P .. 'lead:' .. id, 'unknown_since', 'looks', 'look_page', 'unanswered',
    'similar')
  return table.concat({asked[1] or stamp(now), asked[2] or 0, asked[3] or 1, asked[4] or 0, asked[5] or 0}, ' ')
end

local function answer(id, lead, queue)
  local look = queue == 'unknown'
  local tried = lead[6] and now - lead[6] - (held - lead[7]) or 0
  local row = {id, look and 'look' or 'send', lead[1] or '', lead[2] or '', lead[3] or 0, lead[4] or 0,
    lead[5] or 0, stamp(tried), redis.call('GET', P .. 'raw:' .. id) or '', about(id, look, lead),
    lead[14] or lead[13] or '', lead[15] or ''}
  for _, value in ipairs(row) do reply[#reply + 1] = value end
  taken[#taken + 1] = {id = id, from = P .. queue, look = look, first = not lead[6]}
end

-- Nobody gets another canary before this one is settled, or its lease is over.
local function guard(g, upto)
  local version = redis.call('HINCRBY', P .. 'counts', 'governor_version', 1)
  redis.call('HSET', P .. 'governor', 'canary_at', upto, 'version', version)
  if g.trial_at then redis.call('HSET', P .. 'governor', 'trial_at', upto) end
end

local last = redis.call('GET', P .. 'claim:' .. worker) or ''
local last_number, last_alone, last_canary, last_ids = string.match(last, '^(%d+)(!?)~(%d+) (.*)$')
last_number = tonumber(last_number or 0)
if last_number > number then return {'stale', stamp(now)} end
if last_number == number then
  reply[6] = tonumber(last_canary)
  for id in string.gmatch(last_ids, '%S+') do
    local lead = read(id)
    if lead[9] == token and lead[10] == 'leased' then answer(id, lead, 'leased') end
    if lead[9] == token and lead[10] == 'unknown' then answer(id, lead, 'unknown') end
  end
  reply[7] = permits(tonumber(ARGV[10]), tonumber(ARGV[11])).spacing > 0 and 1 or 0
  permit()
  for _, lead in ipairs(taken) do
    redis.call('ZADD', lead.from, 'XX', stamp(now + lease), lead.id)
    if lead.look then redis.call('ZADD', P .. 'looking', stamp(now + lease), lead.id) end
  end
  if #taken > 0 and reply[6] > 0 and g.number == last_canary then guard(g, stamp(now + lease + 1)) end
  return reply
end

for mark, upto in string.gmatch(g.stale or '', '(%S+) (%S+)') do
  if mark == ARGV[8] and now < tonumber(upto) then
    return {'held', stamp(now), 'credentials', upto, '', 0, ''}
  end
end
local room, again, only = admit(g, in_flight(), tonumber(ARGV[9]))
if room == 0 and g.kind then
  local over = g['until'] and again == 0
  return {'held', stamp(now), g.kind, g['until'] or '', again and stamp(again) or '', over and 1 or 0,
    not g.trial_at and g.token_mark or ''}
end
local rate = permits(tonumber(ARGV[10]), tonumber(ARGV[11]))
local limit = math.min(most, room, rate.most)
reply[7] = rate.spacing > 0 and 1 or 0

if last_alone == '!' and ours > 0 then
  local lead = read(string.match(last_ids, '%S+'))
  if lead[9] == worker .. ':' .. last_number and lead[10] == 'leased' then return reply end
end

-- Under a hold one lead is tried: rather one that is not accused, was not the last, was never given
-- back; of the newest and the oldest of each lane, and a question to the API only where there is no other.
local function choose()
  local best, best_rank, best_lead
  local function weigh(ids, queue, rank)
    for _, id in ipairs(ids) do
      local lead, accused = read(id), g.accused and string.find(g.accused, id, 1, true)
      local mine = rank + (accused and 8 or 0) + (id == g.canary and 4 or 0) + (lead[8] and 2 or 0)
        + (tonumber(lead[4] or 0) > 0 and 1 or 0)
      local barred = (accused and only == 'trial') or (lead[8] and ours > 0)
      if not barred and (not best or mine < best_rank) then
        best, best_rank, best_lead = {id, queue}, mine, lead
      end
    end
  end
  for _, queue in ipairs({'due:live', 'due:bulk'}) do
    weigh(redis.call('ZREVRANGEBYSCORE', P .. queue, stamp(now), '-inf', 'LIMIT', 0, 5), queue, 0)
    weigh(redis.call('ZRANGEBYSCORE', P .. queue, '-inf', stamp(now), 'LIMIT', 0, 5), queue, 0)
  end
  if only == 'canary' then
    weigh(redis.call('ZRANGEBYSCORE', P .. 'unknown', '-inf', stamp(now), 'LIMIT', 0, 5), 'unknown', 16)
  end
  if best then answer(best[1], best_lead, best[2]) end
  return best_lead and best_lead[8]
end

-- By smooth weighted round robin over the queues that have something, so that none starves.
local alone, closed, total, credits = false, false, 0, nil
local function share_out()
  local filled = {}
  for n, queue in ipairs(QUEUES) do
    queue.ids = redis.call('ZRANGEBYSCORE', P .. queue.name, '-inf', stamp(now), 'LIMIT', 0, limit + 1)
    queue.next, queue.credit = 1, 0
    total = total + #queue.ids
    if #queue.ids > 0 then filled[#filled + 1] = queue end
  end
  if #filled > 1 then
    credits = redis.call('HMGET', P .. 'shares', QUEUES[1].name, QUEUES[2].name, QUEUES[3].name)
    for n, queue in ipairs(QUEUES) do queue.credit = tonumber(credits[n] or 0) end
  end
  while #taken < limit do
    local best, sum = nil, 0
    for _, queue in ipairs(filled) do
      if queue.ids[queue.next] then
        queue.credit, sum = queue.credit + queue.share, sum + queue.share
        if not best or queue.credit > best.credit then best = queue end
      end
    end
    if not best then return end
    best.credit = best.credit - sum
    local id = best.ids[best.next]
    local lead = read(id)
    closed = best.name ~= 'unknown' and lead[8] ~= false
    alone = closed and #taken + ours == 0
    if not closed or alone then answer(id, lead, best.name) end
    if closed then return end
    best.next = best.next + 1
  end
end

if only and limit > 0 then
  alone = choose() and true or false
elseif not only then
  share_out()
end
local left = total > #taken
if left and #taken == limit and limit < most then
  reply[4] = stamp(limit == rate.most and math.max(0.001, rate.wait(#taken)) or again or 0.25)
elseif only and #taken == 0 then
  reply[4] = stamp(limit == 0 and math.max(0.001, rate.wait(0)) or 1)
end
if left and #taken == most and not closed then reply[3] = 1 end
if #taken == 0 then return reply end

local ids = {}
for n, lead in ipairs(taken) do
  local key = P .. 'lead:' .. lead.id
  redis.call('ZREM', lead.from, lead.id)
  redis.call('ZADD', P .. (lead.look and 'unknown' or 'leased'), stamp(now + lease), lead.id)
  if lead.look then
    redis.call('ZADD', P .. 'looking', stamp(now + lease), lead.id)
    redis.call('HSET', key, 'token', token)
  else
    redis.call('HSET', key, 'state', 'leased', 'token', token, 'claimed_at', stamp(now))
  end
  if lead.first then redis.call('HSET', key, 'tried_at', stamp(now), 'held_before', stamp(held)) end
  ids[n] = lead.id
end
redis.call('HSET', P .. 'counts', 'claimed_at', stamp(now))
if only then
  guard(g, stamp(now + lease + 1))
  redis.call('HSET', P .. 'governor', 'canary', ids[1])
  reply[6] = tonumber(g.number)
end
if credits then
  redis.call('HSET', P .. 'shares', QUEUES[1].name, QUEUES[1].credit, QUEUES[2].name, QUEUES[2].credit,
    QUEUES[3].name, QUEUES[3].credit)
end
if rate.spacing > 0 then redis.call('HSET', P .. 'rate', 'free_at', stamp(rate.free_at + #taken * rate.spacing)) end
redis.call('SET', P .. 'claim:' .. worker,
  ARGV[3] .. (alone and '!' or '') .. '~' .. reply[6] .. ' ' .. table.concat(ids, ' '),
  'PX', math.ceil(lease * 2000))
if left and not only and room > #taken and rate.most > #taken then ring(ARGV[6], token) end
return reply
