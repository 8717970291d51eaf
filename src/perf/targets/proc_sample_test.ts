import assert from "node:assert/strict";
import { parseProcStat } from "./proc_sample.ts";

Deno.test("parseProcStat() finds CPU time and memory behind a name with spaces and parentheses", () => {
  const after = "S 1 1 1 0 -1 4194560 500 0 0 0 150 50 0 0 20 0 10 0 100 900000000 2000 18446744073709551615";
  assert.deepEqual(parseProcStat(`42 (a (b) c) ${after}`), { cpuSeconds: 2, rssBytes: 2_000 * 4_096 });
  assert.equal(parseProcStat("nonsense"), undefined);
});
