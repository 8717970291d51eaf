-- history_publish.lua: appends a message to the history of a channel and publishes it with its place, in one step.
-- Begins with history_place.lua. All keys share the tag {p<n>}.
-- KEYS[1] stream <offset>-0 -> m, the message   KEYS[2] hash epoch, offset, generation
-- KEYS[3] string result for an idempotency key; absent without one
-- ARGV[1] pub/sub channel        ARGV[2] what an envelope begins with   ARGV[3] generation of the caller's connection
-- ARGV[4] epoch to use when a new one begins   ARGV[5] publications to keep   ARGV[6] life of the stream, ms
-- ARGV[7] life of the hash, ms, longer than the stream's   ARGV[8] life of the result, ms   ARGV[9] message
-- Returns {offset, epoch, is duplicate 0/1}, and the generation as a fourth when the caller's is out of date.
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then
    local offset, epoch = string.match(known, '^(%d+) (.*)$')
    return { tonumber(offset), epoch, 1 }
  end
end
local epoch, offset, generation = place(KEYS[1], KEYS[2], ARGV[3], ARGV[4], ARGV[7])
offset = offset + 1
-- Not tostring(): it turns to exponents at 1e15.
local text = string.format('%.0f', offset)
redis.call('HSET', KEYS[2], 'offset', text)
redis.call('PEXPIRE', KEYS[2], ARGV[7])
redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[5], text .. '-0', 'm', ARGV[9])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
if KEYS[3] then redis.call('SET', KEYS[3], text .. ' ' .. epoch, 'PX', ARGV[8]) end
redis.call('PUBLISH', ARGV[1], ARGV[2] .. epoch .. ' ' .. text .. '\n' .. ARGV[9])
if generation ~= ARGV[3] then return { offset, epoch, 0, generation } end
return { offset, epoch, 0 }
