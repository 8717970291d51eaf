/** Clients that err, lie or do not read, against a real node on the transport and its twin: each meets a code or a bound. */
import assert from "node:assert/strict";
import { NodeProcess, rssOf, until } from "../src/testing/processes.ts";
import { WireClient } from "../src/testing/raw_client.ts";
import { RedisServer } from "../src/testing/redis_server.ts";
import { clientFrame, RawClient, upgradeHead } from "./http_kit.ts";

const MIB = 1024 * 1024;
const MAX_MESSAGE_BYTES = 65_536;
/** What the tests count against. */
const LIMITS = { max_channels_per_connection: 128, max_commands_in_flight: 256 };
/** Time limits under which a test need not wait long, and which a client that is slow but awake keeps. */
const QUICK = { connect_timeout_ms: 1_000, ping_interval_ms: 1_000, pong_timeout_ms: 900 };

/** Frames after which a connected client is closed with 3501. */
const badFrames: readonly (readonly [what: string, frame: string])[] = [
  ["no JSON", "hello"],
  ["half of a command", '{"id":2,"rpc":{"method":"ec'],
  ["nothing at all", ""],
  ["an empty line", "\n"],
  ["white space", " "],
  ["a NUL", "\u0000"],
  ["a byte order mark", '\ufeff{"id":2,"ping":{}}'],
  ["null", "null"],
  ["a number", "1"],
  ["a text", '"connect"'],
  ["an array of commands", '[{"id":2,"ping":{}}]'],
  ["an unknown command", '{"id":2,"launch":{}}'],
  ["a command named like a builtin", '{"id":2,"__proto__":{},"constructor":{}}'],
  ["two requests in one command", '{"id":2,"ping":{},"rpc":{"method":"echo"}}'],
  ["no id", '{"ping":{}}'],
  ["id 0", '{"id":0,"ping":{}}'],
  ["a negative id", '{"id":-1,"ping":{}}'],
  ["a broken id", '{"id":1.5,"ping":{}}'],
  ["an id past uint32", '{"id":4294967296,"ping":{}}'],
  ["an id as text", '{"id":"2","ping":{}}'],
  ["a request that is null", '{"id":2,"subscribe":null}'],
  ["a request that is an array", '{"id":2,"subscribe":[]}'],
  ["a request that is a number", '{"id":2,"rpc":7}'],
  ["a channel that is a number", '{"id":2,"subscribe":{"channel":5}}'],
  ["a channel that is missing", '{"id":2,"publish":{"data":1}}'],
  ["a method that is an object", '{"id":2,"rpc":{"method":{}}}'],
  ["a bad line after a good one", '{"id":2,"ping":{}}\n{"id":3,'],
];

/** Commands that are answered with an error, after which the connection goes on. */
const refusals: readonly (readonly [what: string, request: Record<string, unknown>, code: number])[] = [
  ["an unknown method", { rpc: { method: "nothing" } }, 104],
  ["a method named like a builtin", { rpc: { method: "constructor" } }, 104],
  ["no method", { rpc: { data: 1 } }, 104],
  ["a name of 256 characters", { subscribe: { channel: "n".repeat(256) } }, 107],
  ["a publish to a name of 256 characters", { publish: { channel: "n".repeat(256), data: 1 } }, 107],
  ["an empty name", { subscribe: { channel: "" } }, 107],
  ["a name with half a surrogate pair", { subscribe: { channel: "half \ud83d" } }, 107],
  ["an unsubscribe from an empty name", { unsubscribe: { channel: "" } }, 107],
  ["a publish without data", { publish: { channel: "a" } }, 107],
  ["an unknown namespace", { subscribe: { channel: "unknown:a" } }, 102],
  ["presence", { presence: { channel: "a" } }, 108],
  ["presence_stats", { presence_stats: { channel: "a" } }, 108],
  ["history", { history: { channel: "a" } }, 108],
  ["sub_refresh", { sub_refresh: { channel: "a", token: "t" } }, 108],
  ["refresh where there are no tokens", { refresh: { token: "t" } }, 108],
];

/** Names that could trip something up on their way through a map, a key of Redis or a pattern; all are fine. */
const oddNames: readonly string[] = [
  "n".repeat(255),
  "ü".repeat(255),
  "__proto__",
  "constructor",
  "{p0}",
  "a{b}c%41*?[x]",
  "a b\tc",
  'quote"back\\slash',
  "line\nbreak\r",
  "nul\u0000nul",
  "../../etc",
  "emoji😀",
];

for (const transport of ["tcp", "streams"] as const) {
  Deno.test(`a node on ${transport} answers bad input with its codes`, async (t) => {
    await using redis = await RedisServer.open();
    await using node = await NodeProcess.start({
      redisUrl: redis.url,
      set: { ...LIMITS, transport },
    });
    await using bystander = await WireClient.connected(node.ws);
    await bystander.call({ subscribe: { channel: "by" } });

    await t.step("a frame that is no command closes 3501, before and after connect", async () => {
      await Promise.all(badFrames.flatMap(([what, frame]) => [
        closes(`${what} first`, node, frame, 3501, "fresh"),
        closes(what, node, frame, 3501),
      ]));
      await closes("a second connect", node, '{"id":2,"connect":{}}', 3501);
    });

    await t.step("a command before connect closes 3501", async () => {
      const early = [
        '{"id":1,"ping":{}}',
        '{"id":1,"publish":{"channel":"by","data":"early"}}',
        "{}",
        '{"send":{}}',
      ];
      await Promise.all(early.map((frame) => closes(frame, node, frame, 3501, "fresh")));
    });

    await t.step("a refused command is answered by its code and the connection goes on", async () => {
      await using client = await WireClient.connected(node.ws);
      for (const [what, request, code] of refusals) {
        assert.equal((await client.call(request)).error?.code, code, what);
      }
      await client.call({ subscribe: { channel: "twice" } });
      assert.equal((await client.call({ subscribe: { channel: "twice" } })).error?.code, 105);
      assert.deepEqual((await client.call({ ping: {} })).ping, {});
    });

    await t.step("unknown fields, odd spacing and repeated ids are taken", async () => {
      await using client = await WireClient.connected(node.ws);
      client.send(
        ' { "id" : 7 , "more" : [ ] , "rpc" : { "method" : "echo" , "data" : 1 , "x" : 2 } } \r\n{"id":7,"ping":{}}\n',
      );
      await client.until(() => client.lines.filter(({ id }) => id === 7).length === 2, "two answers to id 7");
    });

    await t.step("binary frames that hold JSON are taken, others close 3501", async () => {
      await using client = await WireClient.open(node.ws);
      client.send(
        new TextEncoder().encode('{"id":1,"connect":{}}\n{"id":2,"rpc":{"method":"echo","data":"ü"}}'),
      );
      assert.deepEqual((await client.line(({ id }) => id === 2, "rpc")).rpc, { data: "ü" });
      client.send(Uint8Array.from([0xff, 0xfe, 0x00]));
      assert.equal((await client.closing()).code, 3501);
    });

    await t.step("odd names are names like others", async () => {
      await using client = await WireClient.connected(node.ws);
      for (const channel of oddNames) {
        const shown = JSON.stringify(channel).slice(0, 40);
        assert.deepEqual((await client.call({ subscribe: { channel } })).subscribe, {}, shown);
        assert.deepEqual((await client.call({ publish: { channel, data: shown } })).publish, {}, shown);
        await client.until(() => client.dataOf(channel).includes(shown), `the publication in ${shown}`);
      }
    });

    await t.step("JSON nested deeper than any stack is answered or closed, and faults nothing", async () => {
      const deep = "[".repeat(30_000) + "]".repeat(30_000);
      await using client = await WireClient.connected(node.ws);
      await client.call({ subscribe: { channel: "deep" } });
      client.send(`{"id":90,"publish":{"channel":"deep","data":${deep}}}`);
      client.send(`{"id":91,"publish":{"channel":"deep","data":\r${deep}}}`);
      client.send(`{"id":92,"rpc":{"method":"echo","data":${deep}}}`);
      client.send(`{"id":93,"connect":{"data":${deep}}}`);
      await client.closing();
      assert.deepEqual(node.faults, []);
    });

    await t.step(
      "a frame over the limit closes 1009, one at the limit is taken",
      async () => {
        const rest = MAX_MESSAGE_BYTES - '{"id":9,"rpc":{"method":"echo","data":""}}'.length;
        const fits = `{"id":9,"rpc":{"method":"echo","data":"${"x".repeat(rest)}"}}`;
        await using client = await WireClient.connected(node.ws);
        client.send(fits);
        await client.line(({ id }) => id === 9, "the largest frame");
        await closes("one byte more", node, fits.replace("echo", "echo2"), 1009);
        // Every character takes three bytes: the limit counts bytes.
        await closes("too many bytes", node, "€".repeat(30_000), 1009);
      },
    );

    await t.step(
      "thousands of subscriptions end at the limit with 106, and cost nothing afterwards",
      async () => {
        const before = await channelsOf(node);
        {
          await using client = await WireClient.connected(node.ws);
          const codes = await subscribeMany(client, 5_000);
          assert.equal(codes.get(undefined), LIMITS.max_channels_per_connection);
          assert.equal(
            (codes.get(106) ?? 0) + (codes.get(111) ?? 0),
            5_000 - LIMITS.max_channels_per_connection,
            JSON.stringify([...codes]),
          );
          assert.equal((await client.call({ subscribe: { channel: "one more" } })).error?.code, 106);
          await client.call({ unsubscribe: { channel: "many-1" } });
          assert.deepEqual((await client.call({ subscribe: { channel: "one more" } })).subscribe, {});
        }
        await until("the channels are given up", async () => await channelsOf(node) <= before, 5_000);
      },
    );

    await t.step("commands past those that may be under way are answered 111", async () => {
      await using client = await WireClient.connected(node.ws);
      const commands = Array.from(
        { length: 1_000 },
        (_, n) => `{"id":${n + 10},"publish":{"channel":"p","data":${n}}}`,
      );
      client.send(commands.join("\n"));
      await client.until(() => client.lines.length >= 1_001, "1,000 answers");
      const refused = client.lines.filter(({ error }) => error !== undefined);
      assert.ok(
        refused.length > 0 && refused.every(({ error }) => error?.code === 111),
        JSON.stringify(refused[0]),
      );
    });

    await t.step("the bystander has not noticed", async () => {
      await bystander.call({ publish: { channel: "by", data: "fine" } });
      await bystander.until(() => bystander.dataOf("by").includes("fine"), "its own publication");
      assert.deepEqual(bystander.dataOf("by"), ["fine"]);
    });
    assert.deepEqual(node.faults, []);
  });

  Deno.test(`a node on ${transport} gives up who is silent: 3012 without a pong, 3502 without a connect, or without a word`, async () => {
    await using node = await NodeProcess.start({ set: { ...QUICK, transport } });
    await using vanished = await stubborn(node.port, '{"id":1,"connect":{}}');
    await until("it counts", async () => (await node.health()).connections === 1);
    await Promise.all([aMutePeer(node), aStranger(node)]);
    await until("it is given up", async () => (await node.health()).connections === 0, 9_000);
    assert.equal(vanished.isEnded, false);
    assert.deepEqual(node.faults, []);
  });

  Deno.test(`a node on ${transport} bounds what peers that never read can cost`, async () => {
    await using node = await NodeProcess.start({ set: { transport } });
    await using reader = await WireClient.connected(node.ws);
    await using publisher = await WireClient.connected(node.ws);
    await reader.call({ subscribe: { channel: "flood" } });
    const subscribes = '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"flood"}}';
    const peers = await Promise.all(Array.from({ length: 10 }, () => stubborn(node.port, subscribes)));
    await using asker = await stubborn(node.port, '{"id":1,"connect":{}}');
    await until("all are in", async () => (await node.health()).connections === 13, 3_000);
    const before = await rssOf(node.pid);

    const asking = askForEver(asker);
    const peak = await flood(publisher, node.pid);
    await reader.until(() => reader.dataOf("flood").length === FLOOD_COUNT, "the whole flood", 10_000);
    assert.deepEqual(reader.dataOf("flood").map((data) => Reflect.get(Object(data), "n")), [
      ...Array(FLOOD_COUNT).keys(),
    ]);
    await until("only those who read are left", async () => (await node.health()).connections === 2, 9_000);
    await asking;
    const grownMib = Math.round((peak - before) / MIB);
    console.log(
      `measured: ${transport}: 11 peers that never read, ${
        FLOOD_COUNT / 16
      } MiB each: rss grew ${grownMib} MiB`,
    );
    assert.ok(grownMib < 200, `rss grew by ${grownMib} MiB`);
    assert.equal(await closesOf(node, 3008), 11);
    assert.deepEqual(node.faults, []);
    for (const peer of peers) await peer[Symbol.asyncDispose]().catch(() => {});
  });
}

/** Publications of 64 KB, together far more than the kernel and the node's outboxes hold. */
const FLOOD_COUNT = 600;
const FLOOD_PAYLOAD = "x".repeat(60_000);

/** Publishes the flood, a few at a time. Answers the node's largest resident size. */
async function flood(publisher: WireClient, pid: number): Promise<number> {
  let peak = 0;
  for (let from = 0; from < FLOOD_COUNT; from += 10) {
    const calls = Array.from({ length: 10 }, (_, at) => {
      const data = { n: from + at, x: FLOOD_PAYLOAD };
      return publisher.call({ publish: { channel: "flood", data } });
    });
    await Promise.all(calls);
    peak = Math.max(peak, await rssOf(pid));
  }
  return peak;
}

/** Sends large calls until the node has had enough: their answers pile up unread. */
async function askForEver(peer: RawClient): Promise<void> {
  const call = clientFrame(1, `{"id":2,"rpc":{"method":"echo","data":"${FLOOD_PAYLOAD}"}}`);
  try {
    for (let n = 0; n < 2_000; n++) await peer.write(call);
  } catch (error) {
    assert.ok(error instanceof Error); // the node has hung up
  }
}

/** Says `frame` on a connection of its own and checks with what code it ends. */
async function closes(
  what: string,
  node: NodeProcess,
  frame: string,
  code: number,
  from: "fresh" | "connected" = "connected",
): Promise<void> {
  await using client = from === "fresh"
    ? await WireClient.open(node.ws)
    : await WireClient.connected(node.ws);
  client.send(frame);
  const end = await client.closing().catch((error) => error.message);
  assert.equal(end.code ?? end, code, what);
}

/** A raw peer that says `frame` after the handshake and never reads a byte. */
async function stubborn(port: number, frame: string): Promise<RawClient> {
  const peer = await RawClient.connect(port, { isReading: false, hostname: "127.0.0.1" });
  await peer.write(upgradeHead("/connection/websocket"));
  await peer.write(clientFrame(1, frame));
  return peer;
}

/** A client that does not answer pings is closed 3012; one that does stays. */
async function aMutePeer(node: NodeProcess): Promise<void> {
  await using mute = await WireClient.connected(node.ws, { isAnsweringPings: false });
  await using vocal = await WireClient.connected(node.ws);
  assert.equal((await mute.closing()).code, 3012);
  await vocal.until(() => vocal.pings > 2, "three pings");
  assert.equal(vocal.end, undefined);
}

/** A client that never sends connect is closed 3502. */
async function aStranger(node: NodeProcess): Promise<void> {
  await using silent = await WireClient.open(node.ws);
  const startMs = performance.now();
  assert.equal((await silent.closing()).code, 3502);
  assert.ok(performance.now() - startMs > QUICK.connect_timeout_ms - 200);
}

/** Subscribes to `count` channels, many in a frame; answers how often each error came, undefined for success. */
async function subscribeMany(
  client: WireClient,
  count: number,
): Promise<ReadonlyMap<number | undefined, number>> {
  const first = 1_000;
  for (let from = 0; from < count; from += 500) {
    const commands = Array.from(
      { length: 500 },
      (_, at) => subscribeCommand(first + from + at, `many-${from + at}`),
    );
    client.send(commands.join("\n"));
  }
  const answers = () => client.lines.filter(({ id = 0 }) => id >= first);
  await client.until(() => answers().length === count, `${count} answers`);
  const codes = new Map<number | undefined, number>();
  for (const { error } of answers()) codes.set(error?.code, (codes.get(error?.code) ?? 0) + 1);
  return codes;
}

function subscribeCommand(id: number, channel: string): string {
  return JSON.stringify({ id, subscribe: { channel } });
}

async function channelsOf(node: NodeProcess): Promise<number> {
  return (await node.json<{ channels: number }>("/health")).body.channels;
}

/** How many connections the node has closed with `code`. */
async function closesOf(node: NodeProcess, code: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${node.port}/metrics`, { headers: { connection: "close" } });
  const text = await response.text();
  return Number(new RegExp(`^\\w+\\{code="${code}"\\} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
