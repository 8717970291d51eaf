-- revoke.lua: puts a user on the list of those not wanted, and takes off whose time is over. The key has the tag {ctl}.
-- KEYS[1] zset user -> until, ms
-- ARGV[1] user   ARGV[2] for how long, ms
-- Returns 1. The key ends with the last of its users.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', KEYS[1], math.max(1, last[2] - now))
return 1
