-- counts: how many leads are in each state, all at one moment. Reads only.
--
-- Gives {now, accepted, forgotten, duplicates, waiting in live, waiting in bulk, leased, unknown,
--        parked, dead, delivered, discarded, erased, claimable now, score of the oldest due or "",
--        requests in flight, names and values of the governor's record, the same of the rate}
local reply = {stamp(now)}
-- What somebody has damaged is 0, which the audit then finds out.
for _, text in ipairs(redis.call('HMGET', P .. 'counts', 'accepted', 'forgotten', 'duplicates')) do
  reply[#reply + 1] = text and #text <= 15 and string.match(text, '^%d+$') and tonumber(text) or 0
end
for _, name in ipairs({'due:live', 'due:bulk', 'leased', 'unknown', 'parked', 'dead', 'delivered',
  'discarded', 'erased'}) do
  reply[#reply + 1] = redis.call('ZCARD', P .. name)
end
reply[#reply + 1] = claimable()
local oldest = ''
for _, lane in ipairs({'live', 'bulk'}) do
  local first = redis.call('ZRANGE', P .. 'due:' .. lane, 0, 0, 'WITHSCORES')[2]
  if first and (oldest == '' or tonumber(first) < tonumber(oldest)) then oldest = first end
end
reply[#reply + 1] = oldest
reply[#reply + 1] = in_flight()
reply[#reply + 1] = redis.call('HGETALL', P .. 'governor')
reply[#reply + 1] = redis.call('HGETALL', P .. 'rate')
return reply
