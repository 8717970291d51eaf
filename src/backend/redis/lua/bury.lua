-- bury.lua: declares a node dead and claims its clean-up, or takes over a clean-up whose claim ran out. All keys share
-- the tag {ctl}.
-- KEYS[1] zset node -> last beat, ms           KEYS[2] string JSON record of the node
-- KEYS[3] string tombstone of the node         KEYS[4] string claim: id of the cleaner
-- KEYS[5] zset buried node -> end of claim, ms
-- ARGV[1] node id   ARGV[2] last beat that the judge saw, ms   ARGV[3] claim, ms   ARGV[4] id of the cleaner
-- ARGV[5] life of the tombstone, ms
-- Returns 1 when the clean-up is the caller's, 0 when the node has beaten since, is unknown, or another was first.
local beat = redis.call('ZSCORE', KEYS[1], ARGV[1])
if beat and tonumber(beat) ~= tonumber(ARGV[2]) then return 0 end
if not beat and not redis.call('ZSCORE', KEYS[5], ARGV[1]) then return 0 end
if not redis.call('SET', KEYS[4], ARGV[4], 'NX', 'PX', ARGV[3]) then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[3], now, 'PX', ARGV[5])
redis.call('ZADD', KEYS[5], now + ARGV[3], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
return 1
