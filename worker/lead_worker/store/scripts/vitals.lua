-- vitals: does delivery go on? What a judgement of the fleet's health is made on. Reads only.
--
-- ARGV 2 seconds after which a worker that gave no sign is not counted
-- Gives {now, leads that may be claimed, when the first of them was due or "", requests in flight,
--        when leads were last claimed or "", when one was last delivered or "", until when leases are
--        given time or "", when the rate has its next request or "", when calendar work was last done
--        or "", leads that wait, leads whose lease ran out, when the first of them did or "", 1 if anybody
--        has used the namespace, for how long workers lived, leads might be claimed or were, and none was settled,
--        names and values of the governor's record,
--        then for each worker that is alive: seconds of its leases or "", mark of its token or ""}
-- A look whose time ran out is due again, and so is among those that may be claimed.
-- Its cost does not grow with the number of leads.
local counts = redis.call('HMGET', P .. 'counts', 'claimed_at', 'calendar_at', 'unsettled_seconds')
local first, waiting = '', 0
for _, name in ipairs({'due:live', 'due:bulk', 'unknown'}) do
  local found = redis.call('ZRANGE', P .. name, 0, 0, 'WITHSCORES')[2]
  if found and tonumber(found) <= now and (first == '' or tonumber(found) < tonumber(first)) then first = found end
  if name ~= 'unknown' then waiting = waiting + redis.call('ZCARD', P .. name) end
end
local expired = redis.call('ZCOUNT', P .. 'leased', '-inf', stamp(now))
local reply = {stamp(now), claimable(), first, in_flight(), counts[1] or '',
  redis.call('ZRANGE', P .. 'delivered', -1, -1, 'WITHSCORES')[2] or '', redis.call('GET', P .. 'grace') or '',
  redis.call('HGET', P .. 'rate', 'free_at') or '', counts[2] or '', waiting, expired,
  expired > 0 and redis.call('ZRANGE', P .. 'leased', 0, 0, 'WITHSCORES')[2] or '',
  math.min(1, redis.call('EXISTS', P .. 'meta', P .. 'counts', P .. 'workers')), counts[3] or '0',
  redis.call('HGETALL', P .. 'governor')}
for _, worker in ipairs(redis.call('ZREVRANGEBYSCORE', P .. 'workers', '+inf', stamp(now - ARGV[2]), 'LIMIT', 0, 100)) do
  local about = redis.call('HMGET', P .. 'worker:' .. worker, 'lease_seconds', 'token_mark')
  reply[#reply + 1] = about[1] or ''
  reply[#reply + 1] = about[2] or ''
end
return reply
