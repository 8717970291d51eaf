-- services_change.lua: stands before every script that changes the offers of services and gives it `change`. All keys
-- share the tag {ctl}.

-- Counts one change of a workspace's offers and tells it to every node. `change` is a table: services, meta (keys),
-- workspace, field, descriptor (nil when the offer went), grown (bytes by which the descriptors grew), epoch (for a
-- workspace that has none), all (pub/sub channel), head (what a message begins with), ttl (ms for which the version of
-- an empty workspace is kept).
local function change(of)
  redis.call('HSETNX', of.meta, 'epoch', of.epoch)
  local epoch = redis.call('HGET', of.meta, 'epoch')
  local number = redis.call('HINCRBY', of.meta, 'number', 1)
  redis.call('HINCRBY', of.meta, 'bytes', of.grown)
  if redis.call('EXISTS', of.services) == 1 then
    redis.call('PERSIST', of.meta)
  else
    redis.call('PEXPIRE', of.meta, of.ttl)
  end
  local sign = of.descriptor and '+' or '-'
  redis.call('PUBLISH', of.all, of.head .. of.workspace .. ' ' .. epoch .. ' ' .. string.format('%.0f', number) .. ' '
    .. sign .. of.field .. '\n' .. (of.descriptor or ''))
end

