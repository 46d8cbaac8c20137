-- calendar: calendar work was done, so beat lives, and some worker does what it asks for.
--
-- Gives 1. To be repeated at will.
permit()
redis.call('HSET', P .. 'counts', 'calendar_at', stamp(now))
return 1
