-- services_read.lua: the offers of one workspace and their version. All keys share the tag {ctl}.
-- KEYS[1] hash service/client -> descriptor   KEYS[2] hash epoch, number, bytes
-- ARGV[1] epoch and ARGV[2] number that the reader knows, or ''
-- Returns {epoch, number} when these are known, else {epoch, number, {service/client, descriptor, ...}}; epoch is ''
-- where nothing was offered for long.
local version = redis.call('HMGET', KEYS[2], 'epoch', 'number')
if version[1] and version[1] == ARGV[1] and version[2] == ARGV[2] then return { version[1], version[2] } end
return { version[1] or '', version[2] or '0', redis.call('HGETALL', KEYS[1]) }
