import assert from "node:assert/strict";
import { MAX_FRAME_BYTES } from "./frame.ts";
import { Outbox } from "./outbox.ts";

/** A sink whose writes end when the test says so, after `acceptBytes` of each. */
function slowSink(acceptBytes = Infinity) {
  const writes: number[] = [];
  let release: (error?: Error) => void = () => {};
  const write = (bytes: Uint8Array) => {
    writes.push(bytes.length);
    return new Promise<number>((resolve, reject) => {
      release = (error) => error ? reject(error) : resolve(Math.min(bytes.length, acceptBytes));
    });
  };
  return { writes, sink: { write }, release: (error?: Error) => release(error) };
}

async function microtasks(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function outboxOf(maxBytes = 1 << 20) {
  const broken: unknown[] = [];
  return { broken, outbox: new Outbox({ maxBytes, onBroken: (cause) => void broken.push(cause) }) };
}

Deno.test("send() lets the frames of one tick, and those of one write, leave in one write each", async () => {
  const { outbox } = outboxOf();
  const { writes, sink, release } = slowSink();
  outbox.start(sink);
  for (let i = 0; i < 10; i++) outbox.send(4, 0, "room", "1");
  assert.deepEqual(writes, []);
  await microtasks();
  for (let i = 0; i < 5; i++) outbox.send(4, 0, "room", "1");
  release();
  await microtasks();
  assert.deepEqual(writes, [180, 90]);
  release();
  await microtasks();
  assert.equal(outbox.bytes, 0);
});

Deno.test("send() writes the rest again when the sink took a part", async () => {
  const { outbox } = outboxOf();
  const { writes, sink, release } = slowSink(100);
  outbox.start(sink);
  for (let i = 0; i < 10; i++) outbox.send(4, 0, "room", "1");
  for (let i = 0; i < 2; i++) {
    await microtasks();
    release();
  }
  await microtasks();
  assert.deepEqual(writes, [180, 80]);
});

Deno.test("send() and forward() refuse what the bound does not hold, bytes being written counted", async () => {
  const { outbox } = outboxOf(200);
  const { sink, release } = slowSink();
  outbox.start(sink);
  assert.equal(outbox.send(4, 0, "", "x".repeat(87)), true);
  await microtasks();
  assert.equal(outbox.send(4, 0, "", "x".repeat(88)), false);
  assert.equal(outbox.forward(new Uint8Array(101), 0, 101), false);
  assert.equal(outbox.bytes, 100);
  assert.equal(outbox.forward(new Uint8Array(100), 0, 100), true);
  release();
  await microtasks();
  assert.equal(outbox.bytes, 100);
  assert.equal(outbox.send(4, 0, "", "é".repeat(44)), false);
});

Deno.test("send() refuses a frame over the limit of a frame", () => {
  const { outbox } = outboxOf(1 << 26);
  assert.equal(outbox.send(4, 0, "", "x".repeat(MAX_FRAME_BYTES)), false);
  assert.equal(outbox.send(4, 0, "", "é".repeat(MAX_FRAME_BYTES / 2)), false);
  assert.equal(outbox.bytes, 0);
});

Deno.test("send() tells onBroken once and writes no more when the sink breaks", async () => {
  const { outbox, broken } = outboxOf();
  const { writes, sink, release } = slowSink();
  outbox.start(sink);
  outbox.send(4, 0, "room", "1");
  await microtasks();
  release(new Error("reset"));
  await microtasks();
  outbox.send(4, 0, "room", "2");
  await microtasks();
  assert.equal(broken.length, 1);
  assert.equal(writes.length, 1);
});
