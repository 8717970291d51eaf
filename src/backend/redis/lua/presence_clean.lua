-- presence_clean.lua: removes one batch of a node's members in one partition and tells their leaves, each once: what is
-- taken out of the set is removed in the same step. All keys share the tag {p<n>}; those of channels are made from ARGV.
-- KEYS[1] set "client channel" of the node's members here   KEYS[2] string mark of a dead node
-- ARGV[1] what stands before the channel in a presence key   ARGV[2] what stands before it in a pub/sub channel
-- ARGV[3] members to remove   ARGV[4] what a leave begins with   ARGV[5] life of the mark, ms; 0 sets none
-- Returns how many members are left in this partition.
if ARGV[5] ~= '0' then redis.call('SET', KEYS[2], 1, 'PX', ARGV[5]) end
for _, pair in ipairs(redis.call('SPOP', KEYS[1], ARGV[3])) do
  local client, channel = string.match(pair, '^(%S+) (.*)$')
  local key = ARGV[1] .. channel
  local value = redis.call('HGET', key, client)
  if redis.call('HDEL', key, client) == 1 and string.sub(value, 1, 1) == '1' then
    redis.call('PUBLISH', ARGV[2] .. channel, ARGV[4] .. string.sub(value, 2))
  end
end
return redis.call('SCARD', KEYS[1])
