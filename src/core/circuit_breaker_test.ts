import assert from "node:assert/strict";
import { admit, type BreakerState, closedBreaker, failed, succeeded } from "./circuit_breaker.ts";

const options = { maxFailures: 3, openMs: 1_000 };

function afterFailures(count: number, nowMs: number): BreakerState {
  let state = closedBreaker;
  for (let n = 0; n < count; n++) state = failed(state, nowMs, options);
  return state;
}

Deno.test("failed() opens the circuit at maxFailures in a row, succeeded() starts the count anew", () => {
  assert.equal(afterFailures(2, 0).state, "closed");
  assert.deepEqual(afterFailures(3, 50), { state: "open", untilMs: 1_050 });
  assert.deepEqual(succeeded(), closedBreaker);
});

Deno.test("admit() lets nobody through an open circuit before its time, then one alone", () => {
  const open = afterFailures(3, 0);
  assert.equal(admit(open, 999, options).isAdmitted, false);
  const probe = admit(open, 1_000, options);
  assert.equal(probe.isAdmitted, true);
  assert.equal(admit(probe.state, 1_500, options).isAdmitted, false);
});

Deno.test("failed() opens again after a probe that failed, whatever the count", () => {
  const { state } = admit(afterFailures(3, 0), 1_000, options);
  assert.deepEqual(failed(state, 1_200, options), { state: "open", untilMs: 2_200 });
});

Deno.test("admit() sends another probe when the last was never heard of again", () => {
  const { state } = admit(afterFailures(3, 0), 1_000, options);
  assert.equal(admit(state, 2_000, options).isAdmitted, true);
});

Deno.test("failed() leaves an open circuit as it is when calls from before it fail late", () => {
  const open = afterFailures(3, 0);
  assert.equal(failed(open, 900, options), open);
});
