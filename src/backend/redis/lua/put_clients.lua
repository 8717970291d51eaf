-- put_clients.lua: writes client records of a node that is not buried. All keys share the tag {ctl}.
-- KEYS[1] string tombstone of the node   KEYS[2] hash client id -> record, JSON
-- ARGV[1] 1 to drop all older records first, else 0   ARGV[2..] client id, record, client id, record, ...
-- Returns 1, or 0 when the node is buried and nothing was written.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if ARGV[1] == '1' then redis.call('UNLINK', KEYS[2]) end
if #ARGV > 1 then redis.call('HSET', KEYS[2], unpack(ARGV, 2)) end
return 1
