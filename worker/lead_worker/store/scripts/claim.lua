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
local began, ends = stamp(now), stamp(now + lease)
local reply, taken, raws = {'ok', began, 0, '', g.busy and 1 or 0, 0, 0}, {}, {}

-- A record as a whole: a fresh lead's has fewer fields than are asked for below, and each that is looked
-- for is a search.
local function read(id)
  local found, lead = redis.call('HGETALL', P .. 'lead:' .. id), {}
  for n = 1, #found, 2 do lead[found[n]] = found[n + 1] end
  return lead
end

local function about(look, lead)
  if not look then return doubts(lead.doubted, lead.doubted_at) end
  return table.concat({lead.unknown_since or began, lead.looks or 0, lead.look_page or 1, lead.unanswered or 0,
    lead.similar or 0}, ' ')
end

-- But for the raw leads: `answer_raws` reads all of them at once. What is done to all of a batch is one
-- command; a batch is no more than a worker sends at once, which fits on Lua's stack.
local function answer(id, lead, queue)
  local look, at = queue == 'unknown', #reply
  local tried = lead.tried_at and now - lead.tried_at - (held - lead.held_before) or 0
  reply[at + 1], reply[at + 2] = id, look and 'look' or 'send'
  reply[at + 3], reply[at + 4] = lead.lane or '', lead.source or ''
  reply[at + 5], reply[at + 6], reply[at + 7] = lead.attempts or 0, lead.returned or 0, lead.expiries or 0
  reply[at + 8], reply[at + 9], reply[at + 10] = stamp(tried), '', about(look, lead)
  reply[at + 11], reply[at + 12] = lead.replayed_at or lead.accepted_at or '', lead.trace or ''
  taken[#taken + 1] = {id = id, queue = queue, look = look, first = not lead.tried_at}
  raws[#raws + 1] = P .. 'raw:' .. id
end
local HEADER, EACH, RAW = 7, 12, 9
local function answer_raws()
  if #raws == 0 then return end
  for n, raw in ipairs(redis.call('MGET', unpack(raws))) do reply[HEADER + EACH * (n - 1) + RAW] = raw or '' end
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
if last_number > number then return {'stale', began} end
if last_number == number then
  reply[6] = tonumber(last_canary)
  for id in string.gmatch(last_ids, '%S+') do
    local lead = read(id)
    local still = lead.token == token and (lead.state == 'leased' or lead.state == 'unknown')
    if still then answer(id, lead, lead.state) end
  end
  reply[7] = permits(tonumber(ARGV[10]), tonumber(ARGV[11])).spacing > 0 and 1 or 0
  answer_raws()
  permit()
  for _, lead in ipairs(taken) do
    redis.call('ZADD', P .. lead.queue, 'XX', ends, lead.id)
    if lead.look then redis.call('ZADD', P .. 'looking', ends, lead.id) end
  end
  if #taken > 0 and reply[6] > 0 and g.number == last_canary then guard(g, stamp(now + lease + 1)) end
  return reply
end

for mark, upto in string.gmatch(g.stale or '', '(%S+) (%S+)') do
  if mark == ARGV[8] and now < tonumber(upto) then
    return {'held', began, 'credentials', upto, '', 0, ''}
  end
end
local room, again, only = admit(g, in_flight(), tonumber(ARGV[9]))
if room == 0 and g.kind then
  local over = g['until'] and again == 0
  return {'held', began, g.kind, g['until'] or '', again and stamp(again) or '', over and 1 or 0,
    not g.trial_at and g.token_mark or ''}
end
local rate = permits(tonumber(ARGV[10]), tonumber(ARGV[11]))
local limit = math.min(most, room, rate.most)
reply[7] = rate.spacing > 0 and 1 or 0

if last_alone == '!' and ours > 0 then
  local lead = read(string.match(last_ids, '%S+'))
  if lead.token == worker .. ':' .. last_number and lead.state == 'leased' then return reply end
end

-- Under a hold one lead is tried: rather one that is not accused, was not the last, was never given
-- back; of the newest and the oldest of each lane, and a question to the API only where there is no other.
local function choose()
  local best, best_rank, best_lead
  local function weigh(ids, queue, rank)
    for _, id in ipairs(ids) do
      local lead, accused = read(id), g.accused and string.find(g.accused, id, 1, true)
      local mine = rank + (accused and 8 or 0) + (id == g.canary and 4 or 0) + (lead.suspect and 2 or 0)
        + (tonumber(lead.returned or 0) > 0 and 1 or 0)
      local barred = (accused and only == 'trial') or (lead.suspect and ours > 0)
      if not barred and (not best or mine < best_rank) then
        best, best_rank, best_lead = {id, queue}, mine, lead
      end
    end
  end
  for _, queue in ipairs({'due:live', 'due:bulk'}) do
    weigh(redis.call('ZREVRANGEBYSCORE', P .. queue, began, '-inf', 'LIMIT', 0, 5), queue, 0)
    weigh(redis.call('ZRANGEBYSCORE', P .. queue, '-inf', began, 'LIMIT', 0, 5), queue, 0)
  end
  if only == 'canary' then
    weigh(redis.call('ZRANGEBYSCORE', P .. 'unknown', '-inf', began, 'LIMIT', 0, 5), 'unknown', 16)
  end
  if best then answer(best[1], best_lead, best[2]) end
  return best_lead and best_lead.suspect
end

-- By smooth weighted round robin over the queues that have something, so that none starves.
local alone, closed, total, credits = false, false, 0, nil
local function share_out()
  local filled = {}
  for n, queue in ipairs(QUEUES) do
    queue.ids = redis.call('ZRANGEBYSCORE', P .. queue.name, '-inf', began, 'LIMIT', 0, limit + 1)
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
    closed = best.name ~= 'unknown' and lead.suspect ~= nil
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

answer_raws()
local ids, leaving, leased, looking = {}, {['due:live'] = {}, ['due:bulk'] = {}, unknown = {}}, {}, {}
for n, lead in ipairs(taken) do
  local left, scored = leaving[lead.queue], lead.look and looking or leased
  ids[n], left[#left + 1] = lead.id, lead.id
  scored[#scored + 1], scored[#scored + 2] = ends, lead.id
end
for _, queue in ipairs(QUEUES) do
  local left = leaving[queue.name]
  if #left > 0 then redis.call('ZREM', P .. queue.name, unpack(left)) end
end
if #leased > 0 then redis.call('ZADD', P .. 'leased', unpack(leased)) end
if #looking > 0 then
  redis.call('ZADD', P .. 'unknown', unpack(looking))
  redis.call('ZADD', P .. 'looking', unpack(looking))
end
for _, lead in ipairs(taken) do
  local key = P .. 'lead:' .. lead.id
  if lead.look then
    redis.call('HSET', key, 'token', token)
    if lead.first then redis.call('HSET', key, 'tried_at', began, 'held_before', stamp(held)) end
  elseif lead.first then
    redis.call('HSET', key, 'state', 'leased', 'token', token, 'claimed_at', began, 'tried_at', began,
      'held_before', stamp(held))
  else
    redis.call('HSET', key, 'state', 'leased', 'token', token, 'claimed_at', began)
  end
end
redis.call('HSET', P .. 'counts', 'claimed_at', began)
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
