-- services_remove.lua: removes one offer and tells it; nothing for a node that is buried (its cleaner does that) or for
-- an offer of another node. Begins with services_change.lua. All keys share the tag {ctl}.
-- KEYS[1] hash service/client -> descriptor   KEYS[2] hash epoch, number, bytes
-- KEYS[3] set "workspace service/client" of the node's offers   KEYS[4] string tombstone of the node
-- ARGV[1] pub/sub channel of all nodes   ARGV[2] what a message begins with   ARGV[3] life of an empty version, ms
-- ARGV[4] workspace   ARGV[5] service/client
-- Returns 1 when the offer was there, else 0.
if redis.call('EXISTS', KEYS[4]) == 1 then return 0 end
if redis.call('SREM', KEYS[3], ARGV[4] .. ' ' .. ARGV[5]) == 0 then return 0 end
local bytes = redis.call('HSTRLEN', KEYS[1], ARGV[5])
if redis.call('HDEL', KEYS[1], ARGV[5]) == 0 then return 0 end
change({
  services = KEYS[1], meta = KEYS[2], workspace = ARGV[4], field = ARGV[5], grown = -bytes,
  epoch = '0', all = ARGV[1], head = ARGV[2], ttl = ARGV[3],
})
return 1
