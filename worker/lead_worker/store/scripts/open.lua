-- open: a worker begins; is this its namespace?
--
-- ARGV 2 record format · 3 address of the API · 4 "1" where another address than before is allowed
-- Gives {"ok"} · {"format", found} · {"api", found}
local meta = redis.call('HMGET', P .. 'meta', 'format', 'api_url')
if meta[1] and meta[1] ~= ARGV[2] then return {'format', meta[1]} end
if meta[2] and meta[2] ~= ARGV[3] and ARGV[4] ~= '1' then return {'api', meta[2]} end
if meta[1] == ARGV[2] and meta[2] == ARGV[3] then return {'ok'} end
permit()
redis.call('HSET', P .. 'meta', 'format', ARGV[2], 'api_url', ARGV[3])
return {'ok'}
