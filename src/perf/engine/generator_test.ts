import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import { GeneratorWatch } from "./generator.ts";

const SPENT_MS = 30;

function spendCpu(): void {
  const before = cpuUsage();
  while (cpuUsage(before).user + cpuUsage(before).system < SPENT_MS * 1_000);
}

Deno.test("GeneratorWatch.stop() tells the CPU of sending when a long wait for answers follows", () => {
  let nowMs = 0;
  const watch = new GeneratorWatch({ monotonicMs: () => nowMs, wallMs: () => nowMs }, 1);
  watch.begin();
  spendCpu();
  nowMs = SPENT_MS;
  watch.endSending();
  nowMs = 100 * SPENT_MS;
  const { cpuCores, cpuSeconds } = watch.stop();
  assert.ok(cpuCores >= 0.99, `${cpuCores} cores`);
  assert.ok(cpuSeconds >= SPENT_MS / 1_000, `${cpuSeconds} s`);
});
