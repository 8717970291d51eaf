import assert from "node:assert/strict";
import { goodResult, healthyGenerator, histogramOf, sampleOptions } from "../reports/sample_run.ts";
import { digest } from "./digest.ts";
import type { LoadOptions } from "../engine/load_options.ts";
import type { LoadResult, TrafficResult } from "../engine/load_result.ts";
import { parseSlos, withDefaults } from "./slo.ts";
import { judge } from "./verdict.ts";

function verdict(result: LoadResult, slos = "", options: LoadOptions = sampleOptions) {
  const { word, exitCode, findings, isSaturated } = judge(
    result,
    digest(result),
    options,
    withDefaults(parseSlos(slos)),
  );
  return { word, exitCode, names: findings.map((finding) => finding.name), isSaturated };
}

function withTraffic(change: (traffic: TrafficResult) => Partial<TrafficResult>): LoadResult {
  const { traffic } = goodResult;
  assert.ok(traffic);
  return { ...goodResult, traffic: { ...traffic, ...change(traffic) } };
}

const invalid = (name: string) => ({ word: "INVALID", exitCode: 4, names: [name], isSaturated: false });

Deno.test("judge() passes a run in which nothing is wrong", () => {
  assert.deepEqual(verdict(goodResult, "rtt.p99<50ms,cross.p99<4ms"), {
    word: "PASS",
    exitCode: 0,
    names: [],
    isSaturated: false,
  });
});

Deno.test("judge() fails a broken SLO with code 1", () => {
  assert.deepEqual(verdict(goodResult, "rtt.p99<1ms"), {
    word: "FAIL",
    exitCode: 1,
    names: ["slo"],
    isSaturated: false,
  });
});

Deno.test("judge() fails one lost message with code 3, and lets it pass when allowed", () => {
  const lossy = withTraffic((ws) => ({
    instances: ws.instances.map((row, at) => at === 0 ? { ...row, answered: 999, unanswered: 1 } : row),
  }));
  assert.deepEqual([verdict(lossy).word, verdict(lossy).exitCode], ["FAIL", 3]);
  assert.equal(verdict(lossy, "loss<=1").exitCode, 0);
});

Deno.test("judge() calls a run invalid whose generator was late or out of CPU", () => {
  assert.deepEqual(
    verdict(withTraffic(() => ({ generators: [{ ...healthyGenerator, lateSends: 101 }] }))),
    invalid("generator-bound"),
  );
  assert.deepEqual(
    verdict(withTraffic(() => ({ generators: [{ ...healthyGenerator, cpuCores: 0.95 }] }))),
    invalid("generator-bound"),
  );
  assert.equal(
    verdict(withTraffic(() => ({ generators: [{ ...healthyGenerator, lateSends: 99 }] }))).word,
    "PASS",
  );
});

const late = { generators: [{ ...healthyGenerator, lateSends: 101 }] };
const busy = { generators: [{ ...healthyGenerator, cpuCores: 0.95 }] };

function generatorText(change: (traffic: TrafficResult) => Partial<TrafficResult>): string {
  const result = withTraffic(change);
  const { findings } = judge(result, digest(result), sampleOptions, withDefaults([]));
  return findings.find(({ name }) => name === "generator-bound")?.text ?? "";
}

Deno.test("judge() names the ceiling of a generator that fell behind its plan while all it sent was answered", () => {
  const behind = ({ sendMs }: TrafficResult) => ({ sendMs: 2 * sendMs, achievedPerSec: 500 });
  const ceiling = /, so 500\/s is its ceiling, not the server's/;
  assert.match(generatorText((traffic) => ({ ...late, ...behind(traffic) })), ceiling);
  assert.match(generatorText((traffic) => ({ ...busy, ...behind(traffic) })), ceiling);
});

Deno.test("judge() names the ceiling of a busy generator in a closed loop", () => {
  assert.match(
    generatorText(() => ({ ...busy, model: "closed", achievedPerSec: 1_000 })),
    /so 1,000\/s is its/,
  );
});

Deno.test("judge() names no ceiling of a generator that kept its plan, be it late or busy", () => {
  assert.match(generatorText(() => late), /late \(limit 5%\): lower/);
  assert.match(generatorText(() => busy), /95% of its core \(limit 90%\): lower/);
});

Deno.test("judge() names no ceiling when answers fell behind the sends: they waited for the server", () => {
  const text = generatorText(({ sendMs }) => ({ ...late, sendMs: 2 * sendMs, achievedPerSec: 100 }));
  assert.match(text, /late \(limit 5%\): lower/);
});

Deno.test("judge() blames no generator for a server that answers too little of what left in time", () => {
  for (const cpuCores of [0.1, 0.84]) {
    const generators = [{ ...healthyGenerator, cpuCores, lateSends: 20 }];
    const slow = verdict(withTraffic(() => ({ generators, achievedPerSec: 400 })));
    assert.deepEqual(slow, { word: "FAIL", exitCode: 1, names: ["slo"], isSaturated: true });
  }
});

Deno.test("judge() lets a spinning pacer use its core", () => {
  const spinning = withTraffic(() => ({ generators: [{ ...healthyGenerator, cpuCores: 1 }] }));
  assert.equal(verdict(spinning, "", { ...sampleOptions, pacer: "spin" }).word, "PASS");
});

Deno.test("judge() refuses an SLO on a percentile without enough samples", () => {
  assert.deepEqual(verdict(goodResult, "rtt.p99.9<50ms"), invalid("too-few-samples"));
});

Deno.test("judge() reports connections that are spread unevenly", () => {
  const skewed = withTraffic((ws) => ({
    instances: ws.instances.map((row, at) => ({ ...row, connections: at === 0 ? 8 : 2 })),
  }));
  assert.deepEqual(verdict(skewed), invalid("unbalanced"));
});

Deno.test("judge() reports a latency that drifts", () => {
  assert.deepEqual(verdict(withTraffic(() => ({ lastThird: histogramOf(600, 40) }))), invalid("not-steady"));
});

Deno.test("judge() says saturated when less than 98 % of the offered rate was achieved", () => {
  const slow = verdict(withTraffic(() => ({ achievedPerSec: 970 })));
  assert.deepEqual(slow, { word: "FAIL", exitCode: 1, names: ["slo"], isSaturated: true });
});

Deno.test("judge() does not call an interrupted run saturated", () => {
  const slow = withTraffic(() => ({ achievedPerSec: 0 }));
  const { word, isSaturated } = verdict({ ...slow, wasInterrupted: true });
  assert.deepEqual({ word, isSaturated }, { word: "INVALID", isSaturated: false });
});

Deno.test("judge() puts a lost target above all but an interruption", () => {
  assert.equal(verdict({ ...goodResult, lostTargets: ["127.0.0.1:8080"] }).exitCode, 5);
  assert.equal(verdict({ ...goodResult, cross: undefined }).exitCode, 5);
  assert.equal(
    verdict({ ...goodResult, lostTargets: ["127.0.0.1:8080"], wasInterrupted: true }).exitCode,
    130,
  );
});

Deno.test("judge() stamps a run whose connecting was paused for memory", () => {
  const reason = "5.0% of memory was available (limit 10.0%)";
  const throttled = withTraffic(() => ({ throttled: [{ fromMs: 100, toMs: 1_600, reason }] }));
  assert.deepEqual(verdict(throttled), invalid("throttled"));
});

Deno.test("judge() believes no run in which a generator process died", () => {
  assert.deepEqual(verdict({ ...goodResult, deadWorkers: 1 }), invalid("generator-bound"));
});
