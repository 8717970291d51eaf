import assert from "node:assert/strict";
import { scaleFindings } from "./scale_findings.ts";
import { type ScaleOutcome, type ScaleRun, scaleSchedule } from "./scale.ts";
import { uslThroughput } from "./usl.ts";

const context = { seed: 1, scenario: "light", cores: 2, measure: "core-seconds", predict: [12, 17] } as const;

/** Runs whose messages per core-second times nodes follow the curve. */
function outcome(sizes: readonly number[], changes: Partial<ScaleRun> = {}): ScaleOutcome {
  const curve = { lambda: 10_000, sigma: 0.05, kappa: 0.02 };
  const runs = sizes.flatMap((instances) =>
    [0.99, 1.01].map((noise) => {
      const serverCpu = instances * 1e6 / (uslThroughput(curve, instances) * noise);
      return {
        instances,
        numbers: { throughput: 500, p50: 1, p99: 2, serverCpu },
        fault: undefined,
        ...changes,
      };
    })
  );
  return { runs, wasInterrupted: false };
}

Deno.test("scaleFindings() names gain, dominant term and peak, and predicts no further than twice the largest", () => {
  const { conclusion, tables, notes, word } = scaleFindings(outcome([1, 2, 3, 4, 6, 8]), context);
  assert.match(
    conclusion,
    /^8 nodes do x3\.\d\d of one with a core for each node; coherency holds it back most \(kappa\); the peak is at [67]\.\d nodes/,
  );
  assert.match(JSON.stringify(tables), /\["12","[\d,]+(\.\d)?\/s"\],\["17","refused: beyond 16"\]/);
  assert.match(notes[0] ?? "", /Measured on 2 cores/);
  assert.equal(word, "DONE");
});

Deno.test("scaleFindings() of plain throughput says that the curve shows contention for cores", () => {
  const { notes } = scaleFindings(outcome([1, 2, 3, 4, 6]), { ...context, measure: "throughput" });
  assert.match(notes[0] ?? "", /share 2 cores: with more nodes than cores/);
});

Deno.test("scaleFindings() claims no curve from fewer than five sizes without fault", () => {
  const few = scaleFindings(outcome([1, 2, 3, 4]), context);
  assert.deepEqual([few.word, few.exitCode], ["INVALID", 4]);
  const faulty = scaleFindings(outcome([1, 2, 3, 4, 6], { fault: "generator-bound: x" }), context);
  assert.deepEqual([faulty.word, faulty.exitCode], ["INVALID", 4]);
  const lost = scaleFindings(outcome([1, 2, 3, 4, 6], { fault: "correctness: x" }), context);
  assert.equal(lost.exitCode, 3);
});

Deno.test("scaleSchedule() has each size once in each round, in an order that the seed decides", () => {
  const run = (seed: number) => ({ load: { seed } });
  const plan = scaleSchedule({ sizes: [1, 2, 3, 4], repeats: 3, run: run(1) });
  for (const round of [0, 4, 8]) assert.deepEqual(plan.slice(round, round + 4).toSorted(), [1, 2, 3, 4]);
  assert.deepEqual(plan, scaleSchedule({ sizes: [1, 2, 3, 4], repeats: 3, run: run(1) }));
  assert.notDeepEqual(plan, scaleSchedule({ sizes: [1, 2, 3, 4], repeats: 3, run: run(2) }));
});
