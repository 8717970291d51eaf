import assert from "node:assert/strict";
import { Fifo } from "./fifo.ts";

Deno.test("Fifo.shift() gives items back in order over many pushes and shifts", () => {
  const fifo = new Fifo<number>();
  let pushed = 0;
  let shifted = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 300; i++) fifo.push(pushed++);
    for (let i = 0; i < 250; i++) assert.equal(fifo.shift(), shifted++);
  }
  assert.equal(fifo.size, pushed - shifted);
  while (fifo.size > 0) assert.equal(fifo.shift(), shifted++);
  assert.equal(shifted, pushed);
});

Deno.test("Fifo.peek() and shift() say undefined when it is empty", () => {
  const fifo = new Fifo<string>();
  assert.equal(fifo.peek(), undefined);
  assert.equal(fifo.shift(), undefined);
  fifo.push("a");
  assert.equal(fifo.peek(), "a");
  assert.equal(fifo.shift(), "a");
  assert.equal(fifo.shift(), undefined);
  assert.equal(fifo.size, 0);
});
