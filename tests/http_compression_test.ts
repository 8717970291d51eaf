/** permessage-deflate on the wire: what is agreed, what goes out, what comes in, and what is refused. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { Frame } from "../src/core/frame.ts";
import { until } from "../src/testing/waiting.ts";
import { RawClient, type Started, startServer, upgradeHead } from "./http_kit.ts";

type Mode = "shared" | "connection";

const flush = { finishFlush: constants.Z_SYNC_FLUSH };
const TAIL = "\x00\x00\xff\xff";
const LONG = `"${"all the same ".repeat(30)}"`;

function serverWith(mode: Mode | undefined): Promise<Started> {
  return startServer("tcp", mode && { compression: { mode, thresholdBytes: 100 } });
}

async function open(port: number, offer: string): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.write(upgradeHead("/ws", { "Sec-WebSocket-Extensions": offer }));
  await until("the 101", () => client.text.includes("\r\n\r\n"));
  return client;
}

/** What was agreed; "" for nothing. */
function agreed(client: RawClient): string {
  return /sec-websocket-extensions: (.*)\r\n/.exec(client.text)?.[1] ?? "";
}

function deflated(text: string): Uint8Array {
  return deflateRawSync(Buffer.from(text, "latin1"), flush).subarray(0, -4);
}

/** A client frame with an all-zero mask. */
function frame(first: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < 126 ? [first, 0x80 | length] : [first, 0x80 | 126, length >> 8, length & 255];
  return Uint8Array.from([...head, 0, 0, 0, 0, ...payload]);
}

/** First bytes and payloads of the frames that have come. */
function framesOf(client: RawClient): readonly (readonly [number, string])[] {
  const frames: [number, string][] = [];
  let rest = client.text.slice(client.text.indexOf("\r\n\r\n") + 4);
  while (rest.length >= 2) {
    const short = rest.charCodeAt(1);
    const head = short < 126 ? 2 : 4;
    const size = short < 126 ? short : rest.charCodeAt(2) * 256 + rest.charCodeAt(3);
    if (rest.length < head + size) break;
    frames.push([rest.charCodeAt(0), rest.slice(head, head + size)]);
    rest = rest.slice(head + size);
  }
  return frames;
}

async function received(client: RawClient, count: number): Promise<readonly (readonly [number, string])[]> {
  await until(`${count} frames`, () => framesOf(client).length >= count);
  return framesOf(client);
}

function inflated(payloads: readonly string[]): string {
  return inflateRawSync(Buffer.from(payloads.map((each) => each + TAIL).join(""), "latin1"), flush).toString(
    "latin1",
  );
}

for (const mode of ["shared", "connection"] as const) {
  Deno.test(`a ${mode} WebSocket deflates long messages, takes deflated ones, and fragments of them`, async () => {
    await using server = await serverWith(mode);
    await using client = await open(server.port, "permessage-deflate; client_max_window_bits");
    assert.match(agreed(client), /^permessage-deflate; client_no_context_takeover/);
    assert.equal(agreed(client).includes("server_no_context_takeover"), mode === "shared");
    await client.write(frame(0xc1, deflated(LONG)));
    await client.write(frame(0x81, Buffer.from('"short"')));
    const packed = deflated(LONG);
    await client.write(frame(0x41, packed.subarray(0, 10)));
    await client.write(frame(0x80, packed.subarray(10)));
    await client.write(frame(0xc2, packed));
    const frames = await received(client, 4);
    assert.deepEqual(server.seen.messages.slice(0, 3), [LONG, '"short"', LONG]);
    assert.deepEqual(frames.map(([first]) => first), [0xc1, 0x81, 0xc1, 0xc2]);
    const packedFrames = [frames[0], frames[2], frames[3]].map((each) => each?.[1] ?? "");
    if (mode === "shared") { for (const each of packedFrames) assert.equal(inflated([each]), LONG); }
    else assert.equal(inflated(packedFrames), LONG.repeat(3));
    const [first = "", second = ""] = packedFrames;
    assert.equal(second.length < first.length, mode === "connection");
  });
}

Deno.test("one frame to many sockets is deflated once where no context is kept", async () => {
  await using server = await serverWith("shared");
  await using one = await open(server.port, "permessage-deflate");
  await using two = await open(server.port, "permessage-deflate");
  await using plain = await RawClient.webSocket(server.port);
  await until("three sockets", () => server.seen.sockets.length === 3);
  const shared = Frame.of(LONG);
  for (const socket of server.seen.sockets) socket.send(shared);
  const frames = await Promise.all([one, two, plain].map((client) => received(client, 1)));
  const [atOne, atTwo, atPlain] = frames.map(([first]) => first);
  assert.deepEqual(atOne, atTwo);
  assert.equal(atOne?.[0], 0xc1);
  assert.deepEqual(atPlain, [0x81, LONG]);
});

Deno.test("a message that inflates past max_message_bytes is closed 1009, and nobody hears of it", async () => {
  await using server = await serverWith("shared");
  await using client = await open(server.port, "permessage-deflate");
  await client.write(frame(0xc1, deflated("x".repeat(900_000))));
  const [[first, payload] = [0, ""]] = await received(client, 1);
  assert.equal(first, 0x88);
  assert.equal(payload.charCodeAt(0) * 256 + payload.charCodeAt(1), 1009);
  await until("the close", () => server.seen.closes.length === 1);
  assert.deepEqual(server.seen.messages, []);
});

Deno.test("malformed deflate data is closed 1007", async () => {
  await using server = await serverWith("connection");
  await using client = await open(server.port, "permessage-deflate");
  await client.write(frame(0xc1, Uint8Array.of(7, 7, 7, 7)));
  const [[, payload] = [0, ""]] = await received(client, 1);
  assert.equal(payload.charCodeAt(0) * 256 + payload.charCodeAt(1), 1007);
});

Deno.test("a deflated frame that was not agreed on, or within a message, is closed 1002", async () => {
  await using off = await serverWith(undefined);
  await using on = await serverWith("shared");
  await using unasked = await open(off.port, "permessage-deflate");
  assert.equal(agreed(unasked), "");
  await using unoffered = await RawClient.webSocket(on.port);
  await using late = await open(on.port, "permessage-deflate");
  await late.write(frame(0x01, Buffer.from("a")));
  await using ping = await open(on.port, "permessage-deflate");
  const cases: readonly (readonly [RawClient, number])[] = [
    [unasked, 0xc1],
    [unoffered, 0xc1],
    [late, 0xc0],
    [ping, 0xc9],
  ];
  for (const [client, first] of cases) {
    await client.write(frame(first, Uint8Array.of(0)));
    const [[, payload] = [0, ""]] = await received(client, 1);
    assert.equal(payload.charCodeAt(0) * 256 + payload.charCodeAt(1), 1002, first.toString(16));
  }
});
