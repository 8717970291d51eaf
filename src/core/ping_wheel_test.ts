import assert from "node:assert/strict";
import { PingWheel } from "./ping_wheel.ts";

const options = { intervalMs: 1_000, pongTimeoutMs: 300, tickMs: 100 };

function turns(wheel: PingWheel<{ isPongDue: boolean }>, fromMs: number, toMs: number) {
  const pinged: number[] = [];
  let overdue = 0;
  for (let now = fromMs; now <= toMs; now += 100) {
    const turn = wheel.turn(now);
    for (const item of turn.ping) item.isPongDue = true;
    if (turn.ping.length > 0) pinged.push(now);
    overdue += turn.overdue.length;
  }
  return { pinged, overdue };
}

Deno.test("PingWheel pings once per interval", () => {
  const wheel = new PingWheel(options, 0);
  const item = { isPongDue: false };
  wheel.add(item);
  const { pinged } = turns(wheel, 100, 1_100);
  assert.equal(pinged.length, 1);
  item.isPongDue = false;
  assert.deepEqual(turns(wheel, 1_200, 2_200).pinged, [(pinged[0] ?? 0) + 1_000]);
});

Deno.test("PingWheel spreads connections that came together", () => {
  const wheel = new PingWheel(options, 0);
  for (let i = 0; i < 10; i++) wheel.add({ isPongDue: false });
  assert.equal(turns(wheel, 100, 1_000).pinged.length, 10);
});

Deno.test("PingWheel reports who has not answered within the timeout, and nobody sooner", () => {
  const wheel = new PingWheel(options, 0);
  wheel.add({ isPongDue: false });
  const { pinged } = turns(wheel, 100, 1_000);
  const pingedMs = pinged[0] ?? 0;
  assert.equal(turns(wheel, 1_100, pingedMs + 200).overdue, 0);
  assert.equal(turns(wheel, Math.max(1_100, pingedMs + 300), pingedMs + 1_300).overdue > 0, true);
});

Deno.test("PingWheel accuses nobody right after a stall: the pongs may lie unread", () => {
  const wheel = new PingWheel(options, 0);
  const item = { isPongDue: true };
  wheel.add(item);
  assert.deepEqual(wheel.turn(30_000).overdue, []);
  assert.deepEqual(turns(wheel, 30_100, 30_200).overdue, 0);
});

Deno.test("PingWheel.remove() forgets", () => {
  const wheel = new PingWheel(options, 0);
  const item = { isPongDue: false };
  wheel.remove(item, wheel.add(item));
  assert.deepEqual(turns(wheel, 100, 2_000).pinged, []);
});
