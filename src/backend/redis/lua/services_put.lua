-- services_put.lua: adds or replaces one offer of a node that is not buried, and tells it unless it is there already.
-- Begins with services_change.lua. All keys share the tag {ctl}.
-- KEYS[1] hash service/client -> descriptor   KEYS[2] hash epoch, number, bytes
-- KEYS[3] set "workspace service/client" of the node's offers   KEYS[4] string tombstone of the node
-- ARGV[1] pub/sub channel of all nodes   ARGV[2] what a message begins with   ARGV[3] life of an empty version, ms
-- ARGV[4] workspace   ARGV[5] service/client   ARGV[6] descriptor   ARGV[7] epoch for a workspace that has none
-- ARGV[8] most offers   ARGV[9] most bytes of descriptors
-- Returns 1, 0 when the node is buried, -1 when the workspace is full.
if redis.call('EXISTS', KEYS[4]) == 1 then return 0 end
local old = redis.call('HGET', KEYS[1], ARGV[5])
if old == ARGV[6] then
  redis.call('SADD', KEYS[3], ARGV[4] .. ' ' .. ARGV[5])
  return 1
end
if not old and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[8]) then return -1 end
local grown = #ARGV[6] - (old and #old or 0)
if tonumber(redis.call('HGET', KEYS[2], 'bytes') or 0) + grown > tonumber(ARGV[9]) then return -1 end
redis.call('HSET', KEYS[1], ARGV[5], ARGV[6])
redis.call('SADD', KEYS[3], ARGV[4] .. ' ' .. ARGV[5])
change({
  services = KEYS[1], meta = KEYS[2], workspace = ARGV[4], field = ARGV[5], descriptor = ARGV[6], grown = grown,
  epoch = ARGV[7], all = ARGV[1], head = ARGV[2], ttl = ARGV[3],
})
return 1
