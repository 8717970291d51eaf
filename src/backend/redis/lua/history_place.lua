-- history_place.lua: stands before every script of a history and gives it `place`. Keys share the tag {p<n>}.
-- A stream that another generation of Redis wrote may have been rolled back: its offsets would be given out twice, so
-- it is dropped and begins anew under another epoch. The caller's idea of the generation can be out of date (the
-- replication id also changes while a connection lasts), so before anything is dropped Redis is asked.

-- The generation as `generation.ts` writes it: 16 characters of the run id, 16 of the replication id.
local function generationNow()
  local runId = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  local replicationId = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
  return string.sub(runId, 1, 16) .. ':' .. string.sub(replicationId, 1, 16)
end

-- Where the stream stands: its epoch, the offset given out last, and the generation that holds. A stream without a
-- place gets one under `epoch`, kept for `metaTtlMs`.
local function place(stream, meta, generation, epoch, metaTtlMs)
  local known = redis.call('HMGET', meta, 'epoch', 'offset', 'generation')
  if known[1] and known[3] == generation then return known[1], tonumber(known[2]), generation end
  local now = generationNow()
  if known[1] and known[3] == now then return known[1], tonumber(known[2]), now end
  redis.call('HSET', meta, 'epoch', epoch, 'offset', 0, 'generation', now)
  redis.call('PEXPIRE', meta, metaTtlMs)
  redis.call('UNLINK', stream)
  return epoch, 0, now
end

