-- revoked.lua: which of some users are not wanted now. The key has the tag {ctl}.
-- KEYS[1] zset user -> until, ms
-- ARGV[1..] users
-- Returns {user, ...}: those who are on the list and whose time is not over.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local result = {}
for i = 1, #ARGV do
  local untilMs = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if untilMs and tonumber(untilMs) > now then result[#result + 1] = ARGV[i] end
end
return result
