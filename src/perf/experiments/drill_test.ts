import assert from "node:assert/strict";
import {
  parseBrokerDrop,
  parseKill,
  parsePause,
  parseRestart,
  planDrill,
  restartsOf,
} from "./drill_actions.ts";
import type { DrillOutcome } from "./drill.ts";
import { drillNumbers } from "./drill_findings.ts";
import { recoveryOf } from "./drill_timeline.ts";

const cluster = { instances: 3, durationMs: 30_000 };

Deno.test("planDrill() puts actions in order of time", () => {
  const actions = [
    ...parseBrokerDrop("5s@15s"),
    ...parseKill("2@10s"),
    ...parseRestart("2@18s"),
    ...parsePause("1@1s:500ms"),
  ];
  const order = planDrill(actions, cluster).map(({ kind, atMs }) => `${kind} ${atMs}`);
  assert.deepEqual(order, [
    "pause 1000",
    "resume 1500",
    "kill 10000",
    "broker-drop 15000",
    "restart 18000",
    "broker-back 20000",
  ]);
});

Deno.test("restartsOf() brings each killed instance back two seconds later", () => {
  assert.deepEqual(restartsOf(parseKill("2@10s")), [{ kind: "restart", instance: 2, atMs: 12_000 }]);
});

Deno.test("planDrill() refuses what cannot be done, with the reason", () => {
  const wrong = [
    [[], /needs something to do/],
    [parseKill("4@10s"), /Cannot kill instance 4: the cluster has 3/],
    [parseKill("2@30s"), /the run is over at 30 s/],
    [parseRestart("2@20s"), /Cannot restart instance 2 at 20 s: it is not down/],
    [[...parseKill("2@10s"), ...parseKill("2@11s")], /Cannot kill instance 2 at 11 s: it is down/],
  ] as const;
  for (const [actions, complaint] of wrong) assert.throws(() => planDrill(actions, cluster), complaint);
});

Deno.test("parseKill(), parsePause() and parseBrokerDrop() say how to write it", () => {
  assert.throws(() => parseKill("2"), /write instance and time, like --kill 2@10s/);
  assert.throws(() => parsePause("1@10s"), /write it like --pause 1@10s:3s/);
  assert.throws(() => parseBrokerDrop("5s"), /write it like --broker-drop 5s@15s/);
  assert.throws(() => parseKill("0@10s"), /at least 1/);
});

Deno.test("recoveryOf() counts from the harm to the first of two good seconds", () => {
  const perSecond = [100, 102, 98, 100, 40, 0, 97, 30, 96, 99, 100];
  const recovery = recoveryOf(perSecond, { firstMs: 4_200, harmMs: 4_200 });
  assert.deepEqual(recovery, { baselinePerSec: 100, worstPerSec: 0, recoveredAfterMs: 3_800 });
});

Deno.test("recoveryOf() says undefined when throughput stays low or there was no full second before", () => {
  assert.equal(
    recoveryOf([100, 100, 60, 60, 60], { firstMs: 2_000, harmMs: 2_000 })?.recoveredAfterMs,
    undefined,
  );
  assert.equal(recoveryOf([100, 100], { firstMs: 500, harmMs: 500 }), undefined);
});

Deno.test("recoveryOf() says at once when nothing was felt", () => {
  assert.equal(recoveryOf([100, 100, 100, 100], { firstMs: 2_000, harmMs: 2_000 })?.recoveredAfterMs, 0);
});

Deno.test("drillNumbers() times detection from the kill, and the return from when all answer and count all", () => {
  const seen = (atMs: number, known: number, answering: number) => ({ atMs, known, answering });
  const traffic = { seconds: [], sendMs: 0, outages: [] };
  const outcome = {
    report: { result: { traffic }, options: { scenario: { connections: 4 } } },
    done: [
      { action: { kind: "kill", instance: 1, atMs: 0 }, atMs: 1_000 },
      { action: { kind: "restart", instance: 1, atMs: 0 }, atMs: 6_000 },
    ],
    curve: [{ atMs: 500, open: 4 }, { atMs: 1_250, open: 2 }, { atMs: 6_500, open: 3 }, {
      atMs: 7_000,
      open: 4,
    }],
    membership: [seen(500, 2, 2), seen(1_500, 2, 1), seen(4_500, 1, 1), seen(6_100, 2, 1), seen(7_500, 2, 2)],
  } as unknown as DrillOutcome;
  const { detectedAfterMs, rejoinedAfterMs, allBackAfterMs } = drillNumbers(outcome, 2);
  assert.deepEqual([detectedAfterMs, rejoinedAfterMs, allBackAfterMs], [3_500, 1_500, 6_000]);
});
