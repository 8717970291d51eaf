import assert from "node:assert/strict";
import { FrameParser, type FrameSink } from "./frame_parser.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MAX = 1_000;
const KEY = [0x12, 0xf4, 0x56, 0x9a];
const encoder = new TextEncoder();

/** A masked frame. `head`: its first byte; `length`: the bytes that tell the length, where they are not the usual. */
function frame(head: number, payload: string | readonly number[] = "", length?: readonly number[]): Bytes {
  const bytes = typeof payload === "string" ? [...encoder.encode(payload)] : payload;
  const usual = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 255];
  const [first = 0, ...rest] = length ?? usual;
  const masked = bytes.map((byte, at) => byte ^ (KEY[at % 4] ?? 0));
  return Uint8Array.from([head, first | 0x80, ...rest, ...KEY, ...masked]);
}

function joined(...frames: readonly Bytes[]): Bytes {
  return Uint8Array.from(frames.flatMap((each) => [...each]));
}

/** Parses `bytes`, cut at steps of `step`. Answers what came out, in order; a close that the parser asks for is last. */
function parse(bytes: Bytes, step = bytes.length, max = MAX): unknown[] {
  const seen: unknown[] = [];
  let isOver = false;
  const see = (...event: unknown[]) => {
    seen.push(event);
    isOver = event[0] === "close";
    return !isOver;
  };
  const sink: FrameSink = {
    onText: (text) => see("text", text),
    onBinary: (binary) => see("binary", [...binary]),
    onPing: (payload) => see("ping", new TextDecoder().decode(payload)),
    onPong: () => see("pong"),
    onCloseFrame: (code, reason) => see("close", code, reason),
  };
  const parser = new FrameParser(max);
  // One buffer for all reads, as the transport has it: nothing may rely on what it held before.
  const buffer = new Uint8Array(Math.max(step, 1));
  for (let at = 0; at < bytes.length && !isOver; at += step) {
    const piece = bytes.subarray(at, at + step);
    buffer.set(piece);
    const fault = parser.push(buffer.subarray(0, piece.length), sink);
    buffer.fill(0xee);
    if (fault !== undefined) return [...seen, fault.code];
  }
  return seen;
}

const sound: readonly (readonly [string, Bytes, unknown[]])[] = [
  ["an empty text", frame(0x81), [["text", ""]]],
  ["ASCII", frame(0x81, "hello, world"), [["text", "hello, world"]]],
  ["other characters", frame(0x81, "grüße 😀"), [["text", "grüße 😀"]]],
  ["a byte order mark, kept", frame(0x81, "\ufeffa"), [["text", "\ufeffa"]]],
  ["binary", frame(0x82, [0, 255, 7]), [["binary", [0, 255, 7]]]],
  ["a text of 126 bytes", frame(0x81, "x".repeat(126)), [["text", "x".repeat(126)]]],
  ["a message at the limit", frame(0x81, "y".repeat(MAX)), [["text", "y".repeat(MAX)]]],
  ["several frames", joined(frame(0x81, "a"), frame(0x82, [1]), frame(0x8a), frame(0x81, "b")), [
    ["text", "a"],
    ["binary", [1]],
    ["pong"],
    ["text", "b"],
  ]],
  [
    "fragments with a ping among them",
    joined(frame(0x01, "a"), frame(0x00, "ü"), frame(0x89, "?"), frame(0x80, "c")),
    [["ping", "?"], ["text", "aüc"]],
  ],
  ["a character across fragments", joined(frame(0x01, [0xc3]), frame(0x80, [0xbc])), [["text", "ü"]]],
  ["binary fragments", joined(frame(0x02, [1]), frame(0x00), frame(0x80, [2])), [["binary", [1, 2]]]],
  ["a close without code", frame(0x88), [["close", 1005, ""]]],
  ["a close with code and reason", frame(0x88, [0x0f, 0xa1, 98, 121, 101]), [["close", 4001, "bye"]]],
  ["nothing behind a close", joined(frame(0x88), frame(0x81, "late")), [["close", 1005, ""]]],
];

for (const [what, bytes, expected] of sound) {
  Deno.test(`FrameParser reads ${what}, whole and cut anywhere`, () => {
    for (const step of [1, 2, 3, 5, 7, 64, bytes.length]) {
      assert.deepEqual(parse(bytes, step), expected, `step ${step}`);
    }
  });
}

const broken: readonly (readonly [string, Bytes, number])[] = [
  ["an unmasked frame", Uint8Array.of(0x81, 1, 97), 1002],
  ["reserved bits", frame(0xc1, "a"), 1002],
  ["a reserved data opcode", frame(0x83, "a"), 1002],
  ["a reserved control opcode", frame(0x8b), 1002],
  ["a fragmented control frame", frame(0x09), 1002],
  ["a long control frame", frame(0x89, "x".repeat(126)), 1002],
  ["a continuation of nothing", frame(0x80, "a"), 1002],
  ["a message within a message", joined(frame(0x01, "a"), frame(0x81, "b")), 1002],
  ["a length in more bytes than it needs", frame(0x81, "a", [126, 0, 1]), 1002],
  ["a long length in more bytes than it needs", frame(0x81, "a", [127, 0, 0, 0, 0, 0, 0, 0, 1]), 1002],
  ["a negative length", frame(0x81, "a", [127, 0x80, 0, 0, 0, 0, 0, 0, 0]), 1002],
  ["a length past all bounds", frame(0x81, "a", [127, 0x7f, 255, 255, 255, 255, 255, 255, 255]), 1009],
  ["a message over the limit", frame(0x81, "x".repeat(MAX + 1)), 1009],
  ["fragments over the limit", joined(frame(0x01, "x".repeat(MAX)), frame(0x00, "x")), 1009],
  ["text that is not UTF-8", frame(0x81, [0xff]), 1007],
  ["an overlong form", frame(0x81, [0xc0, 0x80]), 1007],
  ["half a character", frame(0x81, [0xe2, 0x82]), 1007],
  ["a surrogate", frame(0x81, [0xed, 0xa0, 0x80]), 1007],
  ["a close of one byte", frame(0x88, [3]), 1002],
  ["a close code that is never sent", frame(0x88, [3, 0xed]), 1002],
  ["a close code of nobody", frame(0x88, [0, 1]), 1002],
  ["a reason that is not UTF-8", frame(0x88, [3, 0xe8, 0xff]), 1007],
];

for (const [what, bytes, code] of broken) {
  Deno.test(`FrameParser closes ${code} on ${what}`, () => {
    for (const step of [1, 3, bytes.length]) assert.deepEqual(parse(bytes, step), [code], `step ${step}`);
  });
}

Deno.test("FrameParser refuses a length that is only claimed, before the payload", () => {
  assert.deepEqual(parse(Uint8Array.of(0x81, 0xfe, 0x03, 0xe9)), [1009]);
});

Deno.test("FrameParser closes 1008 on endless fragments without content", () => {
  const frames = [frame(0x01), ...Array.from({ length: 5_000 }, () => frame(0x00))];
  assert.deepEqual(parse(joined(...frames)), [1008]);
});

Deno.test("FrameParser gives the same for mutated bytes however they are cut", () => {
  let seed = 20_240_601;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff) % below;
  const all = joined(...sound.slice(0, -4).map(([, bytes]) => bytes));
  for (let round = 0; round < 1_000; round++) {
    const bytes = all.slice();
    for (let n = random(6); n >= 0; n--) bytes[random(bytes.length)] = random(256);
    const whole = parse(bytes);
    assert.deepEqual(parse(bytes, 1 + random(40)), whole, `round ${round}`);
  }
});
