-- claim: who may be sent now, for the whole fleet, and lease them to one worker.
--
-- ARGV 2 worker · 3 number of this claim (counts up) · 4 the most leads · 5 seconds of the lease
--      6 bell, or ""
-- Gives {"ok", now, 1 if more is claimable now, then for each lead the fields below}
--       {"held", now, kind, until or ""} · {"stale", now}: a later claim of this worker was here
-- The same number gives the same batch again, its leases renewed: the first answer was lost, so
-- nothing of the batch has begun.
local worker, number, most, lease = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local token = worker .. ':' .. ARGV[3]
local reply = {'ok', stamp(now), 0}

local function answer(id, kind)
  local lead = redis.call('HMGET', P .. 'lead:' .. id,
    'lane', 'source', 'accepted_at', 'attempts', 'returned', 'expiries')
  reply[#reply + 1] = id
  reply[#reply + 1] = kind
  for i = 1, 6 do reply[#reply + 1] = lead[i] or '' end
  reply[#reply + 1] = redis.call('GET', P .. 'raw:' .. id) or ''
end

local last = redis.call('GET', P .. 'claim:' .. worker)
local last_number, last_ids = nil, ''
if last then
  last_number, last_ids = string.match(last, '^(%d+)(.*)$')
  last_number = tonumber(last_number)
  if last_number > number then return {'stale', stamp(now)} end
end
if last_number == number then
  permit()
  for id in string.gmatch(last_ids, '%S+') do
    local lead = redis.call('HMGET', P .. 'lead:' .. id, 'token', 'state')
    if lead[1] == token and (lead[2] == 'leased' or lead[2] == 'unknown') then
      redis.call('ZADD', P .. lead[2], 'XX', stamp(now + lease), id)
      answer(id, lead[2] == 'leased' and 'send' or 'look')
    end
  end
  return reply
end

local hold = hold_in_force()
if hold then return {'held', stamp(now), hold[1], hold[2]} end

local upto, ids = stamp(now), {}
local function take(from, kind, to)
  if #ids >= most then return end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', from, '-inf', upto, 'LIMIT', 0, most - #ids)) do
    ids[#ids + 1] = id
    redis.call('ZREM', from, id)
    redis.call('ZADD', P .. to, stamp(now + lease), id)
    redis.call('HSET', P .. 'lead:' .. id, 'state', to, 'token', token)
    answer(id, kind)
  end
end
take(P .. 'unknown', 'look', 'unknown')
take(P .. 'due:live', 'send', 'leased')
take(P .. 'due:bulk', 'send', 'leased')

if #ids > 0 then
  redis.call('SET', P .. 'claim:' .. worker, ARGV[3] .. ' ' .. table.concat(ids, ' '),
    'PX', math.ceil(lease * 2000))
  if #ids == most and claimable() > 0 then
    reply[3] = 1
    ring(ARGV[6], token)
  end
end
return reply
