-- leave.lua: takes a node and its records out. All keys share the tag {ctl}.
-- KEYS[1] zset node -> last beat, ms   KEYS[2] string JSON record of the node   KEYS[3] hash client records of the node
-- ARGV[1] node id
-- Returns 1 when the node was registered, else 0.
redis.call('UNLINK', KEYS[2], KEYS[3])
return redis.call('ZREM', KEYS[1], ARGV[1])
