import assert from "node:assert/strict";
import type { RunReport } from "../reports/run_report.ts";
import { goodResult, reportOf, sampleOptions, statsOf } from "../reports/sample_run.ts";
import { measuredCost, planCapacity, type PlanDemand } from "./plan.ts";
import { type CheckRow, readMetric } from "./plan_check.ts";
import { checkFindings, isPredicted } from "./plan_check_findings.ts";
import { bytes, planFindings } from "./plan_findings.ts";

const limits = { cpuShare: 0.5, nodeBytes: 1e9, shardMessagesPerSec: 100_000, shardBytesPerSec: 1e9 };
const cost = {
  cpuUs: { estimate: 100, low: 90, high: 120 },
  bytesPerConnection: { estimate: 20_000, low: 10_000, high: 40_000 },
  hasMeasuredMemory: true,
  clientBytes: 200,
  instances: 2,
  pattern: "direct",
};
const demand: PlanDemand = {
  connections: 100_000,
  perSec: 10_000,
  channels: 50_000,
  zipf: 0,
  subscriptions: 1,
  churnPerSec: 0,
  payloadBytes: 134,
};

/** A run in which each of two instances used `percent` of a core at three times. */
function report(percent: number): RunReport {
  const samples = [0, 1, 2].map((at) => ({
    atMs: at * 1_000,
    cpuPercent: percent,
    rssBytes: 100_000_000,
    lagMs: 1,
    connections: 5,
  }));
  const stats = sampleOptions.targets.map(({ instance }) => ({
    ...statsOf(instance, samples),
    maxCpuPercent: percent,
  }));
  return reportOf(goodResult, { stats });
}

Deno.test("measuredCost() is the instances' CPU by messages, and does not read memory from few connections", () => {
  const measured = measuredCost(report(25), 1);
  // Two instances with a quarter of a core each, and about 999 answers a second.
  assert.ok(Math.abs((measured?.cpuUs.estimate ?? 0) - 500) < 5, JSON.stringify(measured?.cpuUs));
  assert.equal(measured?.hasMeasuredMemory, false);
  assert.equal(measuredCost({ ...report(25), stats: [] }, 1), undefined);
});

Deno.test("planCapacity() adds up: CPU, memory, one to spare, what goes through Redis", () => {
  const plan = planCapacity(demand, cost, { limits, seed: 1 });
  // Two subscribers a publication: 20,000 deliveries/s of 100 us are 2 cores, 4 nodes at half a core, and one to spare.
  assert.ok(Math.abs(plan.nodesForCpu.estimate - 4) < 0.2, `${plan.nodesForCpu.estimate}`);
  assert.equal(plan.nodesForMemory.estimate, 2);
  assert.ok(plan.nodes.low <= plan.nodes.estimate && plan.nodes.estimate <= plan.nodes.high);
  assert.ok(plan.nodes.estimate === 5 || plan.nodes.estimate === 6);
  assert.equal(plan.boundBy, "cpu");
  const { nodesTouched } = plan.model;
  assert.ok(Math.abs(plan.redisMessagesPerSec - 10_000 * (1 + nodesTouched.estimate)) < 1);
  assert.ok(Math.abs(plan.redisOutBytesPerSec - 10_000 * nodesTouched.estimate * 200) < 1);
  assert.equal(plan.redisShards, 1);
  assert.equal(planCapacity({ ...demand, perSec: 100_000 }, cost, { limits, seed: 1 }).redisShards, 3);
});

Deno.test("planCapacity() is bound by memory where connections are many and messages few", () => {
  const plan = planCapacity({ ...demand, connections: 10_000_000, channels: 10_000_000, perSec: 10 }, cost, {
    limits,
    seed: 1,
  });
  assert.deepEqual([plan.boundBy, plan.nodes.estimate], ["memory", 201]);
});

Deno.test("planFindings() warns of sizes beyond twice the measured one, and refuses a run that proves nothing", () => {
  const plan = planCapacity(demand, cost, { limits, seed: 1 });
  const context = { from: "run.json", measuredSeconds: 20, demand, limits, cost, fault: undefined };
  const findings = planFindings(plan, context);
  assert.match(
    findings.conclusion,
    /^[56] nodes \[\d+, \d+\], bound by cpu; 1 Redis shard; 2\.0 GB of memory/,
  );
  assert.ok(findings.notes.some((note) => /times what was measured: an order of magnitude/.test(note)));
  const refused = planFindings(plan, { ...context, fault: "generator-bound: x" });
  assert.deepEqual([refused.word, refused.exitCode], ["INVALID", 4]);
});

const row: CheckRow = {
  nodes: 3,
  predicted: {
    deliveries: { estimate: 35, low: 33, high: 38 },
    nodesTouched: { estimate: 2.5, low: 2.45, high: 2.55 },
    interestChangesPerSec: { estimate: 0, low: 0, high: 0 },
  },
  nodesTouched: 2.6,
  deliveries: 36,
  commands: 1,
  bytesToRedis: 128,
  bytesFromRedis: 340,
};

Deno.test("isPredicted() lets a measurement be 5 % beside the model's range, and no more", () => {
  assert.equal(isPredicted(row), true);
  assert.equal(isPredicted({ ...row, nodesTouched: 2.7 }), false);
  assert.equal(isPredicted({ ...row, deliveries: 30 }), false);
});

Deno.test("checkFindings() fails with the sizes for which the model is wrong", () => {
  const use = { connections: 240, channels: 120, zipf: 1, subscriptions: 3 };
  const request = { sizes: [3, 6], redis: "redis://h", use, publications: 10, payloadBytes: 64, seed: 1 };
  assert.equal(checkFindings([row], request, false).exitCode, 0);
  const { conclusion, exitCode, data } = checkFindings(
    [row, { ...row, nodes: 6, deliveries: 1 }],
    request,
    false,
  );
  assert.match(conclusion, /wrong for 6 nodes/);
  assert.equal(exitCode, 1);
  assert.equal(JSON.stringify(data).includes("redis://"), false);
});

Deno.test("readMetric() reads a metric by its whole name", () => {
  const text = "# HELP a_total x\na_total_more 5\na_total 7\n";
  assert.deepEqual([readMetric(text, "a_total"), readMetric(text, "b_total")], [7, 0]);
});

Deno.test("bytes() writes sizes for people", () => {
  assert.deepEqual([0, 999, 1_500, 2e9, 19_500].map(bytes), ["0 B", "999 B", "1.5 KB", "2.0 GB", "20 KB"]);
});
