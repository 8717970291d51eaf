/**
 * Random and mutated frames, thrown at the codec and at a live node. `FUZZ_SEED=n` repeats the frames of a run; a
 * failure names its seed.
 */
import assert from "node:assert/strict";
import { CloseError } from "../src/core/errors.ts";
import { seededRandom } from "../src/core/seeded_random.ts";
import type { Incoming } from "../src/protocol/command_check.ts";
import { decodeLine, splitFrame } from "../src/protocol/json_codec.ts";
import { NodeProcess, pause, rssOf } from "../src/testing/processes.ts";
import { WireClient } from "../src/testing/raw_client.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { clientFrame, RawClient, upgradeHead } from "./http_kit.ts";

const SEED = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000_000);
const MIB = 1024 * 1024;
const CODEC_FRAMES = 20_000;
const CONNECTIONS = 20;
const FUZZ_MS = 3_000;
/** What a node may grow by under all this; garbage that is not collected yet included. */
const MAX_GROWN_MIB = 300;

type Random = () => number;

function upTo(random: Random, end: number): number {
  return Math.floor(random() * end);
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[upTo(random, items.length)];
  if (item === undefined) throw new RangeError("Cannot pick from nothing");
  return item;
}

/** Frames that a client might send. */
const seeds: readonly string[] = [
  '{"id":1,"connect":{"token":"eyJhbGciOiJIUzI1NiJ9.e30.x","name":"js","subs":{"a":{"recover":true}}}}',
  '{"id":2,"subscribe":{"channel":"fuzz","recover":true,"epoch":"e","offset":18446744073709551615,"flag":1}}',
  '{"id":3,"publish":{"channel":"fuzz","data":{"a":[1,-0.5e-9,"\\u0000\\ud800\\"\\\\",null,true]}}}',
  '{"id":4,"rpc":{"method":"echo","data":{"deep":[[[[{"x":"ü€😀"}]]]]}}}',
  '{"id":5,"rpc":{"method":"time"}}\n{"id":6,"ping":{}}\n{}\n',
  '{"id":7,"history":{"channel":"fuzz","limit":-1,"since":{"offset":1,"epoch":""},"reverse":true}}',
  '{"id":8,"unsubscribe":{"channel":"fuzz"}}\n{"id":9,"subscribe":{"channel":"fuzz"}}',
  '{"send":{"data":"x"}}',
  '{"id":4294967295,"refresh":{"token":"x"}}',
  '{"id":10,"presence_stats":{"channel":"a:b"}}\n{"id":11,"sub_refresh":{"channel":"$a","token":""}}',
];

/** Pieces that change what surrounds them. */
const pieces: readonly string[] = [
  ...'{}[]",:\\\n\r\t 0',
  "\u0000",
  "\u2028",
  "null",
  "-",
  "1e999",
  "\\u",
  "\\ud800",
  '"__proto__":',
  '"id":0,',
  '"data":',
  "\ufeff",
  "😀",
];

/** Whole frames of unusual size or shape, within the limit of a frame and just past it. */
const giants: readonly (() => string)[] = [
  () => "[".repeat(65_000),
  () => '{"a":'.repeat(13_000),
  () => `{"id":1,"rpc":{"method":"echo","data":${"[".repeat(32_000)}${"]".repeat(32_000)}}}`,
  () => `{"id":1,"publish":{"channel":"fuzz","data":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}}`,
  () => `{"id":${"9".repeat(65_000)},"ping":{}}`,
  () => `{"id":1,"rpc":{"method":"${"m".repeat(65_000)}"}}`,
  () => `{"id":1,"publish":{"channel":"fuzz","data":"${"\\\\".repeat(32_000)}"}}`,
  () => `{"id":1,"publish":{"channel":"fuzz","data":1${"0".repeat(60_000)}}}`,
  () => `{"${"k".repeat(65_000)}":1}`,
  () => "\u0000".repeat(65_000),
  () => "\n".repeat(65_000),
  () => "{}\n".repeat(21_000),
  () => `${"{}\n".repeat(5_000)}{"id":1,"ping":{}}`,
  () => " ".repeat(65_536),
  () => "x".repeat(65_537),
  () => "€".repeat(40_000),
];

/** One frame of text. */
function textFrame(random: Random): string {
  const kind = random();
  if (kind < 0.02) return pick(random, giants)();
  if (kind < 0.15) return randomText(random);
  let text = pick(random, seeds);
  for (let changes = upTo(random, 6); changes > 0; changes--) text = mutated(text, random);
  return text;
}

function randomText(random: Random): string {
  return Array.from({ length: upTo(random, 60) }, () => pick(random, pieces)).join("");
}

function mutated(text: string, random: Random): string {
  const at = upTo(random, text.length + 1);
  const end = at + upTo(random, 12);
  switch (upTo(random, 5)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, at) + pick(random, pieces) + text.slice(at);
    case 2:
      return text.slice(0, at) + pick(random, pieces) + text.slice(end);
    case 3:
      return text.slice(0, end) + text.slice(at);
    default:
      return text.slice(0, at) + pick(random, seeds) + text.slice(at);
  }
}

/** One frame of bytes: often UTF-8 that is cut or flipped. */
function bytesFrame(random: Random): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(textFrame(random));
  if (bytes.length === 0) return bytes;
  for (let flips = upTo(random, 4); flips > 0; flips--) bytes[upTo(random, bytes.length)] = upTo(random, 256);
  return random() < 0.5 ? bytes.slice(0, upTo(random, bytes.length + 1)) : bytes;
}

/** Runs `work` and puts the seed into what it throws. */
async function withSeed(work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new Error(`Failed with FUZZ_SEED=${SEED}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

Deno.test("decodeLine() answers any frame with a command or close 3501, and keeps the data of a publish", () => {
  return withSeed(() => {
    const random = seededRandom(SEED);
    for (let n = 0; n < CODEC_FRAMES; n++) {
      // As on a connection, the first bad line is the last one looked at.
      splitFrame(textFrame(random)).every(isCommand);
    }
  });
});

/** Whether `line` is a command; checks that it is taken as it should be. */
function isCommand(line: string): boolean {
  const command = decodedOrClosed(line);
  if (command?.kind !== "publish" || command.rawData === undefined) return command !== undefined;
  // Compared as text: what is nested this deep cannot be walked.
  assert.equal(JSON.stringify(JSON.parse(command.rawData)), JSON.stringify(JSON.parse(line).publish.data));
  return true;
}

function decodedOrClosed(line: string): Incoming | undefined {
  try {
    return decodeLine(line);
  } catch (error) {
    assert.ok(error instanceof CloseError, `${error} from ${JSON.stringify(line.slice(0, 500))}`);
    assert.equal(error.close.code, 3501);
  }
}

for (const transport of ["tcp", "streams"] as const) {
  Deno.test(`a node on ${transport} outlives random and mutated frames`, () =>
    withSeed(() => fuzz(transport)));
}

async function fuzz(transport: "tcp" | "streams"): Promise<void> {
  await using redis = await RedisServer.open();
  await using node = await NodeProcess.start({ redisUrl: redis.url, set: { transport } });
  await warmUp(node);
  const before = await rssOf(node.pid);
  const endMs = performance.now() + FUZZ_MS;
  const throwers = Array.from({ length: CONNECTIONS }, (_, at) => {
    const random = seededRandom(SEED + at);
    return at % 5 === 0 ? throwBytes(node, random, endMs) : throwFrames(node, random, endMs);
  });
  const frames = (await Promise.all(throwers)).reduce((sum, count) => sum + count, 0);
  await worksFor(node);
  const grownMib = Math.round((await rssOf(node.pid) - before) / MIB);
  console.log(
    `measured: ${transport}: ${frames} hostile frames in ${FUZZ_MS / 1_000} s, rss grew ${grownMib} MiB`,
  );
  assert.ok(frames > 1_000, `only ${frames} frames were thrown`);
  assert.ok(grownMib < MAX_GROWN_MIB, `rss grew by ${grownMib} MiB`);
  assert.equal(await node.isReady(), true);
  assert.deepEqual(node.faults, []);
}

/** The largest frames once: memory that is taken for the first time is no leak. */
async function warmUp(node: NodeProcess): Promise<void> {
  for (const giant of giants) {
    await using client = await WireClient.connected(node.ws);
    client.send(giant());
    await pause(5);
  }
}

/** Frames that are well-formed for WebSocket, in text and in bytes; a new connection for each that was closed. */
async function throwFrames(node: NodeProcess, random: Random, endMs: number): Promise<number> {
  let frames = 0;
  while (performance.now() < endMs) {
    await using client = random() < 0.8
      ? await WireClient.connected(node.ws)
      : await WireClient.open(node.ws);
    while (client.end === undefined && performance.now() < endMs) {
      client.send(random() < 0.7 ? textFrame(random) : bytesFrame(random));
      if (++frames % 4 === 0) await pause(1);
    }
  }
  return frames;
}

/** What no WebSocket library sends: text that is no UTF-8, broken frames, half of a handshake, cut connections. */
async function throwBytes(node: NodeProcess, random: Random, endMs: number): Promise<number> {
  let frames = 0;
  while (performance.now() < endMs) {
    await using peer = await RawClient.connect(node.port);
    try {
      await peer.write(random() < 0.9 ? upgradeHead("/connection/websocket") : textFrame(random));
      if (random() < 0.9) await peer.write(clientFrame(1, '{"id":1,"connect":{}}'));
      for (let left = upTo(random, 20); left > 0 && !peer.isEnded; left--) {
        await peer.write(brokenFrame(random));
        frames++;
        await pause(1);
      }
    } catch (error) {
      // The node has hung up, as it should.
      if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
        throw error;
      }
    }
  }
  return frames;
}

function brokenFrame(random: Random): Uint8Array {
  const payload = String.fromCharCode(...bytesFrame(random).slice(0, 60_000));
  if (random() < 0.5) return clientFrame(1, payload);
  const frame = clientFrame(upTo(random, 16) | (upTo(random, 8) << 4), payload.slice(0, 200), random() < 0.7);
  return random() < 0.5 ? frame : frame.slice(0, upTo(random, frame.length + 1));
}

/** A newcomer is served as if nothing had been. */
async function worksFor(node: NodeProcess): Promise<void> {
  await using client = await WireClient.connected(node.ws);
  assert.deepEqual((await client.call({ subscribe: { channel: "after" } })).subscribe, {});
  assert.deepEqual((await client.call({ publish: { channel: "after", data: "fuzz" } })).publish, {});
  await client.until(() => client.dataOf("after").includes("fuzz"), "its own publication");
  assert.deepEqual((await client.call({ rpc: { method: "echo", data: 1 } })).rpc, { data: 1 });
}
