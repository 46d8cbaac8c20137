-- govern: replace the governor's record, if it is still the one that the decision was made on.
--
-- ARGV 2 version that the decision was made on, "0" for none · 3 token of this act
--      4 how many leads are convicted, 5 how many are doubted, 6 how many events there are
--      then for each lead: id · token of the claim that it was refused under · status · code
--      for each event: a JSON object with at least one member
--      then names and values of the new record
-- Gives {"ok", then the ids of those that are dead now} · {"conflict"}: somebody else changed it
-- meanwhile; decide again.
-- Versions count up over the life of the namespace, so an old decision cannot fit a new hold. A lead
-- that was sent again since it was refused is left alone.
local acted = redis.call('HMGET', P .. 'governor', 'act', 'verdict')
if acted[1] == ARGV[3] then
  local verdict = {}
  for word in string.gmatch(acted[2], '%S+') do verdict[#verdict + 1] = word end
  return verdict
end
local g = governor()
if (g.version or '0') ~= ARGV[2] then return {'conflict'} end
local held = held_seconds(g)

local at, convicted, doubted, events, record = 7, {}, {}, {}, {}
for n = 1, ARGV[4] + ARGV[5] do
  local id, token, status, code = unpack(ARGV, at, at + 3)
  local lead = redis.call('HMGET', P .. 'lead:' .. id, 'state', 'settled', 'lane', 'doubted', 'doubted_at',
    'token')
  -- Its worker may not have settled the refusal yet: then it is doubted, and convicted the next time.
  local unsettled = lead[1] == 'leased' and lead[6] == token
  if unsettled or (lead[1] == 'waiting' and lead[2] == token) then
    local list = not unsettled and n <= tonumber(ARGV[4]) and convicted or doubted
    local group = group_for('rejected:status_' .. status .. (code ~= '' and ':' .. code or ''))
    list[#list + 1] = {id = id, lane = lead[3], status = status, code = code, group = group,
      doubted = doubts(lead[4], lead[5]) + 1}
  end
  at = at + 4
end
for n = 1, ARGV[6] do events[n] = ARGV[at + n - 1] end
at = at + ARGV[6]
local number = ''
for n = at, #ARGV, 2 do
  record[#record + 1] = ARGV[n]; record[#record + 1] = ARGV[n + 1]
  if ARGV[n] == 'number' then number = ARGV[n + 1] end
end

permit()
local version = redis.call('HINCRBY', P .. 'counts', 'governor_version', 1)
if g.kind and g.number ~= number then redis.call('HSET', P .. 'counts', 'held_seconds', stamp(held)) end
local verdict = {'ok'}
for _, lead in ipairs(convicted) do
  move(lead.id, 'waiting', lead.lane, 'dead', now, 'reason', 'rejected', 'cause', 'status_' .. lead.status,
    'status', lead.status, 'code', lead.code, 'group', lead.group)
  died(lead.id, lead.group, now)
  redis.call('HINCRBY', P .. 'lead:' .. lead.id, 'attempts', 1)
  note(lead.id, '{"event":"convicted","cause":"status_' .. lead.status .. '"}')
  verdict[#verdict + 1] = lead.id
end
for _, lead in ipairs(doubted) do
  redis.call('HSET', P .. 'lead:' .. lead.id, 'doubted', lead.doubted, 'doubted_at', stamp(now))
end
redis.call('DEL', P .. 'governor')
redis.call('HSET', P .. 'governor', 'version', version, 'act', ARGV[3], 'verdict', table.concat(verdict, ' '),
  unpack(record))
for _, event in ipairs(events) do tell(event) end
return verdict
