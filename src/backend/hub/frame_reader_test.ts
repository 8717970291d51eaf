import assert from "node:assert/strict";
import { frameBytesAt, HEADER_BYTES, MAX_FRAME_BYTES } from "./frame.ts";
import { FrameReader } from "./frame_reader.ts";
import { Outbox } from "./outbox.ts";

type Read = readonly [kind: number, number: number, first: string, second: string];

const FRAMES: readonly Read[] = [
  [4, 0, "default/room", '{"a":1}'],
  [5, 4_294_967_295, "", ""],
  [6, 7, "日本語/🚀", ""],
  [9, 8, "", "\uFEFFline\n\0é"],
];

/** The bytes that an outbox writes for `frames`. */
async function bytesOf(frames: readonly Read[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const outbox = new Outbox({ maxBytes: 1 << 24, onBroken: (cause) => assert.fail(String(cause)) });
  for (const frame of frames) assert.equal(outbox.send(...frame), true);
  outbox.start({ write: (bytes) => Promise.resolve(chunks.push(bytes.slice())).then(() => bytes.length) });
  while (outbox.bytes > 0) await Promise.resolve();
  return chunks[0] ?? new Uint8Array();
}

/** Reads `bytes` in pieces of at most `pieceBytes`. */
async function read(bytes: Uint8Array, pieceBytes: number, maxFrameBytes = MAX_FRAME_BYTES): Promise<Read[]> {
  const frames: Read[] = [];
  let at = 0;
  const source = {
    read(into: Uint8Array): Promise<number | null> {
      assert.ok(into.length > 0, "no room to read into");
      const piece = bytes.subarray(at, at + Math.min(pieceBytes, into.length));
      at += piece.length;
      into.set(piece);
      return Promise.resolve(piece.length === 0 ? null : piece.length);
    },
  };
  await new FrameReader(maxFrameBytes).run(source, {
    onFrame: ({ kind, number, first, second }) => void frames.push([kind, number, first, second]),
    onBatchEnd() {},
  });
  return frames;
}

Deno.test("FrameReader reads what Outbox wrote, wherever the bytes are cut", async () => {
  const bytes = await bytesOf(FRAMES);
  for (let pieceBytes = 1; pieceBytes <= bytes.length; pieceBytes++) {
    assert.deepEqual(await read(bytes, pieceBytes), FRAMES);
  }
});

Deno.test("FrameReader reads frames larger than its buffer between small ones", async () => {
  const frames: readonly Read[] = [[4, 0, "a", "small"], [4, 0, "a", "é".repeat(300_000)], [
    4,
    0,
    "b",
    "x".repeat(65_536),
  ], ...FRAMES];
  assert.deepEqual(await read(await bytesOf(frames), 100_000), frames);
});

Deno.test("FrameReader rejects with RangeError on a frame over the limit, before it holds it", async () => {
  const bytes = await bytesOf([[4, 0, "a", "x".repeat(2_000)]]);
  await assert.rejects(read(bytes, HEADER_BYTES, 1_024), RangeError);
});

Deno.test("FrameReader rejects with RangeError on a frame whose parts do not fit", async () => {
  const shorterThanHeader = new Uint8Array(HEADER_BYTES);
  await assert.rejects(read(shorterThanHeader, 100), RangeError);
  const firstTextTooLong = await bytesOf([[4, 0, "abc", ""]]);
  firstTextTooLong[12] = 4;
  await assert.rejects(read(firstTextTooLong, 100), RangeError);
});

Deno.test("frameBytesAt() counts the length field in", async () => {
  const bytes = await bytesOf([[4, 0, "abc", "de"]]);
  assert.equal(frameBytesAt(bytes, 0), bytes.length);
});
