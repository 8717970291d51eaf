import assert from "node:assert/strict";
import { NoSlotError, Slots } from "./slots.ts";

const { signal } = new AbortController();

Deno.test("Slots.take() gives so many turns at once, then one for each that is given back, in order", async () => {
  const slots = new Slots(1, 2);
  const order: number[] = [];
  await slots.take(signal);
  const waiting = [1, 2].map((n) => slots.take(signal).then(() => order.push(n)));
  await assert.rejects(slots.take(signal), NoSlotError);
  slots.giveBack();
  await waiting[0];
  assert.deepEqual(order, [1]);
  slots.giveBack();
  await waiting[1];
  slots.giveBack();
  await slots.take(signal);
  assert.deepEqual(order, [1, 2]);
});

Deno.test("Slots.take() lets go of whoever aborts, and wastes no turn on it", async () => {
  const slots = new Slots(1, 2);
  await slots.take(signal);
  const controller = new AbortController();
  const gone = slots.take(controller.signal);
  const next = slots.take(signal);
  controller.abort();
  await assert.rejects(gone, NoSlotError);
  slots.giveBack();
  await next;
});
