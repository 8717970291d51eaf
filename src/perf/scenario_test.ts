import assert from "node:assert/strict";
import { presets, resolveScenario } from "./scenario.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("presets fix connections, total and rate", () => {
  const shape = Object.values(presets).map((
    { name, connections, messages, perSec },
  ) => [name, connections, messages, perSec]);
  assert.deepEqual(shape, [
    ["light", 10, 1_000, 200],
    ["medium", 100, 10_000, 1_000],
    ["heavy", 500, 50_000, 2_500],
    ["stress", 1_000, 500_000, 10_000],
  ]);
});

Deno.test("resolveScenario() makes the total from rate and duration", () => {
  assert.equal(resolveScenario("light", { perSec: 300, durationMs: 2_000 }).messages, 600);
});

Deno.test("resolveScenario() refuses unknown names, contradictions and what one process cannot hold", () => {
  assert.throws(() => resolveScenario("huge"), /Unknown scenario "huge": choose one of light, medium/);
  assert.throws(() => resolveScenario("light", { messages: 5, durationMs: 1_000 }), UsageError);
  assert.throws(() => resolveScenario("light", { connections: 100_000 }), UsageError);
  assert.throws(() => resolveScenario("light", { payloadBytes: 1_000_000 }), UsageError);
});
