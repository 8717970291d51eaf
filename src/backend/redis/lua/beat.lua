-- beat.lua: registers a node or renews it, and tells it what it has to know. Writes nothing for a buried id or for a
-- node with a wrong number of partitions. All keys share the tag {ctl}.
-- KEYS[1] zset node -> last beat, ms           KEYS[2] string JSON record of the node
-- KEYS[3] string tombstone of the node         KEYS[4] hash client records of the node
-- KEYS[5] zset buried node -> end of claim, ms KEYS[6] string number of partitions
-- ARGV[1] node id   ARGV[2] JSON record   ARGV[3] expiry of the record, ms
-- ARGV[4] suspect after, ms   ARGV[5] number of partitions of this node   ARGV[6] most ids per list
-- Returns {standing, partitions, now ms, is new 0/1, clients, nodes, {suspect, its beat ms, ...}, {unfinished id, ...}}
-- with standing 'member', 'buried' or 'partitions' (wrong number of them).
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('EXISTS', KEYS[3]) == 1 then
  return { 'buried', ARGV[5], now, 0, 0, 0, {}, {} }
end
redis.call('SET', KEYS[6], ARGV[5], 'NX')
local partitions = redis.call('GET', KEYS[6])
if partitions ~= ARGV[5] then
  return { 'partitions', partitions, now, 0, 0, 0, {}, {} }
end
local isNew = redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
local suspects = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. string.format('%.0f', now - ARGV[4]),
  'WITHSCORES', 'LIMIT', 0, ARGV[6])
-- Not those whose claim ends in this very millisecond: Redis keeps a key through the last one of its life.
local unfinished = redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', '(' .. string.format('%.0f', now), 'LIMIT', 0, ARGV[6])
return { 'member', partitions, now, isNew, redis.call('HLEN', KEYS[4]), redis.call('ZCARD', KEYS[1]), suspects,
  unfinished }
