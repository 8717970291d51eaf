import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { Frame } from "../../../core/frame.ts";
import { OPCODE } from "../../../core/ws_frame.ts";
import { Compression } from "./compression.ts";
import { ConnectionDeflater, SharedDeflater } from "./deflater.ts";
import { Inflater, MESSAGE_TAIL } from "./inflater.ts";
import { acceptOffer } from "./offer.ts";
import { hasZlibEngine } from "./zlib_engine.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const TEXT = `{"push":{"channel":"é","pub":{"data":"${"all the same ".repeat(40)}"}}}`;
const flush = { finishFlush: constants.Z_SYNC_FLUSH };

/** A message as a client deflates it. */
function packed(bytes: Bytes): Bytes {
  return new Uint8Array(deflateRawSync(bytes, flush)).slice(0, -MESSAGE_TAIL.length);
}

/** Opcode byte and payload of a WebSocket frame of ours. */
function parts(wire: Bytes): { readonly first: number; readonly payload: Bytes } {
  const short = wire[1] ?? 0;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  return { first: wire[0] ?? 0, payload: wire.slice(head) };
}

function unpacked(payload: Bytes): string {
  return inflateRawSync(Buffer.concat([payload, MESSAGE_TAIL]), flush).toString();
}

Deno.test("acceptOffer() takes the first offer that it can keep", () => {
  const shared = "permessage-deflate; client_no_context_takeover; server_no_context_takeover";
  const own = "permessage-deflate; client_no_context_takeover";
  const cases: readonly (readonly [string | null, "shared" | "connection", string | undefined])[] = [
    [null, "shared", undefined],
    ["", "shared", undefined],
    ["x-webkit-deflate-frame", "shared", undefined],
    ["permessage-deflate", "shared", shared],
    ["permessage-deflate", "connection", own],
    ["permessage-deflate; client_max_window_bits", "connection", own],
    ['permessage-deflate; client_max_window_bits="10"', "connection", own],
    ["permessage-deflate; server_no_context_takeover", "connection", shared],
    ["permessage-deflate;server_max_window_bits=15", "shared", `${shared}; server_max_window_bits=12`],
    ["permessage-deflate; server_max_window_bits=9, permessage-deflate", "shared", shared],
    ["permessage-deflate; server_max_window_bits=9", "shared", undefined],
    ["permessage-deflate; server_max_window_bits", "shared", undefined],
    ["permessage-deflate; server_max_window_bits=16", "shared", undefined],
    ["permessage-deflate; client_max_window_bits=07", "shared", undefined],
    ["permessage-deflate; client_no_context_takeover=1", "shared", undefined],
    ["permessage-deflate; client_no_context_takeover; client_no_context_takeover", "shared", undefined],
    ["permessage-deflate; unheard_of", "shared", undefined],
    [`permessage-deflate${"; x".repeat(1_000)}`, "shared", undefined],
  ];
  for (const [header, mode, wanted] of cases) {
    assert.equal(acceptOffer(header, mode), wanted, header ?? "null");
  }
});

Deno.test("hasZlibEngine() finds what lies under node:zlib in this runtime", () => {
  assert.ok(hasZlibEngine());
});

Deno.test("SharedDeflater deflates a frame once for all, each alone", () => {
  const deflater = new SharedDeflater(64);
  const frame = Frame.of(TEXT);
  const wire = deflater.frame(frame);
  assert.equal(deflater.frame(frame), wire);
  const { first, payload } = parts(wire);
  assert.equal(first, 0x80 | 0x40 | OPCODE.text);
  assert.ok(payload.length < TEXT.length / 4);
  assert.equal(unpacked(payload), TEXT);
  const other = parts(deflater.frame(Frame.of(TEXT)));
  assert.deepEqual(other.payload, payload);
});

Deno.test("SharedDeflater sends as it is what is short or gets no shorter", () => {
  const deflater = new SharedDeflater(64);
  const short = Frame.of("{}");
  assert.equal(deflater.frame(short), short.wire());
  const noise = crypto.getRandomValues(new Uint8Array(4_000));
  const { first, payload } = parts(deflater.message(OPCODE.binary, noise));
  assert.equal(first, 0x80 | OPCODE.binary);
  assert.deepEqual(payload, noise);
});

Deno.test("ConnectionDeflater refers to what it sent before, and to nothing that went as it was", () => {
  const deflater = new ConnectionDeflater(64);
  const noise = crypto.getRandomValues(new Uint8Array(3_000));
  const wires = [
    deflater.frame(Frame.of(TEXT)),
    deflater.frame(Frame.of("{}")),
    deflater.message(OPCODE.binary, noise),
    deflater.frame(Frame.of(TEXT)),
    deflater.frame(Frame.of(TEXT)),
  ];
  const [first, short, binary, again] = wires.map((wire) => parts(wire));
  assert.ok(first && short && binary && again);
  assert.equal(short.first, 0x80 | OPCODE.text);
  assert.equal(binary.first, 0x80 | 0x40 | OPCODE.binary);
  assert.ok(again.payload.length < first.payload.length / 2, `${again.payload.length}`);
  // One inflating context for all, as a peer has it.
  const sent = wires.map(parts).filter(({ first }) => (first & 0x40) !== 0).map(({ payload }) => payload);
  const whole = inflateRawSync(Buffer.concat(sent.flatMap((payload) => [payload, MESSAGE_TAIL])), flush);
  assert.deepEqual(whole, Buffer.concat([Buffer.from(TEXT), noise, Buffer.from(TEXT), Buffer.from(TEXT)]));
  deflater.close();
  assert.equal(parts(deflater.frame(Frame.of(TEXT))).first, 0x80 | OPCODE.text);
});

Deno.test("Inflater gives messages back up to its bound, and says 1009 past it", () => {
  const inflater = new Inflater(10_000);
  const message = new Uint8Array(10_000).fill(7);
  assert.deepEqual(new Uint8Array(inflater.inflate(packed(message)) as Bytes), message);
  assert.deepEqual(inflater.inflate(packed(new Uint8Array(10_001))), {
    code: 1009,
    reason: "message too big",
  });
  const bomb = packed(new Uint8Array(100 * 1024 * 1024));
  // The best of several: a busy machine may stop any one of them.
  const tookMs = Array.from({ length: 5 }, () => {
    const startMs = performance.now();
    assert.deepEqual(inflater.inflate(bomb), { code: 1009, reason: "message too big" });
    return performance.now() - startMs;
  });
  assert.ok(Math.min(...tookMs) < 100, tookMs.join());
  assert.deepEqual(new Uint8Array(inflater.inflate(packed(message)) as Bytes), message);
});

Deno.test("Inflater says 1007 to what is not deflated, and goes on with the next", () => {
  const inflater = new Inflater(10_000);
  const message = new TextEncoder().encode(TEXT);
  for (const bad of [[7, 7, 7, 7], [0xff, 0xff], [0x06, 1, 2, 3]]) {
    assert.deepEqual(inflater.inflate(Uint8Array.from(bad)), {
      code: 1007,
      reason: "malformed deflate data",
    });
    assert.deepEqual(new Uint8Array(inflater.inflate(packed(message)) as Bytes), message);
  }
});

Deno.test("Inflater takes 5,000 mutated messages without harm", () => {
  const inflater = new Inflater(10_000);
  const whole = packed(new TextEncoder().encode(TEXT));
  for (let n = 0; n < 5_000; n++) {
    const bytes = whole.slice(0, 1 + n % whole.length);
    bytes[n * 7 % bytes.length] = n * 31 % 256;
    const result = inflater.inflate(bytes);
    assert.ok(result instanceof Uint8Array ? result.length <= 10_000 : [1007, 1009].includes(result.code));
  }
});

Deno.test("Compression agrees with nobody when it is off", () => {
  const log = { warn: () => {}, error: () => {} };
  assert.equal(Compression.of(undefined, 1_000, log), undefined);
  const compression = Compression.of({ mode: "shared", thresholdBytes: 64 }, 1_000, log);
  assert.equal(compression?.agree(null), undefined);
  assert.ok(compression?.agree("permessage-deflate"));
});
