-- presence_add.lua: adds or renews one member of one channel; nothing for a node that is marked dead. All keys share the
-- tag {p<n>}.
-- KEYS[1] hash client -> 1 (announced) or 0, then its info   KEYS[2] set "client channel" of the node's members here
-- KEYS[3] string mark of a dead node
-- ARGV[1] client   ARGV[2] info, JSON   ARGV[3] 1 when it is announced, else 0   ARGV[4] channel, escaped
-- ARGV[5] pub/sub channel   ARGV[6] what a join begins with
-- Returns 1 when the member is new, 0 when it was renewed, -1 when the node is dead.
if redis.call('EXISTS', KEYS[3]) == 1 then return -1 end
local isNew = redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. ARGV[2])
if isNew == 0 then return 0 end
redis.call('SADD', KEYS[2], ARGV[1] .. ' ' .. ARGV[4])
if ARGV[3] == '1' then redis.call('PUBLISH', ARGV[5], ARGV[6] .. ARGV[2]) end
return 1
