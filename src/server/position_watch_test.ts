import assert from "node:assert/strict";
import type { StreamPosition } from "../backend/backend.ts";
import { systemClock } from "../core/clock.ts";
import { createLogger } from "../core/log.ts";
import { LiveChannel } from "./live_channel.ts";
import { PositionWatch } from "./position_watch.ts";
import { Publication } from "./publication.ts";
import { Subscription, type SubscriptionHolder } from "./subscription.ts";
import { plainTerms } from "./plain_terms.ts";

const log = createLogger({ level: "error", format: "json", clock: systemClock, write: () => {} });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** One channel with one subscriber at offset 5, a history that the test moves, and a clock. */
class Bench {
  nowMs = 0;
  top: StreamPosition | Error = { offset: 5, epoch: "e" };
  reads = 0;
  lost = 0;
  readonly live = new LiveChannel({ key: "w/c", name: "c", prefix: "" }, 1 << 20);
  readonly watch: PositionWatch;
  readonly #holder: SubscriptionHolder;

  constructor() {
    this.watch = new PositionWatch({
      clock: { wallMs: () => 0, monotonicMs: () => this.nowMs },
      log,
      intervalMs: 1_000,
      random: () => 0.5,
      readPosition: () => {
        this.reads++;
        return this.top instanceof Error ? Promise.reject(this.top) : Promise.resolve(this.top);
      },
    });
    this.#holder = { send: () => {}, lose: () => this.leave(true), isCongested: false, awaitRoom: () => {} };
    const subscription = new Subscription(
      "c",
      this.#holder,
      plainTerms({ isPositioned: true, isRecoverable: true }),
    );
    subscription.begin({ offset: 5, epoch: "e" }, undefined);
    this.live.add(subscription);
    this.watch.watch(this.live);
  }

  leave(isLost = false): void {
    this.live.remove(this.#holder);
    if (isLost) this.lost++;
  }

  hear(offset: number): void {
    this.live.hear(new Publication("c", "", { data: "1", fields: "" }, { offset, epoch: "e" }), this.nowMs);
  }

  async pass(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += 100;
      this.watch.tick(this.nowMs);
      await settled();
    }
  }
}

Deno.test("PositionWatch asks about a quiet channel once in each interval", async () => {
  const bench = new Bench();
  await bench.pass(3_500);
  assert.deepEqual([bench.reads, bench.lost], [3, 0]);
});

Deno.test("PositionWatch does not ask about a channel that was heard", async () => {
  const bench = new Bench();
  for (let offset = 6; offset < 16; offset++) {
    await bench.pass(500);
    bench.hear(offset);
  }
  assert.equal(bench.reads, 0);
});

Deno.test("PositionWatch ends who is behind and hears nothing within the grace", async () => {
  const bench = new Bench();
  bench.top = { offset: 6, epoch: "e" };
  await bench.pass(2_900);
  assert.equal(bench.lost, 0);
  await bench.pass(300);
  assert.equal(bench.lost, 1);
});

Deno.test("PositionWatch spares who is only late", async () => {
  const bench = new Bench();
  bench.top = { offset: 8, epoch: "e" };
  await bench.pass(1_500);
  bench.hear(6);
  await bench.pass(1_700);
  bench.hear(7);
  await bench.pass(1_900);
  bench.hear(8);
  await bench.pass(2_000);
  assert.equal(bench.lost, 0);
});

Deno.test("PositionWatch ends everybody of an epoch that is over, at once", async () => {
  const bench = new Bench();
  bench.top = { offset: 5, epoch: "new" };
  bench.watch.checkAll();
  await settled();
  assert.equal(bench.lost, 1);
});

Deno.test("PositionWatch goes on after a read that failed, and forgets a channel without positions", async () => {
  const bench = new Bench();
  bench.top = new Error("away");
  await bench.pass(1_100);
  bench.top = { offset: 5, epoch: "e" };
  await bench.pass(1_100);
  assert.equal(bench.reads, 2);
  bench.leave();
  await bench.pass(1_100);
  assert.deepEqual([bench.reads, bench.watch.size], [2, 0]);
});
