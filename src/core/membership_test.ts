import assert from "node:assert/strict";
import { type NodeId, parseNodeId } from "./ids.ts";
import {
  initialMembership,
  judge,
  type Look,
  membershipOptions,
  type MembershipState,
} from "./membership.ts";

const options = membershipOptions(2_500, 5_000);
const other = parseNodeId("bbbbbbbbbbbbb");
const third = parseNodeId("ccccccccccccc");

function look(
  atMs: number,
  suspects: [NodeId, beatMs: number, hasListener: boolean][] = [],
  more: Partial<Look> = {},
): Look {
  return {
    monotonicMs: atMs,
    backendMs: 1_000_000 + atMs,
    generation: "g1",
    nodeCount: 3,
    suspects: suspects.map(([node, beatMs, hasListener]) => ({
      node,
      beatMs: 1_000_000 + beatMs,
      hasListener,
    })),
    ...more,
  };
}

/** A judge that has beaten once a second for `ms` without seeing anything odd. */
function seasoned(ms = 10_000): MembershipState {
  let state = initialMembership;
  for (let at = 0; at <= ms; at += 1_000) state = judge(state, look(at), options).state;
  return state;
}

Deno.test("judge() condemns a node that is silent past deadAfterMs, with the beat it was condemned for", () => {
  const { dead } = judge(seasoned(), look(11_000, [[other, 5_999, true]]), options);
  assert.deepEqual(dead, [{ node: other, beatMs: 1_005_999 }]);
});

Deno.test("judge() leaves a node alone that is silent for less and still listens", () => {
  assert.deepEqual(judge(seasoned(), look(11_000, [[other, 6_001, true]]), options).dead, []);
});

Deno.test("judge() condemns a silent node without a listener at the second look only", () => {
  const first = judge(seasoned(), look(11_000, [[other, 8_000, false]]), options);
  assert.deepEqual(first.dead, []);
  const second = judge(first.state, look(12_000, [[other, 8_000, false]]), options);
  assert.deepEqual(second.dead.map(({ node }) => node), [other]);
});

Deno.test("judge() starts the looks over when the listener came back in between", () => {
  const first = judge(seasoned(), look(11_000, [[other, 8_000, false]]), options);
  const back = judge(first.state, look(11_400, [[other, 8_000, true]]), options);
  assert.deepEqual(judge(back.state, look(12_000, [[other, 8_000, false]]), options).dead, []);
});

Deno.test("judge() says nothing before it has beaten without a gap for streakMs", () => {
  const young = seasoned(3_000);
  assert.deepEqual(judge(young, look(4_000, [[other, -9_000, false]]), options).dead, []);
  const gap = judge(seasoned(), look(14_000, [[other, 1_000, false]]), options);
  assert.deepEqual(gap.dead, []);
});

Deno.test("judge() pauses for pauseMs after another generation answered", () => {
  const changed = judge(seasoned(), look(11_000, [[other, 1_000, false]], { generation: "g2" }), options);
  assert.deepEqual(changed.dead, []);
  let state = changed.state;
  const verdicts: number[] = [];
  for (let at = 12_000; at <= 22_000; at += 1_000) {
    const next = judge(state, look(at, [[other, 1_000, false]], { generation: "g2" }), options);
    state = next.state;
    if (next.dead.length > 0) verdicts.push(at);
  }
  assert.deepEqual(verdicts, [21_000, 22_000]);
});

Deno.test("judge() pauses when the backend's clock steps against ours", () => {
  const stepped = judge(
    seasoned(),
    look(11_000, [[other, 1_000, false]], { backendMs: 1_000_000 + 13_000 }),
    options,
  );
  assert.deepEqual(stepped.dead, []);
  assert.equal(stepped.state.pausedUntilMs, 21_000);
});

Deno.test("judge() doubts itself once when most nodes look dead at once, then believes it", () => {
  const suspects: [NodeId, number, boolean][] = [[other, 1_000, false], [third, 1_000, false]];
  let { state, dead } = judge(seasoned(), look(11_000, suspects), options);
  assert.deepEqual(dead, []);
  for (let at = 12_000; at < 21_000; at += 1_000) {
    ({ state, dead } = judge(state, look(at, suspects), options));
    assert.deepEqual(dead, [], `at ${at}`);
  }
  ({ dead } = judge(state, look(21_000, suspects), options));
  assert.deepEqual(dead.map(({ node }) => node), [other, third]);
});
