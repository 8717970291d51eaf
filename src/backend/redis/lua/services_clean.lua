-- services_clean.lua: removes one batch of a node's offers and tells each, once: what is taken out of the set is removed
-- in the same step. Begins with services_change.lua. All keys share the tag {ctl}; those of workspaces are made from ARGV.
-- KEYS[1] set "workspace service/client" of the node's offers
-- ARGV[1] pub/sub channel of all nodes   ARGV[2] what a message begins with   ARGV[3] life of an empty version, ms
-- ARGV[4] what stands before the workspace in the key of its offers   ARGV[5] the same of its version
-- ARGV[6] offers to remove
-- Returns how many offers are left.
for _, pair in ipairs(redis.call('SPOP', KEYS[1], ARGV[6])) do
  local workspace, field = string.match(pair, '^(%S+) (%S+)$')
  local services = ARGV[4] .. workspace
  local bytes = redis.call('HSTRLEN', services, field)
  if redis.call('HDEL', services, field) == 1 then
    change({
      services = services, meta = ARGV[5] .. workspace, workspace = workspace, field = field, grown = -bytes,
      epoch = '0', all = ARGV[1], head = ARGV[2], ttl = ARGV[3],
    })
  end
end
return redis.call('SCARD', KEYS[1])
