-- log: an act that changes no lead, such as an export, gets into the audit trail.
--
-- ARGV 2 event · 3 token of this act, which the event holds
-- Gives 1, or 0 if this act was here before, among the last ones.
for _, entry in ipairs(redis.call('LRANGE', P .. 'log', -20, -1)) do
  if string.find(entry, ARGV[3], 1, true) then return 0 end
end
permit()
log(ARGV[2])
return 1
