import assert from "node:assert/strict";
import { pushPrefix } from "../protocol/json_codec.ts";
import { FanOut, type FanOutChannel, type Timer } from "./fan_out.ts";
import { Publication, type Subscriber } from "./publication.ts";

/** A channel whose subscribers note what they get, a clock and a timer that the test moves. */
class Bench {
  readonly got: string[] = [];
  readonly channel: FanOutChannel;
  readonly fanOut: FanOut;
  nowMs = 1_000;
  timers: { callback: () => void; delayMs: number }[] = [];

  constructor(subscribers: number, pressedSendsPerSec = -1) {
    const first: Subscriber = { onPublication: ({ data }) => this.got.push(data) };
    const others = Array.from({ length: subscribers - 1 }, (): Subscriber => ({ onPublication: () => {} }));
    this.channel = {
      subscribers: new Set([first, ...others]),
      held: undefined,
      heldBytes: 0,
      restsUntilMs: 0,
    };
    const clock = { wallMs: () => 0, monotonicMs: () => this.nowMs };
    const timer: Timer = (callback, delayMs) => this.timers.push({ callback, delayMs });
    this.fanOut = new FanOut(clock, timer, {
      largeChannel: 128,
      pressedSendsPerSec,
      restPerSubscriberMs: 0.008,
      maxRestMs: 10,
      maxHeldBytes: 64 * 1024,
    });
  }

  publish(data: string): void {
    const envelope = { data, fields: "" };
    this.fanOut.deliver(this.channel, new Publication("c", pushPrefix("c"), envelope));
  }

  wake(afterMs: number): void {
    this.nowMs += afterMs;
    for (const { callback } of this.timers.splice(0)) callback();
  }
}

Deno.test("FanOut serves a small channel at once, however fast it is", () => {
  const bench = new Bench(10);
  for (const data of ["1", "2", "3"]) bench.publish(data);
  assert.deepEqual([bench.got, bench.timers.length], [["1", "2", "3"], 0]);
});

Deno.test("FanOut serves a quiet large channel at once", () => {
  const bench = new Bench(500);
  for (const data of ["1", "2", "3"]) {
    bench.publish(data);
    bench.nowMs += 5;
  }
  assert.deepEqual([bench.got, bench.timers.length], [["1", "2", "3"], 0]);
});

Deno.test("FanOut holds what a large channel gets while it rests, and delivers it in order with one timer", () => {
  const bench = new Bench(500);
  for (const data of ["1", "2", "3"]) bench.publish(data);
  assert.deepEqual([bench.got, bench.timers.length], [["1"], 1]);
  assert.ok((bench.timers[0]?.delayMs ?? 0) <= 10);
  bench.wake(4);
  assert.deepEqual(bench.got, ["1", "2", "3"]);
  bench.publish("4");
  assert.deepEqual(bench.got, ["1", "2", "3"]);
  bench.wake(4);
  assert.deepEqual(bench.got, ["1", "2", "3", "4"]);
});

Deno.test("FanOut holds no more than its bound in bytes", () => {
  const bench = new Bench(500);
  bench.publish("1");
  const large = `"${"x".repeat(40_000)}"`;
  bench.publish(large);
  assert.equal(bench.got.length, 1);
  bench.publish(large);
  assert.equal(bench.got.length, 3);
  bench.wake(10);
  assert.equal(bench.got.length, 3);
});

Deno.test("FanOut keeps the order when a channel shrinks while it holds something", () => {
  const bench = new Bench(500);
  bench.publish("1");
  bench.publish("2");
  const [first] = bench.channel.subscribers;
  const shrunk = Object.assign(bench.channel, { subscribers: new Set(first === undefined ? [] : [first]) });
  bench.fanOut.deliver(shrunk, new Publication("c", pushPrefix("c"), { data: "3", fields: "" }));
  bench.wake(10);
  assert.deepEqual(bench.got, ["1", "2", "3"]);
});

Deno.test("FanOut wakes again for a channel that rests longer than the first", () => {
  const bench = new Bench(500);
  bench.publish("1");
  bench.publish("2");
  bench.channel.restsUntilMs += 5;
  bench.wake(4);
  assert.deepEqual([bench.got, bench.timers.length], [["1"], 1]);
  bench.wake(6);
  assert.deepEqual(bench.got, ["1", "2"]);
});

Deno.test("FanOut lets nobody rest on a node that is not pressed, and does once it is", () => {
  const bench = new Bench(500, 150_000);
  for (let i = 0; i < 40; i++) {
    bench.publish("x");
    bench.nowMs += 5;
  }
  assert.deepEqual([bench.got.length, bench.timers.length], [40, 0]);
  for (let i = 0; i < 300; i++) {
    bench.publish("x");
    bench.nowMs += 0.5;
  }
  assert.ok(bench.timers.length > 0, "held something at 1,000,000 sends/s");
});
