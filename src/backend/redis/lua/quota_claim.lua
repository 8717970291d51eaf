-- quota_claim.lua: tells a node's share of a quota and asks for more; shares of nodes that are not registered are removed.
-- All keys share the tag {ctl}.
-- KEYS[1] hash node -> share   KEYS[2] zset node -> last beat, ms   KEYS[3] string tombstone of the node
-- ARGV[1] node id   ARGV[2] what it holds   ARGV[3] what it would like on top   ARGV[4] what all nodes may hold
-- ARGV[5] life of the quota without a word, ms
-- Returns how much is granted on top, or -1 when the node is buried and nothing was written.
if redis.call('EXISTS', KEYS[3]) == 1 then return -1 end
local held = tonumber(ARGV[2])
local room = tonumber(ARGV[4]) - held
local shares = redis.call('HGETALL', KEYS[1])
for i = 1, #shares, 2 do
  if shares[i] ~= ARGV[1] then
    if redis.call('ZSCORE', KEYS[2], shares[i]) then
      room = room - tonumber(shares[i + 1])
    else
      redis.call('HDEL', KEYS[1], shares[i])
    end
  end
end
local granted = math.max(0, math.min(tonumber(ARGV[3]), room))
if held + granted > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', held + granted))
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return granted
