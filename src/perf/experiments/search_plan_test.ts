import assert from "node:assert/strict";
import {
  nextProbe,
  type Probe,
  type ProbeAnswer,
  type SearchPlan,
  type SearchResult,
} from "./search_plan.ts";

const plan: SearchPlan = {
  start: 500,
  min: 10,
  max: 100_000,
  factor: 2,
  precision: 0.05,
  confirmations: 3,
  round: Math.round,
};

function search(answer: (load: number, at: number) => ProbeAnswer, changes: Partial<SearchPlan> = {}) {
  const probes: Probe[] = [];
  for (;;) {
    const step = nextProbe(probes, { ...plan, ...changes });
    if (step.kind === "done") return { probes, result: step.result };
    probes.push({ load: step.load, answer: answer(step.load, probes.length) });
  }
}

function within(result: SearchResult, truth: number): boolean {
  return result.held !== undefined && result.held <= truth && result.held >= truth / 1.06;
}

Deno.test("nextProbe() finds a limit above and below the start within 5 %, and confirms it three times", () => {
  for (const truth of [37, 480, 501, 3_210, 70_000]) {
    const { probes, result } = search((load) => load <= truth ? "held" : "broken");
    assert.ok(within(result, truth), `${truth}: ${JSON.stringify(result)}`);
    assert.ok(result.broken !== undefined && result.broken > truth);
    assert.deepEqual([result.endedBy, result.confirmations], ["broken", 3]);
    assert.ok(probes.length < 25, `${probes.length} probes`);
  }
});

Deno.test("nextProbe() goes down again when a load that held once breaks at its confirmation", () => {
  const tries = new Map<number, number>();
  const { result } = search((load) => {
    const times = (tries.get(load) ?? 0) + 1;
    tries.set(load, times);
    if (load > 2_000) return "broken";
    return load > 1_500 && times > 1 ? "broken" : "held";
  });
  assert.ok(within(result, 1_500), JSON.stringify(result));
});

Deno.test("nextProbe() says so when the bound holds, and when not even the smallest does", () => {
  const open = search(() => "held", { max: 3_000 }).result;
  assert.deepEqual([open.held, open.broken, open.endedBy], [3_000, undefined, "max"]);
  const none = search(() => "broken").result;
  assert.deepEqual([none.held, none.broken, none.endedBy], [undefined, 10, "min"]);
});

Deno.test("nextProbe() does not take the generator's limit for the server's", () => {
  const { result } = search((load) => load <= 4_000 ? "held" : "unknown");
  assert.ok(within(result, 4_000), JSON.stringify(result));
  assert.deepEqual([result.broken, result.endedBy], [undefined, "generator"]);
});

Deno.test("nextProbe() tries a load again that was unknown once", () => {
  const { result } = search((load, at) => at === 2 ? "unknown" : load <= 4_000 ? "held" : "broken");
  assert.ok(within(result, 4_000), JSON.stringify(result));
  assert.equal(result.endedBy, "broken");
});

Deno.test("nextProbe() comes to an end whatever the answers are", () => {
  let state = 1;
  const { probes } = search(() => {
    state = state * 48_271 % 2_147_483_647;
    return (["held", "broken", "unknown"] as const)[state % 3] ?? "held";
  });
  assert.ok(probes.length <= 60);
});
