-- history_read.lua: where a stream stands and a page of it, in one step; gives a channel without a place one.
-- Begins with history_place.lua. All keys share the tag {p<n>}.
-- KEYS[1] stream <offset>-0 -> m, the message   KEYS[2] hash epoch, offset, generation
-- ARGV[1] generation of the caller's connection   ARGV[2] epoch to use when a new one begins   ARGV[3] life of the hash, ms
-- ARGV[4] most publications, -1 for all   ARGV[5] offset after which they are wanted (before it when reversed), or ''
-- ARGV[6] epoch of that offset   ARGV[7] 1 for newest first, else 0   ARGV[8] most bytes of messages, -1 for all
-- Returns {epoch, offset, is truncated 0/1, offset, message, offset, message, ...}
local PAGE = 200
local epoch, top = place(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
-- A place that is asked for stays; written seldom, for each write goes to the replicas too.
if redis.call('PTTL', KEYS[2]) * 2 < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
local result = { epoch, top, 0 }
local limit, maxBytes = tonumber(ARGV[4]), tonumber(ARGV[8])
if limit == 0 or top == 0 or (ARGV[5] ~= '' and ARGV[6] ~= epoch) then return result end

local isReverse = ARGV[7] == '1'
local from = ARGV[5] == '' and (isReverse and '+' or '-') or '(' .. ARGV[5] .. '-0'
-- Nothing stands before offset 1, and Redis calls an open range that begins at 0 an error.
if isReverse and ARGV[5] == '0' then return result end
local count, bytes = 0, 0
while true do
  -- One more than is wanted: it tells whether there is more.
  local size = limit < 0 and PAGE or math.min(PAGE, limit - count + 1)
  local page
  if isReverse then
    page = redis.call('XREVRANGE', KEYS[1], from, '-', 'COUNT', size)
  else
    page = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', size)
  end
  for _, entry in ipairs(page) do
    local message = entry[2][2]
    bytes = bytes + #message
    if count == limit or (maxBytes >= 0 and bytes > maxBytes) then
      result[3] = 1
      return result
    end
    count = count + 1
    result[#result + 1] = string.match(entry[1], '^%d+')
    result[#result + 1] = message
  end
  if #page < size then return result end
  from = '(' .. page[#page][1]
end
