-- rate: a person sets how many requests a minute the fleet may make, whatever the workers are set to.
--
-- ARGV 2 requests a minute, "0" for no limit, or "" for what the workers are set to · 3 by whom
--      4 token of this act · 5 event for the log
-- Gives 1, or 0 if this act was here before.
if redis.call('HGET', P .. 'rate', 'act') == ARGV[4] then return 0 end
permit()
redis.call('HDEL', P .. 'rate', 'per_minute')
redis.call('HSET', P .. 'rate', 'act', ARGV[4], 'by', ARGV[3], 'since', stamp(now))
if ARGV[2] ~= '' then redis.call('HSET', P .. 'rate', 'per_minute', ARGV[2]) end
log(ARGV[5])
return 1
