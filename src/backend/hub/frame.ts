import type { Message } from "../memory/mod.ts";

/**
 * The wire between a node and its hub. A frame is: u32 bytes that follow, u8 kind, u32 number, u32 bytes of the first
 * text, first text, second text; big-endian, UTF-8. A hub forwards a publish frame to subscribers as it came.
 */
export const HEADER_BYTES = 13;
const LENGTH_BYTES = 4;

/** Changes when a node and a hub of different versions would not understand each other. The number of a `hello`. */
export const FORMAT = 1;

/** A longer frame ends the connection that sent it. */
export const MAX_FRAME_BYTES = 12 << 20;
/** The same before the secret was given. */
export const MAX_HELLO_BYTES = 1_024;

/** What a frame means; in brackets its number, first and second text. */
export const Kind = {
  /** Node to hub, first of all (format, secret, node id). */
  hello: 1,
  /** Hub to node: the hello was good. */
  welcome: 2,
  /** Hub to node, then it hangs up (-, -, reason). */
  refused: 3,
  /** Node to hub, and hub to subscribers (-, channel, message). */
  publish: 4,
  /** Hub to node: so many more of `publish` were taken, in their order (count). */
  taken: 5,
  /** Node to hub (request, channel). */
  subscribe: 6,
  /** Node to hub (-, channel). */
  unsubscribe: 7,
  /** Node to hub, and hub to that node (request, node id, message). Answered with the number of receivers. */
  toNode: 8,
  /** Node to hub, and hub to every node (request, -, message). */
  toAll: 9,
  /** Node to hub: a call of what {@linkcode Calls} lists (request, name, arguments as JSON). */
  call: 10,
  /** Hub to node (request, -, result as JSON or nothing). */
  answer: 11,
  /** Hub to node (request, -, what went wrong). */
  failed: 12,
  /** Node to hub (-, channel, see `encodeAppend`). Answered in one order with `publish`, by one of the next two. */
  append: 13,
  /** Hub to node (-, epoch, offset). */
  stored: 14,
  /** Hub to node (-, -, what went wrong). */
  notStored: 15,
  /** Node to hub, and hub to subscribers (request, channel, message). Answered with the number of receivers. */
  toChannel: 16,
} as const;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One frame where it lies in the reader's buffer. The reader uses one object for all: read it before returning. */
export class FrameView implements Message {
  bytes = new Uint8Array();
  kind = 0;
  number = 0;
  from = 0;
  to = 0;
  #secondFrom = 0;

  /** Looks at the frame in `bytes` from `from` to `to`; false when its parts do not fit together. */
  look(bytes: Uint8Array<ArrayBuffer>, from: number, to: number): boolean {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    if (to - from < HEADER_BYTES) return false;
    this.kind = bytes[from + LENGTH_BYTES] ?? 0;
    this.number = readU32(bytes, from + 5);
    this.#secondFrom = from + HEADER_BYTES + readU32(bytes, from + 9);
    return this.#secondFrom <= to;
  }

  get first(): string {
    return textOf(this.bytes, this.from + HEADER_BYTES, this.#secondFrom);
  }

  get second(): string {
    return textOf(this.bytes, this.#secondFrom, this.to);
  }

  /** The second text, under the name that the memory hub knows. */
  get text(): string {
    return this.second;
  }
}

/** Bytes of the frame that begins at `from`, its length field included. */
export function frameBytesAt(bytes: Uint8Array, from: number): number {
  return LENGTH_BYTES + readU32(bytes, from);
}

/** Writes the numbers of a frame that ends at `to` and whose first text has `firstBytes`. */
export function writeHeader(
  bytes: Uint8Array,
  frame: { readonly from: number; readonly to: number; readonly firstBytes: number },
  kind: number,
  number: number,
): void {
  writeU32(bytes, frame.from, frame.to - frame.from - LENGTH_BYTES);
  bytes[frame.from + LENGTH_BYTES] = kind;
  writeU32(bytes, frame.from + 5, number);
  writeU32(bytes, frame.from + 9, frame.firstBytes);
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return from === to ? "" : decoder.decode(bytes.subarray(from, to));
}

function readU32(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
