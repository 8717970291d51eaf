import assert from "node:assert/strict";
import { pause, until } from "../src/testing/waiting.ts";
import {
  clientFrame,
  RawClient,
  requestHead,
  startServer,
  statusOf,
  transports,
  upgradeHead,
} from "./http_kit.ts";

const HOST = { Host: "localhost" };
const GET = requestHead("GET", "/health", HOST);
const LARGE = requestHead("GET", "/metrics", HOST);
const POST = requestHead("POST", "/x", { ...HOST, "Content-Length": "100" });
const CHUNKED = requestHead("POST", "/x", { ...HOST, "Transfer-Encoding": "chunked" });
const BOUND = 30;

/** What is sent before the peer goes without a word; a number is how many bytes of the answer it waits for. */
const deaths: readonly (readonly [what: string, ...(string | Uint8Array | number)[]])[] = [
  ["nothing"],
  ["half a head", "GET / HT"],
  ["an answered request", GET, 1],
  ["a request that nobody heard the answer of", GET],
  ["many at once", GET.repeat(50), 1],
  ["a large answer, unread", LARGE],
  ["a large answer, half read", LARGE, 70_000],
  ["half a body", `${POST}abc`],
  ["half a chunk", `${CHUNKED}a\r\nabc`],
  ["a malformed head", "GET /\r\n\r\n"],
  ["a body behind a busy request", LARGE + "x".repeat(100_000)],
  ["an upgrade", upgradeHead()],
  ["an open WebSocket", upgradeHead(), 1],
  ["half a frame", upgradeHead(), 1, Uint8Array.of(0x81, 0xff, 0)],
  ["half a message", upgradeHead(), 1, clientFrame(1, "a", false)],
  ["a close frame", upgradeHead(), 1, clientFrame(8, "")],
  ["a broken frame", upgradeHead(), 1, Uint8Array.of(0xff, 0xff)],
  ["messages behind the head", upgradeHead() + String.fromCharCode(...clientFrame(1, "throw"))],
  ["echoes that nobody reads", upgradeHead(), 1, ...new Array(50).fill(clientFrame(1, "x".repeat(900)))],
];

async function die(port: number, steps: readonly (string | Uint8Array | number)[]): Promise<void> {
  await using client = await RawClient.connect(port);
  try {
    for (const step of steps) {
      if (typeof step !== "number") await client.write(step);
      else await until("an answer", () => client.text.length >= step || client.isEnded);
    }
  } catch (error) {
    // It was cut off before it had said all.
    if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
      throw error;
    }
  }
}

for (const transport of transports) {
  Deno.test(`${transport} forgets connections however they die`, async () => {
    await using started = await startServer(transport, { maxConnections: BOUND });
    const { port, server, seen } = started;
    for (const [what, ...steps] of deaths) {
      // More than the bound in all: what is left behind would keep the last ones out.
      for (let n = 0; n < 2; n++) {
        await Promise.all(Array.from({ length: BOUND / 2 }, () => die(port, steps)));
      }
      const isFree = async () => {
        const all = Array.from({ length: BOUND - 5 }, () => statusOf(port, GET));
        return (await Promise.all(all)).every((status) => status === 200);
      };
      const endMs = performance.now() + 5_000;
      do {
        assert.ok(performance.now() < endMs, `${what}: places are still taken`);
        // The server may accept the next before it reads that the last have gone.
        await pause(20);
      } while (!await isFree());
    }
    await until("the end of all sockets", () => server.socketCount === 0);
    assert.equal(seen.closes.length, seen.sockets.length);
  });
}
