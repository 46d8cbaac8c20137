-- govern: replace the hold, if it is still the one that the decision was made on.
--
-- ARGV 2 version that the decision was made on, "0" for none · 3 kind, or "" to end the hold
--      4 until, or "" · 5 reason · 6 by whom · 7 token of this act
-- Gives {"ok"} · {"conflict"}: somebody else changed it meanwhile; decide again.
-- Versions count up over the life of the namespace, so an old decision cannot fit a new hold.
if redis.call('HGET', P .. 'hold', 'act') == ARGV[7] then return {'ok'} end
local hold = hold_in_force()
if (hold and hold[6] or '0') ~= ARGV[2] then return {'conflict'} end
local held = held_seconds()
permit()
local version = redis.call('HINCRBY', P .. 'counts', 'hold_version', 1)
local goes_on = hold and hold[1] == ARGV[3]
local since = goes_on and hold[3] or stamp(now)
if not goes_on then redis.call('HSET', P .. 'counts', 'held_seconds', stamp(held)) end
if ARGV[3] == '' then
  redis.call('DEL', P .. 'hold')
  redis.call('HSET', P .. 'hold', 'act', ARGV[7])
  return {'ok'}
end
redis.call('HSET', P .. 'hold', 'kind', ARGV[3], 'since', since, 'until', ARGV[4], 'reason', ARGV[5],
  'by', ARGV[6], 'version', version, 'act', ARGV[7])
return {'ok'}
