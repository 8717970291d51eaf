import assert from "node:assert/strict";
import { WindowGate } from "./window_gate.ts";

function gateWith(window: number, hasLeft = true) {
  const sent: number[] = [];
  const gate = new WindowGate(2, window, (index) => {
    sent.push(index);
    return hasLeft;
  });
  return { gate, sent };
}

Deno.test("WindowGate release() sends at once on connections in turn without a window", () => {
  const { gate, sent } = gateWith(0);
  for (let i = 0; i < 5; i++) gate.release();
  assert.deepEqual(sent, [0, 1, 2, 3, 4]);
});

Deno.test("WindowGate holds the messages of a connection that has its window full, until an answer", () => {
  const { gate, sent } = gateWith(1);
  for (let i = 0; i < 5; i++) gate.release();
  assert.deepEqual([sent, gate.held], [[0, 1], 3]);
  gate.answered(0);
  assert.deepEqual(sent, [0, 1, 2]);
});

Deno.test("WindowGate takeHeld() hands over what was never sent", () => {
  const { gate } = gateWith(1);
  for (let i = 0; i < 5; i++) gate.release();
  assert.deepEqual(gate.takeHeld(), [2, 4, 3]);
  assert.equal(gate.held, 0);
});

Deno.test("WindowGate does not wait for messages that could not leave", () => {
  const { gate, sent } = gateWith(1, false);
  for (let i = 0; i < 4; i++) gate.release();
  assert.deepEqual([sent, gate.held], [[0, 1, 2, 3], 0]);
});
