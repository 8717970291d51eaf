-- partitions.lua: stores the number of partitions of this cluster, or finds what another node stored.
-- KEYS[1] string number of partitions
-- ARGV[1] number of partitions of this node
-- Returns the number that holds, as text.
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
