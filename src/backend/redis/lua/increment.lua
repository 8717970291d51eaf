-- increment.lua: adds one to a counter and keeps it for a while more; a missing one starts at 0.
-- KEYS[1] string counter
-- ARGV[1] time to live, ms
-- Returns the new value.
local value = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return value
