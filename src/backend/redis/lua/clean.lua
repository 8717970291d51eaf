-- clean.lua: removes one batch of the client records of a buried node; at the end the claim. Does nothing for a node
-- that is not buried. All keys share the tag {ctl}.
-- KEYS[1] zset buried node -> end of claim, ms   KEYS[2] string claim   KEYS[3] hash client records of the node
-- ARGV[1] node id   ARGV[2] about how many records to remove
-- Returns 1 when nothing is left, 0 when there is more.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
local batch = tonumber(ARGV[2])
local cursor = '0'
local removed = 0
repeat
  local found = redis.call('HSCAN', KEYS[3], cursor, 'COUNT', batch)
  cursor = found[1]
  local fields = {}
  for i = 1, #found[2], 2 do fields[#fields + 1] = found[2][i] end
  -- In pieces: Lua takes at most some 8000 arguments, and HSCAN may answer more than was asked for.
  for from = 1, #fields, 1000 do
    removed = removed + redis.call('HDEL', KEYS[3], unpack(fields, from, math.min(from + 999, #fields)))
  end
until cursor == '0' or removed >= batch
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
return 1
