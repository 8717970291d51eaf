import assert from "node:assert/strict";
import { begin, decide, defaultPolicy as policy, type NodeEvent, type NodeState } from "./lifecycle.ts";

const exited: NodeEvent = { event: "exited", willNeverRun: false };
const at = (nowMs: number, random = 0) => ({ nowMs, random, policy });
const starting: NodeState = { state: "starting", sinceMs: 0, crashesMs: [] };
const ready: NodeState = { state: "ready", sinceMs: 1_000, crashesMs: [100] };

Deno.test("begin() spawns and limits the start", () => {
  assert.deepEqual(begin(at(5)), {
    state: { state: "starting", sinceMs: 5, crashesMs: [] },
    effects: [{ effect: "spawn" }, { effect: "wake", afterMs: 30_000 }],
  });
});

Deno.test("decide() makes a starting node ready when it answers so", () => {
  const { state } = decide(starting, { event: "readied" }, at(700));
  assert.deepEqual(state, { state: "ready", sinceMs: 700, crashesMs: [] });
});

Deno.test("decide() kills a starting node that gives no answer in time", () => {
  const { effects } = decide(starting, { event: "woke", isAnswering: false }, at(30_000));
  assert.deepEqual(effects, [{ effect: "signal", signal: "SIGKILL" }]);
});

Deno.test("decide() lets a starting node wait that answers but is not ready", () => {
  const { state, effects } = decide(starting, { event: "woke", isAnswering: true }, at(30_000));
  assert.deepEqual(state, starting);
  assert.deepEqual(effects, [{ effect: "wake", afterMs: 30_000 }]);
});

Deno.test("decide() gives up at once on a node that says it will never run", () => {
  const { state } = decide(starting, { event: "exited", willNeverRun: true }, at(1));
  assert.deepEqual(state, { state: "stopped", cause: "refused" });
});

Deno.test("decide() doubles the wait with each crash up to 10 s, and takes off at most a fifth", () => {
  const waits = [0, 1, 2, 5, 6, 31].map((crashes) => {
    // Old enough not to be a loop.
    const crashesMs = Array.from({ length: crashes }, () => 0);
    const { state } = decide({ state: "starting", sinceMs: 0, crashesMs }, exited, at(100_000));
    return state.state === "backoff" ? state.waitMs : state;
  });
  assert.deepEqual(waits, [250, 500, 1_000, 8_000, 10_000, 10_000]);
  const { effects } = decide(starting, exited, at(1, 1));
  assert.deepEqual(effects, [{ effect: "wake", afterMs: 200 }]);
});

Deno.test("decide() keeps a bounded list of crashes", () => {
  const crashesMs = Array.from({ length: 32 }, () => 0);
  const { state } = decide({ state: "starting", sinceMs: 0, crashesMs }, exited, at(100_000));
  assert.equal(state.state === "backoff" && state.crashesMs.length, 32);
});

Deno.test("decide() gives up on the fifth crash within 60 s, not on the fifth in 61 s", () => {
  const looping: NodeState = { state: "starting", sinceMs: 0, crashesMs: [0, 1, 2, 3] };
  assert.deepEqual(decide(looping, exited, at(60_000)).state, { state: "stopped", cause: "looping" });
  assert.equal(decide(looping, exited, at(60_001)).state.state, "backoff");
});

Deno.test("decide() forgets earlier crashes of a node that was ready for 30 s", () => {
  const early = decide(ready, exited, at(30_999)).state;
  assert.deepEqual(early, { state: "backoff", waitMs: 500, crashesMs: [100, 30_999] });
  const steady = decide(ready, exited, at(31_000)).state;
  assert.deepEqual(steady, { state: "backoff", waitMs: 250, crashesMs: [31_000] });
});

Deno.test("decide() spawns after the wait", () => {
  const backoff: NodeState = { state: "backoff", waitMs: 250, crashesMs: [1] };
  const { state, effects } = decide(backoff, { event: "woke", isAnswering: false }, at(251));
  assert.deepEqual(state, { state: "starting", sinceMs: 251, crashesMs: [1] });
  assert.deepEqual(effects[0], { effect: "spawn" });
});

Deno.test("decide() drains with SIGTERM, and kills what has not ended in 45 s", () => {
  const draining = decide(ready, { event: "drain", purpose: "end" }, at(2_000));
  assert.deepEqual(draining.effects, [
    { effect: "signal", signal: "SIGTERM" },
    { effect: "wake", afterMs: 45_000 },
  ]);
  const late = decide(draining.state, { event: "woke", isAnswering: true }, at(47_000));
  assert.deepEqual(late.effects, [{ effect: "signal", signal: "SIGKILL" }]);
  assert.deepEqual(decide(draining.state, exited, at(3_000)).state, { state: "stopped", cause: "ended" });
});

Deno.test("decide() starts a drained node again at once when it was to be replaced", () => {
  const { state } = decide(ready, { event: "drain", purpose: "replace" }, at(40_000));
  const after = decide(state, exited, at(41_000));
  assert.deepEqual(after.effects[0], { effect: "spawn" });
});

Deno.test("decide() counts a replacement right after the start as a crash", () => {
  const { state } = decide(ready, { event: "drain", purpose: "replace" }, at(5_000));
  const after = decide(state, exited, at(6_000));
  assert.deepEqual(after.state, { state: "backoff", waitMs: 500, crashesMs: [100, 6_000] });
});

Deno.test("decide() turns a replacement into an end without a second SIGTERM", () => {
  const replacing = decide(ready, { event: "drain", purpose: "replace" }, at(40_000)).state;
  const ending = decide(replacing, { event: "drain", purpose: "end" }, at(41_000));
  assert.deepEqual(ending.effects, [{ effect: "wake", afterMs: 45_000 }]);
  assert.equal(decide(ending.state, exited, at(42_000)).state.state, "stopped");
});

Deno.test("decide() ends a waiting node without a process", () => {
  const backoff: NodeState = { state: "backoff", waitMs: 250, crashesMs: [1] };
  const { state, effects } = decide(backoff, { event: "drain", purpose: "end" }, at(2));
  assert.deepEqual(state, { state: "stopped", cause: "ended" });
  assert.deepEqual(effects, []);
});

Deno.test("decide() kills in every state that has a process", () => {
  const draining: NodeState = { state: "draining", purpose: "replace", isEarly: false, crashesMs: [] };
  for (const state of [starting, ready, draining]) {
    const killed = decide(state, { event: "kill" }, at(1));
    assert.deepEqual(killed.effects, [{ effect: "signal", signal: "SIGKILL" }]);
    assert.deepEqual(decide(killed.state, exited, at(2)).state, { state: "stopped", cause: "ended" });
  }
});
