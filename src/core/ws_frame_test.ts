import assert from "node:assert/strict";
import { Frame, Line } from "./frame.ts";
import { GrowingBytes } from "./growing_bytes.ts";
import { latin1Text } from "./latin1.ts";
import { Slab } from "./slab.ts";
import { bytesFrame, frameHeadSize, OPCODE, textFrame } from "./ws_frame.ts";

Deno.test("textFrame() writes 7, 16 and 64 bit lengths", () => {
  assert.deepEqual([...textFrame("hi", 2)], [0x81, 2, 104, 105]);
  assert.deepEqual([...textFrame("x".repeat(126), 126).subarray(0, 4)], [0x81, 126, 0, 126]);
  assert.deepEqual([...textFrame("x".repeat(65_535), 65_535).subarray(0, 4)], [0x81, 126, 255, 255]);
  const large = textFrame("x".repeat(65_536), 65_536);
  assert.deepEqual([...large.subarray(0, 10)], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  assert.equal(large.length, 65_536 + frameHeadSize(65_536));
});

Deno.test("textFrame() counts UTF-8 bytes", () => {
  assert.deepEqual([...textFrame("ü", 2)], [0x81, 2, 0xc3, 0xbc]);
});

Deno.test("bytesFrame() copies its payload", () => {
  const payload = Uint8Array.of(1, 2);
  const frame = bytesFrame(OPCODE.binary, payload);
  payload[0] = 9;
  assert.deepEqual([...frame], [0x82, 2, 1, 2]);
});

Deno.test("Frame.wire() is made once and the same for all", () => {
  const frame = Frame.of("once");
  assert.equal(frame.wire(), frame.wire());
  assert.deepEqual([...frame.wire()], [0x81, 4, ...new TextEncoder().encode("once")]);
});

Deno.test("Frame.wire() of many lines is several frames of 8 KiB at most, split between lines", () => {
  const lines = Array.from({ length: 50 }, (_, at) => new Line(`${at} é${"x".repeat(700)}`));
  const large = new Line("y".repeat(20_000));
  const frame = Frame.root().extend(lines[0]!).extend(Line.join(lines.slice(1))).extend(large);
  const payloads = payloadsIn(frame.wire(), OPCODE.text);
  const texts = payloads.map((payload) => new TextDecoder().decode(payload));
  assert.equal(texts.join("\n"), frame.text);
  assert.deepEqual(payloads.map(({ length }) => length > 7_400 && length <= 8_192), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  assert.equal(texts.at(-1), large.text, "a larger line is alone");
});

Deno.test("Frame.wire() fills a frame to its last byte, newline included", () => {
  const two = (size: number) =>
    Frame.root().extend(new Line("a".repeat(size))).extend(new Line("b".repeat(4_000)));
  assert.equal(payloadsIn(two(4_191).wire(), OPCODE.text).length, 1);
  assert.equal(payloadsIn(two(4_192).wire(), OPCODE.text).length, 2);
});

Deno.test("Frame.wire() splits lines that are no text as well", () => {
  const lines = Array.from({ length: 30 }, (_, at) => Line.ofBytes(new Uint8Array(1_000).fill(at)));
  const frame = Frame.root().extend(Line.join(lines));
  const payloads = payloadsIn(frame.wire(), OPCODE.binary);
  assert.deepEqual(payloads.map(({ length }) => length), [8_000, 8_000, 8_000, 6_000]);
  assert.deepEqual(payloads.flatMap((payload) => [...payload]), [...frame.bytes()]);
});

Deno.test("Slab.take() gives nothing out twice", () => {
  const slab = new Slab(64);
  const pieces = [slab.take(10), slab.take(16), slab.take(16), slab.take(16), slab.take(16), slab.take(40)];
  pieces.forEach((piece, at) => piece.fill(at + 1));
  pieces.forEach((piece, at) => assert.ok(piece.every((byte) => byte === at + 1), `piece ${at}`));
});

Deno.test("GrowingBytes keeps what was appended and forgets what was consumed", () => {
  const bytes = new GrowingBytes();
  for (let n = 0; n < 1_000; n++) bytes.append(Uint8Array.of(n & 255));
  bytes.consume(990);
  assert.deepEqual([...bytes.bytes], [990, 991, 992, 993, 994, 995, 996, 997, 998, 999].map((n) => n & 255));
});

Deno.test("latin1Text() reads within a view of a larger buffer", () => {
  const bytes = new TextEncoder().encode("0123456789").subarray(2, 8);
  assert.equal(latin1Text(bytes, 1, 4), "345");
  assert.equal(latin1Text(Uint8Array.of(0xfc), 0, 1), "ü");
});

/** Payloads of whole, unmasked frames of up to 64 KiB in a row. */
function payloadsIn(wire: Uint8Array<ArrayBuffer>, opcode: number): readonly Uint8Array<ArrayBuffer>[] {
  const payloads: Uint8Array<ArrayBuffer>[] = [];
  const view = new DataView(wire.buffer, wire.byteOffset, wire.length);
  for (let at = 0; at < wire.length;) {
    assert.equal(view.getUint8(at), 0x80 | opcode);
    const short = view.getUint8(at + 1);
    const size = short === 126 ? view.getUint16(at + 2) : short;
    const from = at + frameHeadSize(size);
    payloads.push(wire.subarray(from, from + size));
    at = from + size;
  }
  return payloads;
}
