import { ReadBuffer } from "./read_buffer.ts";
import { RespError, type RespValue, simpleValue } from "./resp_value.ts";

/** Where parsed values go; called in the order of the wire. */
export interface RespHandler {
  /** A message of a subscribed channel. */
  onMessage(name: string, message: string): void;
  /** Any other push: its kind and the rest. */
  onPush(kind: string, rest: readonly RespValue[]): void;
  /** The answer to a command. */
  onReply(value: RespValue): void;
}

/** Bounds of what a parser takes before it gives up. */
export interface RespLimits {
  /** Bytes of one value, nested ones included. */
  readonly maxValueBytes: number;
  /** Bytes of one line: a status, an error, a number. */
  readonly maxLineBytes: number;
  /** Elements of one list, map, set or push. */
  readonly maxElements: number;
  readonly maxDepth: number;
}

/** Far above all that the bus asks for, far below what would hurt. */
export const defaultRespLimits: RespLimits = {
  maxValueBytes: 32 * 1024 * 1024,
  maxLineBytes: 16 * 1024,
  maxElements: 4_096,
  maxDepth: 8,
};

/** A list that is not complete yet. */
interface Frame {
  readonly isPush: boolean;
  readonly values: RespValue[];
  left: number;
}

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const COLON = 58;
const MESSAGE = new TextEncoder().encode(">3\r\n$7\r\nmessage\r\n");
const SHARDED_MESSAGE = new TextEncoder().encode(">3\r\n$8\r\nsmessage\r\n");
const INCOMPLETE = Symbol("incomplete");

/**
 * Reads RESP3 from bytes that arrive in any pieces. Put bytes into {@linkcode target}, then {@linkcode commit} them.
 * No byte is looked at twice, but for the line or the header that a piece cut in two.
 */
export class RespParser {
  readonly #handler: RespHandler;
  readonly #limits: RespLimits;
  readonly #message: Uint8Array;
  readonly #buffer: ReadBuffer;
  readonly #stack: Frame[] = [];
  #valueBytes = 0;
  #lineFrom = 0;
  #bulkLength = 0;

  /** `isSharded`: most pushes will be messages of sharded pub/sub; others are read too, only slower. */
  constructor(handler: RespHandler, limits: RespLimits = defaultRespLimits, isSharded = false) {
    this.#message = isSharded ? SHARDED_MESSAGE : MESSAGE;
    this.#handler = handler;
    this.#limits = limits;
    this.#buffer = new ReadBuffer(limits.maxValueBytes);
  }

  /** Free space for the next bytes; valid until the next {@linkcode commit}. */
  target(): Uint8Array<ArrayBuffer> {
    return this.#buffer.target();
  }

  /** Takes `count` bytes that were put into {@linkcode target}. Throws {@linkcode RespError} on garbage. */
  commit(count: number): void {
    const buffer = this.#buffer;
    buffer.commit(count);
    while (buffer.start < buffer.end) {
      if (this.#stack.length === 0 && (this.#takeMessage() || this.#takeCount())) continue;
      if (!this.#step()) break;
    }
    this.#lineFrom -= buffer.settle();
  }

  /** The hot path: a whole `message` push in the buffer, read without a frame or a list. */
  #takeMessage(): boolean {
    const { bytes, start, end } = this.#buffer;
    const head = this.#message;
    if (end - start < head.length) return false;
    for (let i = 0; i < head.length; i++) {
      if (bytes[start + i] !== head[i]) return false;
    }
    const nameFrom = this.#bulkAt(start + head.length);
    if (nameFrom < 0) return false;
    const nameTo = nameFrom + this.#bulkLength;
    const from = this.#bulkAt(nameTo + 2);
    if (from < 0) return false;
    const to = from + this.#bulkLength;
    const name = this.#buffer.text(nameFrom, nameTo);
    const message = this.#buffer.text(from, to);
    this.#buffer.start = to + 2;
    this.#handler.onMessage(name, message);
    return true;
  }

  /** The other hot reply: the count that answers a PUBLISH. */
  #takeCount(): boolean {
    const { bytes, start, end } = this.#buffer;
    if (bytes[start] !== COLON) return false;
    let count = 0;
    let at = start + 1;
    for (; at < end && at < start + 10; at++) {
      const digit = (bytes[at] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      count = count * 10 + digit;
    }
    if (at === start + 1 || at + 2 > end || bytes[at] !== CR || bytes[at + 1] !== LF) return false;
    this.#buffer.start = at + 2;
    this.#handler.onReply(count);
    return true;
  }

  /** Where the bytes of a complete bulk string whose `$` is at `at` begin, its length in `#bulkLength`; else -1. */
  #bulkAt(at: number): number {
    const { bytes, end } = this.#buffer;
    if (at >= end || bytes[at] !== DOLLAR) return -1;
    let length = 0;
    let i = at + 1;
    for (; i < end && i < at + 10; i++) {
      const digit = (bytes[i] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
    }
    const from = i + 2;
    const to = from + length;
    if (i === at + 1 || to + 2 > end) return -1;
    if (bytes[i] !== CR || bytes[i + 1] !== LF || bytes[to] !== CR || bytes[to + 1] !== LF) return -1;
    this.#bulkLength = length;
    return from;
  }

  /** Reads one element, whatever it is. False when it is not complete. */
  #step(): boolean {
    const { bytes, start } = this.#buffer;
    const type = String.fromCharCode(bytes[start] ?? 0);
    const from = start + 1;
    switch (type) {
      case "$":
      case "=":
        return this.#bulk(from, type === "=");
      case "*":
      case "~":
      case "%":
      case ">":
        return this.#list(from, type);
      default:
        return this.#simple(from, type);
    }
  }

  #simple(from: number, type: string): boolean {
    const line = this.#line(from);
    if (line === INCOMPLETE) return false;
    this.#consume(line.next);
    this.#complete(simpleValue(type, line.text));
    return true;
  }

  #bulk(from: number, isVerbatim: boolean): boolean {
    const line = this.#line(from);
    if (line === INCOMPLETE) return false;
    const length = this.#count(line.text, this.#limits.maxValueBytes, "a string");
    const to = line.next + length;
    if (to + 2 - this.#buffer.start > this.#limits.maxValueBytes) throw tooLarge(length, this.#limits);
    if (to + 2 > this.#buffer.end) return false;
    if (this.#buffer.bytes[to] !== CR || this.#buffer.bytes[to + 1] !== LF) {
      throw new RespError("Cannot read Redis reply: a string does not end where it should");
    }
    // A verbatim string starts with its format and a colon: `txt:`.
    const text = this.#buffer.text(isVerbatim ? Math.min(line.next + 4, to) : line.next, to);
    this.#consume(to + 2);
    this.#complete(text);
    return true;
  }

  #list(from: number, type: string): boolean {
    const line = this.#line(from);
    if (line === INCOMPLETE) return false;
    const isPush = type === ">";
    if (isPush && this.#stack.length > 0) {
      throw new RespError("Cannot read Redis reply: a push inside a value");
    }
    const count = this.#count(line.text, this.#limits.maxElements, "a list");
    const left = type === "%" ? count * 2 : count;
    this.#consume(line.next);
    if (left === 0) {
      if (isPush) throw new RespError("Cannot read Redis reply: an empty push");
      this.#complete([]);
      return true;
    }
    if (this.#stack.length >= this.#limits.maxDepth) {
      throw new RespError(`Cannot read Redis reply: nested deeper than ${this.#limits.maxDepth}`);
    }
    this.#stack.push({ isPush, values: [], left });
    return true;
  }

  #consume(next: number): void {
    this.#valueBytes += next - this.#buffer.start;
    if (this.#valueBytes > this.#limits.maxValueBytes) throw tooLarge(this.#valueBytes, this.#limits);
    this.#buffer.start = next;
  }

  /** Hands a value to the list it belongs to, closing what is full, or out. */
  #complete(value: RespValue): void {
    let done = value;
    for (;;) {
      const frame = this.#stack.at(-1);
      if (frame === undefined) return this.#emit(done);
      frame.values.push(done);
      if (--frame.left > 0) return;
      this.#stack.pop();
      if (frame.isPush) return this.#emitPush(frame.values);
      done = frame.values;
    }
  }

  #emit(value: RespValue): void {
    this.#valueBytes = 0;
    this.#handler.onReply(value);
  }

  #emitPush(values: readonly RespValue[]): void {
    this.#valueBytes = 0;
    const [kind, name, message] = values;
    if (typeof kind !== "string") throw new RespError("Cannot read Redis reply: a push without a kind");
    if (
      (kind === "message" || kind === "smessage") && typeof name === "string" && typeof message === "string"
    ) {
      return this.#handler.onMessage(name, message);
    }
    this.#handler.onPush(kind, values.slice(1));
  }

  /** The line at `from` and where the next one begins. A line cut in two is searched on from where the search ended. */
  #line(from: number): { readonly text: string; readonly next: number } | typeof INCOMPLETE {
    const { bytes, end } = this.#buffer;
    let at = Math.max(from, this.#lineFrom);
    while (at < end && bytes[at] !== LF) at++;
    if (at - from > this.#limits.maxLineBytes) {
      throw new RespError(`Cannot read Redis reply: a line of more than ${this.#limits.maxLineBytes} bytes`);
    }
    if (at === end) {
      this.#lineFrom = end;
      return INCOMPLETE;
    }
    if (bytes[at - 1] !== CR || at === from) {
      throw new RespError("Cannot read Redis reply: a line ends without CR");
    }
    return { text: this.#buffer.text(from, at - 1), next: at + 1 };
  }

  #count(text: string, max: number, what: string): number {
    if (!/^\d{1,10}$/.test(text)) {
      throw new RespError(`Cannot read Redis reply: "${text.slice(0, 20)}" is no length`);
    }
    const count = Number(text);
    if (count > max) throw new RespError(`Cannot read Redis reply: ${what} of ${count}, want at most ${max}`);
    return count;
  }
}

function tooLarge(bytes: number, limits: RespLimits): RespError {
  return new RespError(`Cannot read Redis reply: ${bytes} bytes, want at most ${limits.maxValueBytes}`);
}
