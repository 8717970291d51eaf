import assert from "node:assert/strict";
import type { NodeRow } from "../backend/backend.ts";
import { newNodeId, type NodeId } from "../core/ids.ts";
import { createLogger } from "../core/log.ts";
import { FORMATS, type Formats } from "../protocol/format.ts";
import { FormatCheck } from "./format_check.ts";

const stats = {
  connections: 0,
  channels: 0,
  messagesInPerSec: 0,
  messagesOutPerSec: 0,
  lagMs: 0,
  rssBytes: 0,
  cpuPercent: 0,
};

function row(node: NodeId, formats: Formats | undefined, silentMs = 0): NodeRow {
  const record = {
    node,
    address: "10.0.0.1:8080",
    version: "0.9.0",
    pid: 1,
    startedMs: 0,
    isDraining: false,
    stats,
  };
  return { ...record, silentMs, ...(formats === undefined ? {} : { formats }) };
}

/** A check in a cluster of `rows`, with what it logged. */
function checkAmong(rows: () => Promise<readonly NodeRow[]>, node = newNodeId()) {
  const lines: string[] = [];
  const clock = { wallMs: () => 0, monotonicMs: () => 0 };
  const log = createLogger({ level: "warn", format: "json", clock, write: (line) => lines.push(line) });
  return { lines, check: new FormatCheck({ node, registry: { nodes: rows }, deadAfterMs: 5_000, log }) };
}

Deno.test("FormatCheck.cause is set before the first look, and gone when all others are understood", async () => {
  const { check } = checkAmong(() => Promise.resolve([row(newNodeId(), FORMATS)]));
  assert.notEqual(check.cause, undefined);
  await check.look();
  assert.equal(check.cause, undefined);
});

Deno.test("FormatCheck.look() names the node that is in the way, once in the log, until it has gone", async () => {
  const older = newNodeId();
  let rows: readonly NodeRow[] = [row(older, undefined)];
  const { check, lines } = checkAmong(() => Promise.resolve(rows));
  await check.look();
  await check.look();
  assert.match(check.cause ?? "", /at 10\.0\.0\.1:8080 \(version 0\.9\.0\): it writes the older format 0/);
  assert.equal(lines.length, 1);
  rows = [];
  await check.look();
  assert.equal(check.cause, undefined);
});

Deno.test("FormatCheck.look() refuses a newer format, and does not mind nodes that are dead or itself", async () => {
  const [own, newer] = [newNodeId(), newNodeId()];
  const formats = { writes: 9, readsFrom: 8, readsTo: 9 };
  let rows = [row(own, undefined), row(newer, formats)];
  const { check } = checkAmong(() => Promise.resolve(rows), own);
  await check.look();
  assert.match(check.cause ?? "", /it writes the newer format 9/);
  rows = [row(own, undefined), row(newer, formats, 5_001)];
  await check.look();
  assert.equal(check.cause, undefined);
});

Deno.test("FormatCheck.look() keeps waiting while the registry does not answer", async () => {
  const { check } = checkAmong(() => Promise.reject(new Error("lost")));
  await check.look();
  assert.equal(check.cause, "cannot read which nodes live: lost");
});
