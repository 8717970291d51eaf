import assert from "node:assert/strict";
import type { Line } from "../core/frame.ts";
import { pushPrefix } from "../protocol/json_codec.ts";
import { applyDelta } from "fossil-delta";
import { type Joiner, LiveChannel } from "./live_channel.ts";
import type { SlowPolicy } from "./options.ts";
import { Publication } from "./publication.ts";
import { slowQueue } from "./slow_policy.ts";
import { Subscription, type SubscriptionHolder } from "./subscription.ts";
import { parseTagFilter } from "./tag_filter.ts";
import { Traffic } from "./traffic.ts";
import { seededRandom } from "../core/seeded_random.ts";
import { plainTerms } from "./plain_terms.ts";

const prefix = pushPrefix("c");
const names = { key: "w/c", name: "c", prefix };

interface Pub {
  readonly data: unknown;
  readonly offset?: number;
  readonly delta?: boolean;
}

/** Somebody who keeps what is sent. */
class FakeHolder implements SubscriptionHolder {
  readonly lines: string[] = [];
  readonly lost: string[] = [];
  waiting: Subscription | undefined;
  isCongested = false;

  send(line: Line): void {
    this.lines.push(line.text);
  }

  lose(channel: string): void {
    this.lost.push(channel);
  }

  awaitRoom(subscription: Subscription): void {
    this.waiting = subscription;
  }

  get pubs(): readonly Pub[] {
    return this.lines.map((line) => JSON.parse(line).push.pub);
  }
}

function publication(
  offset: number,
  options: { data?: string; epoch?: string; fields?: string; before?: string } = {},
) {
  const { data = String(offset), epoch = "e", fields = "", before } = options;
  return new Publication("c", prefix, { data, fields }, { offset, epoch }, before);
}

function positioned(holder = new FakeHolder()): { holder: FakeHolder; subscription: Subscription } {
  const subscription = new Subscription("c", holder, plainTerms({ isPositioned: true }));
  subscription.begin({ offset: 5, epoch: "e" }, undefined);
  return { holder, subscription };
}

Deno.test("Subscription delivers each offset once, and is lost at a jump", () => {
  const { holder, subscription } = positioned();
  for (const offset of [4, 5, 6, 6, 7, 3]) subscription.onPublication(publication(offset));
  assert.deepEqual(holder.pubs.map(({ offset }) => offset), [6, 7]);
  assert.deepEqual(holder.lost, []);
  subscription.onPublication(publication(9));
  assert.deepEqual([holder.lost, holder.lines.length], [["c"], 2]);
});

Deno.test("Subscription is lost at a foreign epoch, even at the next offset", () => {
  const { holder, subscription } = positioned();
  subscription.onPublication(publication(6, { epoch: "new" }));
  assert.deepEqual([holder.lost, holder.lines], [["c"], []]);
});

Deno.test("Subscription without a position takes whatever comes", () => {
  const holder = new FakeHolder();
  const subscription = new Subscription("c", holder, plainTerms());
  for (const offset of [3, 9, 1]) subscription.onPublication(publication(offset));
  assert.deepEqual(holder.pubs.map(({ offset }) => offset), [3, 9, 1]);
});

Deno.test("Subscription sends a difference only against what its holder has", () => {
  const holder = new FakeHolder();
  const subscription = new Subscription("c", holder, plainTerms({ wantsDelta: true }));
  const texts = [1, 2, 3].map((n) =>
    JSON.stringify({ n, text: "the same again and again and again".repeat(3) })
  );
  const [one = "", two = "", three = ""] = texts;
  subscription.onPublication(publication(1, { data: one, before: "0" }));
  subscription.onPublication(publication(2, { data: two, before: one }));
  subscription.onPublication(publication(3, { data: three, before: one }));
  assert.deepEqual(holder.pubs.map(({ delta }) => delta), [undefined, true, undefined]);
  const [first, second] = holder.pubs.map(({ data }) => new TextEncoder().encode(String(data)));
  assert.ok(first && second);
  assert.equal(new TextDecoder().decode(Uint8Array.from(applyDelta(first, second))), two);
});

Deno.test("Subscription with a filter moves on past what it does not deliver", () => {
  const { holder } = positioned();
  const filter = parseTagFilter({ key: "a", cmp: "eq", val: "1" });
  const subscription = new Subscription("c", holder, plainTerms({ isPositioned: true, filter }));
  subscription.begin({ offset: 5, epoch: "e" }, undefined);
  for (const [offset, tag] of [[6, "1"], [7, "2"], [8, "1"]] as const) {
    subscription.onPublication(publication(offset, { fields: `"tags":{"a":"${tag}"}` }));
  }
  assert.deepEqual([holder.pubs.map(({ offset }) => offset), holder.lost], [[6, 8], []]);
});

function congested(policy: SlowPolicy, maxBytes: number) {
  const [holder, traffic] = [new FakeHolder(), new Traffic()];
  const subscription = new Subscription(
    "c",
    holder,
    plainTerms({ slowPolicy: policy }),
    slowQueue(policy, maxBytes, traffic),
  );
  holder.isCongested = true;
  return { holder, traffic, subscription };
}

Deno.test("Subscription with drop_oldest keeps the newest, in order, within its bytes", () => {
  const size = publication(10).jsonLine.size;
  const { holder, traffic, subscription } = congested("drop_oldest", size * 3);
  for (let offset = 10; offset < 20; offset++) subscription.onPublication(publication(offset));
  assert.equal(holder.waiting, subscription);
  assert.deepEqual([holder.lines.length, subscription.drain()], [0, false]);
  holder.isCongested = false;
  // What comes now must not overtake what waits.
  subscription.onPublication(publication(20));
  assert.equal(subscription.drain(), true);
  assert.deepEqual(holder.pubs.map(({ offset }) => offset), [18, 19, 20]);
  assert.equal(traffic.publicationsDropped, 8);
});

Deno.test("Subscription with conflate keeps the latest of each key", () => {
  const { holder, traffic, subscription } = congested("conflate", 1 << 20);
  for (let i = 0; i < 100; i++) {
    subscription.onPublication(publication(0, { data: String(i), fields: `"key":"k${i % 2}"` }));
  }
  holder.isCongested = false;
  assert.equal(subscription.drain(), true);
  assert.deepEqual(holder.pubs.map(({ data }) => data), [98, 99]);
  assert.deepEqual([traffic.publicationsConflated, traffic.publicationsDropped], [98, 0]);
});

Deno.test("Subscription with conflate gives keys up rather than bytes", () => {
  const size = publication(0, { data: "10", fields: '"key":"10"' }).jsonLine.size;
  const { holder, traffic, subscription } = congested("conflate", size * 2);
  for (let i = 10; i < 20; i++) {
    subscription.onPublication(publication(0, { data: String(i), fields: `"key":"${i}"` }));
  }
  holder.isCongested = false;
  subscription.drain();
  assert.deepEqual([holder.pubs.map(({ data }) => data), traffic.publicationsDropped], [[18, 19], 8]);
});

/** A history, a bus that is late and loses now and then, and a subscriber who joins and starts over when told to. */
function playOnce(
  seed: number,
  dropRate: number,
): { readonly got: number[]; readonly top: number; readonly losses: number } {
  const random = seededRandom(seed);
  const live = new LiveChannel(names, 1 << 20);
  const bus: number[] = [];
  const got: number[] = [];
  let top = 0;
  let losses = 0;
  let read: { top: number; joiner: Joiner } | undefined;
  let subscription: Subscription | undefined;
  let joiner: Joiner | undefined;
  const holder: SubscriptionHolder = {
    send: (line) => got.push(JSON.parse(line.text).push.pub.offset),
    lose: () => {
      subscription = void live.remove(holder);
      losses++;
    },
    isCongested: false,
    awaitRoom: () => {},
  };
  const hear = () => {
    const offset = bus.shift();
    if (offset === undefined) return;
    const heard = publication(offset);
    live.hear(heard, 0);
    subscription?.onPublication(heard);
  };
  const attach = () => {
    if (read === undefined) return;
    const place = { offset: read.top, epoch: "e" };
    const follow = live.followUp(read.joiner, place);
    live.release(read.joiner);
    if (follow !== undefined) {
      const last = got.at(-1) ?? 0;
      for (let offset = last + 1; offset <= read.top; offset++) got.push(offset); // what a recovery answers
      subscription = new Subscription("c", holder, plainTerms({ isPositioned: true }));
      subscription.begin(place, undefined);
      live.add(subscription);
      for (const each of follow) subscription.onPublication(each);
    }
    read = joiner = undefined;
  };
  const moves = [
    () => void bus.push(++top),
    () => void (random() < dropRate ? ++top : bus.push(++top)), // published, and lost on the bus
    hear,
    hear,
    hear,
    () => {
      if (subscription === undefined) joiner ??= live.join("client");
    },
    () => {
      if (joiner !== undefined) read ??= { top, joiner };
    },
    attach,
  ];
  for (let step = 0; step < 400; step++) moves[Math.floor(random() * moves.length)]?.();
  // The end: nothing is lost any more, and whoever is out comes back in.
  for (let round = 0; round < 3; round++) {
    bus.push(++top);
    while (bus.length > 0) hear();
    if (subscription === undefined) {
      joiner ??= live.join("client");
      read ??= { top, joiner };
      attach();
    }
  }
  return { got, top, losses };
}

Deno.test("LiveChannel and Subscription deliver every offset once and in order, whatever interleaves", () => {
  let losses = 0;
  for (let seed = 1; seed <= 500; seed++) {
    const played = playOnce(seed, 0.05);
    assert.deepEqual(played.got, Array.from({ length: played.top }, (_, i) => i + 1), `seed ${seed}`);
    losses += played.losses;
  }
  assert.ok(losses > 100, `the bus lost enough to matter: ${losses}`);
});

Deno.test("LiveChannel and Subscription lose nobody while the bus loses nothing", () => {
  for (let seed = 1; seed <= 200; seed++) assert.equal(playOnce(seed, 0).losses, 0, `seed ${seed}`);
});

Deno.test("LiveChannel lets a joiner go for whom too much is held", () => {
  const live = new LiveChannel(names, 10);
  const [early, late] = [live.join("early"), live.join("late")];
  live.hear(publication(1, { data: "123456789" }), 0);
  assert.equal(early.isVoid, false);
  live.release(late);
  const last = live.join("last");
  live.hear(publication(2, { data: "12" }), 0);
  assert.deepEqual([early.isVoid, last.isVoid], [true, false]);
  assert.equal(live.followUp(early, { offset: 0, epoch: "e" }), undefined);
  assert.deepEqual(live.followUp(last, { offset: 1, epoch: "e" })?.map(({ offset }) => offset), [2]);
});

Deno.test("LiveChannel tells joins to those who listen, and keeps a joiner's own for later", () => {
  const live = new LiveChannel(names, 1 << 20);
  const [deaf, listening] = [new FakeHolder(), new FakeHolder()];
  live.add(new Subscription("c", deaf, plainTerms()));
  live.add(new Subscription("c", listening, plainTerms({ wantsJoinLeave: true })));
  const joiner = live.join("me");
  live.tell("join", '{"client":"me"}');
  live.tell("leave", '{"client":"other"}');
  assert.deepEqual(deaf.lines, []);
  assert.deepEqual(listening.lines.map((line) => JSON.parse(line).push), [
    { channel: "c", join: { info: { client: "me" } } },
    { channel: "c", leave: { info: { client: "other" } } },
  ]);
  assert.equal(joiner.ownJoin, '{"client":"me"}');
});

Deno.test("LiveChannel.loseBehind() ends those who are behind the top, and no others", () => {
  const live = new LiveChannel(names, 1 << 20);
  const holders = [5, 7, 8].map((offset) => {
    const holder = new FakeHolder();
    const subscription = new Subscription("c", holder, plainTerms({ isPositioned: true }));
    subscription.begin({ offset, epoch: "e" }, undefined);
    live.add(subscription);
    return holder;
  });
  assert.equal(live.loseBehind({ offset: 7, epoch: "e" }), 1);
  assert.deepEqual(holders.map(({ lost }) => lost.length), [1, 0, 0]);
  assert.equal(live.loseBehind({ offset: 1, epoch: "new" }), 3);
});

Deno.test("LiveChannel shares a filter while somebody uses it", () => {
  const live = new LiveChannel(names, 1 << 20);
  const node = { key: "a", cmp: "ex" };
  const [one, two, three] = [parseTagFilter(node), parseTagFilter(node), parseTagFilter(node)];
  assert.equal(live.shareFilter(one), one);
  assert.equal(live.shareFilter(two), one);
  live.dropFilter(one);
  live.dropFilter(one);
  assert.equal(live.shareFilter(three), three);
});
