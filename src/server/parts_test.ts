/** Small parts of the server: channel options, routes, pace, lag, probe. */
import assert from "node:assert/strict";
import { configOf } from "../config/mod.ts";
import { newNodeId } from "../core/ids.ts";
import { ChannelRules } from "./channel_rules.ts";
import { LagMeter } from "./lag.ts";
import type { ChannelOptions } from "./options.ts";
import { batchSize, closePaced } from "./paced_close.ts";
import type { Peer } from "./peer.ts";
import { Probe } from "./probe.ts";
import { routeSocket } from "./socket_routes.ts";

const options: ChannelOptions = configOf({
  channel: { allowSubscribeForClient: true, allowPublishForClient: false, publisherInfo: false },
}).channel;

Deno.test("ChannelRules gives a channel the options of its namespace", () => {
  const chat = { ...options, name: "chat", allowPublishForClient: true };
  const rules = new ChannelRules(options, [chat], 255);
  assert.deepEqual([rules.of("room"), rules.of("chat:room")], [options, chat]);
  assert.throws(() => rules.of("other:room"), { code: 102 });
  assert.throws(() => rules.of(""), { code: 107 });
});

Deno.test("routeSocket() reads the paths of clients and apps, and nothing else", () => {
  assert.deepEqual(routeSocket("/connection/websocket"), { kind: "client", workspace: undefined });
  assert.deepEqual(routeSocket("/acme/connection/websocket"), { kind: "client", workspace: "acme" });
  assert.deepEqual(routeSocket("/apps/echo"), { kind: "app", app: "echo" });
  for (
    const path of [
      "/",
      "/connection",
      "/api/connection/websocket",
      "/A/connection/websocket",
      "/a/b/c/d",
      "x/y/z",
      "/%2e/connection/websocket",
    ]
  ) {
    assert.equal(routeSocket(path), undefined, path);
  }
});

Deno.test("batchSize() keeps the rate, and goes faster to be done in time", () => {
  const pace = { ratePerSec: 500, maxMs: 20_000 };
  assert.deepEqual([1, 1_000, 100_000].map((peers) => batchSize(peers, pace)), [25, 25, 250]);
});

Deno.test("closePaced() closes in batches, and all at once when it is urgent", async () => {
  const peers = new Set<Peer>();
  const closed: number[] = [];
  for (let i = 0; i < 5; i++) {
    const peer: Peer = { owedBytes: 0, end: () => (peers.delete(peer), closed.push(i)) };
    peers.add(peer);
  }
  let isUrgent = false;
  const closing = closePaced(peers, "shutdown", { ratePerSec: 20, maxMs: 20_000 }, () => isUrgent);
  assert.equal(closed.length, 1);
  isUrgent = true;
  await closing;
  assert.deepEqual(closed, [0, 1, 2, 3, 4]);
});

Deno.test("LagMeter answers the worst drift since it was last asked, and remembers stalls", () => {
  const lag = new LagMeter(100, 0);
  lag.tick(101);
  lag.tick(1_401);
  lag.tick(1_500);
  assert.deepEqual([lag.takeWorstMs(), lag.takeWorstMs()], [1_200, 0]);
  assert.deepEqual([lag.hasStalledSince(1_000), lag.hasStalledSince(1_402)], [true, false]);
});

Deno.test("Probe is fresh for a while after one came back", () => {
  let nowMs = 0;
  const sent: string[] = [];
  const bus = { sendToNode: (_node: string, message: string) => (sent.push(message), Promise.resolve(1)) };
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs };
  const probe = new Probe(bus, newNodeId(), clock);
  assert.equal(probe.isFresh(1_000), false);
  probe.send();
  nowMs = 5;
  assert.equal(probe.take(sent[0] ?? ""), 5);
  assert.deepEqual([probe.latencyMs, probe.isFresh(1_000)], [5, true]);
  nowMs = 1_006;
  assert.equal(probe.isFresh(1_000), false);
  assert.equal(probe.take("something else"), false);
});

Deno.test("Probe.take() tells the latency of a probe that came back after others were sent", () => {
  let nowMs = 0;
  const sent: string[] = [];
  const bus = {
    sendToNode: (_node: string, message: string) => (sent.push(message), Promise.resolve(undefined)),
  };
  const probe = new Probe(bus, newNodeId(), { wallMs: () => 0, monotonicMs: () => nowMs });
  for (nowMs = 0; nowMs < 66_000; nowMs += 1_000) probe.send();
  assert.equal(probe.take(sent[65] ?? ""), 1_000);
  assert.equal(probe.take(sent[2] ?? ""), 64_000);
  assert.equal(probe.take(sent[1] ?? ""), true);
  assert.equal(probe.take(sent[2] ?? ""), true);
});
