import assert from "node:assert/strict";
import { presets } from "./presets.ts";
import { resolveScenario } from "./resolve_scenario.ts";
import { UsageError } from "../usage_error.ts";

Deno.test("presets fix connections, total and rate", () => {
  const shape = Object.values(presets).map((
    { name, connections, messages, perSec },
  ) => [name, connections, messages, perSec]);
  assert.deepEqual(shape, [
    ["light", 10, 1_000, 200],
    ["medium", 100, 10_000, 1_000],
    ["heavy", 500, 50_000, 2_500],
    ["stress", 1_000, 500_000, 10_000],
    ["xl", 100_000, 100_000, 3_333],
  ]);
});

Deno.test("resolveScenario() makes the total from rate and duration", () => {
  assert.equal(resolveScenario("light", { perSec: 300, durationMs: 2_000 }).messages, 600);
});

Deno.test("resolveScenario() refuses unknown names, contradictions and what no run can hold", () => {
  assert.throws(() => resolveScenario("huge"), /Unknown scenario "huge": choose one of light, medium/);
  assert.throws(() => resolveScenario("light", { messages: 5, durationMs: 1_000 }), UsageError);
  assert.throws(() => resolveScenario("light", { connections: 10_000_000 }), UsageError);
  assert.throws(() => resolveScenario("light", { model: "closed", pattern: { kind: "direct" } }), UsageError);
});

Deno.test("resolveScenario() adds up the messages of stages", () => {
  const stages = [{ durationMs: 2_000, perSec: 300 }, { durationMs: 1_000, perSec: 300 }];
  const { messages, durationMs } = resolveScenario("light", { perSec: 100, stages });
  assert.deepEqual([messages, durationMs], [700, 3_000]);
});
