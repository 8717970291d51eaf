-- nodes.lua: every registered node. All keys share the tag {ctl}; the keys of the records are made from ARGV.
-- KEYS[1] zset node -> last beat, ms
-- ARGV[1] what stands before the id in the key of a record
-- Returns {now ms, id, last beat ms, JSON record, id, ...}; a node whose record is gone is left out.
local time = redis.call('TIME')
local result = { time[1] * 1000 + math.floor(time[2] / 1000) }
local nodes = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 1, #nodes, 2 do
  local record = redis.call('GET', ARGV[1] .. nodes[i])
  if record then
    result[#result + 1] = nodes[i]
    result[#result + 1] = nodes[i + 1]
    result[#result + 1] = record
  end
end
return result
