-- presence_remove.lua: removes one member of one channel and tells its leave; nothing for a node that is marked dead (its
-- cleaner does that) or for a member of another node. All keys share the tag {p<n>}.
-- KEYS[1] hash client -> 1 (announced) or 0, then its info   KEYS[2] set "client channel" of the node's members here
-- KEYS[3] string mark of a dead node
-- ARGV[1] client   ARGV[2] channel, escaped   ARGV[3] pub/sub channel   ARGV[4] what a leave begins with
-- Returns 1 when the member was there, else 0.
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
if redis.call('SREM', KEYS[2], ARGV[1] .. ' ' .. ARGV[2]) == 0 then return 0 end
local value = redis.call('HGET', KEYS[1], ARGV[1])
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if string.sub(value, 1, 1) == '1' then redis.call('PUBLISH', ARGV[3], ARGV[4] .. string.sub(value, 2)) end
return 1
