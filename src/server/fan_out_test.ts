import assert from "node:assert/strict";
import { pushPrefix } from "../protocol/json_codec.ts";
import { FanOut, type FanOutChannel, fanOutOptions, type Timer } from "./fan_out.ts";
import { Publication, type PublicationBatch, type Subscriber } from "./publication.ts";

/** A channel whose subscribers note what they get, a clock and a timer that the test moves. */
class Bench {
  readonly got: string[] = [];
  readonly channel: FanOutChannel;
  readonly fanOut: FanOut;
  nowMs = 1_000;
  timers: { callback: () => void; delayMs: number }[] = [];

  constructor(subscribers: number, pressedSendsPerSec = -1, gatherMs = 0) {
    const onPublication = ({ data }: Publication) => this.got.push(data);
    const onBatch = ({ publications }: PublicationBatch) => publications.forEach(onPublication);
    const first: Subscriber = { onPublication, onBatch };
    const ignore = () => {};
    const others = Array.from(
      { length: subscribers - 1 },
      () => ({ onPublication: ignore, onBatch: ignore }),
    );
    this.channel = {
      subscribers: new Set([first, ...others]),
      held: undefined,
      restsUntilMs: 0,
    };
    const clock = { wallMs: () => 0, monotonicMs: () => this.nowMs };
    const timer: Timer = (callback, delayMs) => this.timers.push({ callback, delayMs });
    const options = {
      ...fanOutOptions(1024 * 1024),
      pressedSendsPerSec,
      gatherMs,
      restPerSubscriberMs: 0.008,
      maxRestMs: 10,
      maxHeldBytes: 200_000,
    };
    this.fanOut = new FanOut(clock, options, timer);
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
  bench.wake(5);
  assert.deepEqual(bench.got, ["1", "2", "3"]);
  bench.publish("4");
  assert.deepEqual(bench.got, ["1", "2", "3"]);
  bench.wake(5);
  assert.deepEqual(bench.got, ["1", "2", "3", "4"]);
});

Deno.test("FanOut waits a moment for the rest of a burst before a channel that has rested is served", () => {
  const bench = new Bench(500, -1, 2);
  for (const data of ["1", "2"]) bench.publish(data);
  assert.deepEqual([bench.got, bench.timers.map(({ delayMs }) => delayMs)], [[], [2]]);
  bench.wake(2);
  assert.deepEqual(bench.got, ["1", "2"]);
});

Deno.test("FanOut sends a burst in pieces, with a rest behind each", () => {
  const bench = new Bench(500);
  bench.publish("1");
  for (let i = 0; i < 3; i++) bench.publish(`"${"x".repeat(40_000)}"`);
  assert.equal(bench.got.length, 1);
  for (const count of [2, 3, 4]) {
    bench.wake(10);
    assert.equal(bench.got.length, count, "two of them are more than a piece");
  }
  bench.wake(10);
  assert.deepEqual([bench.got.length, bench.timers.length], [4, 0]);
});

Deno.test("FanOut lets a channel rest the longer the more its last piece was", () => {
  const bench = new Bench(500);
  bench.publish("1");
  const shortMs = bench.channel.restsUntilMs - bench.nowMs;
  bench.nowMs += 10;
  bench.publish(`"${"x".repeat(20_000)}"`);
  const longMs = bench.channel.restsUntilMs - bench.nowMs;
  assert.ok(shortMs >= 4 && longMs > shortMs + 4 && longMs <= 10, `${shortMs} and ${longMs} ms`);
});

Deno.test("FanOut wakes a channel whose rest ends sooner than that of the one that held something first", () => {
  const bench = new Bench(500);
  const large = new Bench(1_000).channel;
  const publication = new Publication("c", pushPrefix("c"), { data: "0", fields: "" });
  bench.fanOut.deliver(large, publication);
  bench.fanOut.deliver(large, publication);
  bench.publish("1");
  bench.publish("2");
  assert.equal(bench.timers.length, 2);
  const [late] = bench.timers.splice(0, 1);
  bench.wake(5);
  assert.deepEqual([bench.got, bench.timers.length], [["1", "2"], 1]);
  late?.callback();
  assert.equal(bench.timers.length, 1, "an earlier timer sets no further one");
  bench.wake(5);
  assert.equal(large.held, undefined);
});

Deno.test("FanOut holds no more than its bound in bytes, over all channels", () => {
  const bench = new Bench(500);
  const other = new Bench(500).channel;
  const large = { data: `"${"x".repeat(60_000)}"`, fields: "" };
  const publishTo = (channel: FanOutChannel) =>
    bench.fanOut.deliver(channel, new Publication("c", pushPrefix("c"), large));
  publishTo(other);
  bench.publish("1");
  publishTo(other);
  publishTo(other);
  publishTo(bench.channel);
  assert.equal(bench.got.length, 1, "180,000 bytes are held");
  publishTo(bench.channel);
  assert.equal(bench.got.length, 2, "of whoever brings too much the oldest leaves at once");
  assert.deepEqual([bench.channel.held?.length, other.held?.length], [1, 2]);
});

Deno.test("FanOut lets only the oldest go when a channel brings more than may be held", () => {
  const bench = new Bench(500);
  bench.publish("1");
  const large = `"${"x".repeat(45_000)}"`;
  for (let i = 0; i < 4; i++) bench.publish(large);
  assert.equal(bench.got.length, 1, "180,000 bytes are held");
  bench.publish(large);
  assert.equal(bench.got.length, 2, "all at once would be more than may wait for a connection");
  for (const count of [3, 4, 5, 6]) {
    bench.wake(10);
    assert.equal(bench.got.length, count);
  }
  assert.deepEqual([bench.channel.held, bench.timers.length], [undefined, 0]);
});

Deno.test("FanOut puts what a subscriber publishes during a release behind what is being released", () => {
  const bench = new Bench(500);
  const others = bench.channel.subscribers as Set<Subscriber>;
  const eager = { onPublication() {}, onBatch: () => void bench.publish("late") };
  const subscribers = new Set([eager, ...others]);
  Object.assign(bench.channel, { subscribers });
  bench.publish("1");
  bench.publish("2");
  bench.wake(10);
  assert.deepEqual(bench.got, ["1", "2"]);
  subscribers.delete(eager);
  bench.wake(10);
  assert.deepEqual(bench.got, ["1", "2", "late"]);
});

Deno.test("fanOutOptions() keeps a piece well below what may wait for one connection", () => {
  assert.deepEqual([16 * 1024, 2 ** 20].map((bytes) => fanOutOptions(bytes).maxPieceBytes), [4096, 65_536]);
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
