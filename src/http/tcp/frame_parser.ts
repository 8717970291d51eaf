/**
 * Reads the frames of RFC 6455 that a client sends. Fed with bytes as they come; whole frames are unmasked where they
 * lie and handed on, and only what is unfinished is kept. A silent connection keeps nothing.
 */
import type { Close } from "../../core/errors.ts";
import { GrowingBytes } from "../../core/growing_bytes.ts";
import { latin1Text } from "../../core/latin1.ts";
import { OPCODE } from "../../core/ws_frame.ts";
import type { Inflater } from "./deflate/inflater.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a {@linkcode FrameParser} hands on. After any of them answers false nothing more is parsed. */
export interface FrameSink {
  onText(text: string): boolean;
  /** `bytes` belong to the sink. */
  onBinary(bytes: Bytes): boolean;
  /** `payload` is a view that is void after the call. */
  onPing(payload: Bytes): boolean;
  onPong(): boolean;
  /** The peer closes; 1005 when it gave no code. */
  onCloseFrame(code: number, reason: string): boolean;
}

/** Fragments of one message: more than anybody needs, and fewer than what empty ones could cost. */
const MAX_FRAGMENTS = 4_096;
const MAX_CONTROL_BYTES = 125;
const MASKED = 0x80;
const FIN = 0x80;
const RESERVED_BITS = 0x70;
/** The first frame of a deflated message has it. */
const DEFLATED = 0x40;

const MALFORMED: Close = { code: 1002, reason: "protocol error" };
const TOO_BIG: Close = { code: 1009, reason: "message too big" };
const TOO_MANY: Close = { code: 1008, reason: "too many fragments" };
const NOT_UTF8: Close = { code: 1007, reason: "not UTF-8" };

// A byte order mark is a character like others here.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One connection's parser. Not to be entered again from its sink. */
export class FrameParser {
  readonly #maxMessageBytes: number;
  readonly #inflater: Inflater | undefined;
  #unfinished: GrowingBytes | undefined;
  #message: GrowingBytes | undefined;
  /** First byte of the first frame of {@linkcode #message}. */
  #messageFirst = 0;
  #fragments = 0;

  /**
   * `maxMessageBytes`: of one message, all its fragments together. `inflater`: where it was agreed that messages may be
   * deflated; it has a bound of its own.
   */
  constructor(maxMessageBytes: number, inflater?: Inflater) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#inflater = inflater;
  }

  /** Parses what has come; changes `bytes`. Answers how the connection must be closed when it breaks the rules. */
  push(bytes: Bytes, sink: FrameSink): Close | undefined {
    const unfinished = this.#unfinished;
    if (unfinished === undefined) return this.#parse(bytes, sink);
    unfinished.append(bytes);
    this.#unfinished = undefined;
    return this.#parse(unfinished.bytes, sink, unfinished);
  }

  /** `kept`: where `bytes` lie, when that is the rest of before. */
  #parse(bytes: Bytes, sink: FrameSink, kept?: GrowingBytes): Close | undefined {
    let at = 0;
    while (at < bytes.length) {
      const next = this.#frame(bytes, at, sink);
      if (typeof next === "object") return next;
      if (next === STOPPED) return undefined;
      if (next === at) return this.#keep(bytes, at, kept);
      at = next;
    }
    return undefined;
  }

  #keep(bytes: Bytes, at: number, kept: GrowingBytes | undefined): undefined {
    const unfinished = kept ?? new GrowingBytes();
    if (kept === undefined) unfinished.append(bytes.subarray(at));
    else if (at > 0) unfinished.consume(at);
    this.#unfinished = unfinished;
  }

  /** Parses the frame at `at`. Answers where the next one starts, `at` itself when this one is not whole. */
  #frame(bytes: Bytes, at: number, sink: FrameSink): number | Close {
    if (bytes.length - at < 2) return at;
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const fault = this.#headFault(first, second);
    if (fault !== undefined) return fault;
    const shortLength = second & 0x7f;
    const lengthEnd = at + (shortLength < 126 ? 2 : shortLength === 126 ? 4 : 10);
    if (bytes.length < lengthEnd) return at;
    const length = shortLength < 126 ? shortLength : longLength(bytes, at, shortLength);
    if (length < 0) return MALFORMED;
    const isControl = (first & 0x08) !== 0;
    // Before the payload comes: a peer that claims too much need not send it.
    if (!isControl && this.#messageSize + length > this.#maxMessageBytes) return TOO_BIG;
    const start = lengthEnd + 4;
    const end = start + length;
    if (bytes.length < end) return at;
    const isAscii = unmask(bytes, start, end);
    const outcome = isControl
      ? control(first & 0x0f, bytes.subarray(start, end), sink)
      : this.#data(first, bytes, start, end, isAscii, sink);
    if (typeof outcome === "object") return outcome;
    return outcome ? end : STOPPED;
  }

  #headFault(first: number, second: number): Close | undefined {
    const opcode = first & 0x0f;
    const mayBeDeflated = this.#inflater !== undefined &&
      (opcode === OPCODE.text || opcode === OPCODE.binary);
    const reserved = mayBeDeflated ? RESERVED_BITS & ~DEFLATED : RESERVED_BITS;
    if ((first & reserved) !== 0 || (second & MASKED) === 0) return MALFORMED;
    if ((opcode & 0x08) !== 0) {
      const isSound = opcode <= OPCODE.pong && (first & FIN) !== 0 && (second & 0x7f) <= MAX_CONTROL_BYTES;
      return isSound ? undefined : MALFORMED;
    }
    if (opcode > OPCODE.binary) return MALFORMED;
    const isContinuation = opcode === OPCODE.continuation;
    return isContinuation === (this.#message !== undefined) ? undefined : MALFORMED;
  }

  get #messageSize(): number {
    return this.#message?.size ?? 0;
  }

  #data(
    first: number,
    bytes: Bytes,
    start: number,
    end: number,
    isAscii: boolean,
    sink: FrameSink,
  ): boolean | Close {
    const isFinal = (first & FIN) !== 0;
    if (isFinal && this.#message === undefined) {
      return (first & DEFLATED) === 0
        ? deliver(first & 0x0f, bytes, start, end, isAscii, sink)
        : this.#inflate(first, bytes.subarray(start, end), sink);
    }
    if (this.#message === undefined) {
      this.#message = new GrowingBytes();
      this.#messageFirst = first;
      this.#fragments = 0;
    }
    if (++this.#fragments > MAX_FRAGMENTS) return TOO_MANY;
    this.#message.append(bytes.subarray(start, end));
    if (!isFinal) return true;
    const whole = this.#message.bytes;
    this.#message = undefined;
    const begun = this.#messageFirst;
    return (begun & DEFLATED) === 0
      ? deliver(begun & 0x0f, whole, 0, whole.length, false, sink)
      : this.#inflate(begun, whole, sink);
  }

  #inflate(first: number, deflated: Bytes, sink: FrameSink): boolean | Close {
    const message = this.#inflater?.inflate(deflated) ?? MALFORMED;
    if (!(message instanceof Uint8Array)) return message;
    return deliver(first & 0x0f, message, 0, message.length, false, sink);
  }
}

/** The sink wants no more; no place in any buffer. */
const STOPPED = -1;

/** The length that 2 or 8 bytes give, or -1 when fewer would have done or it has no bound. */
function longLength(bytes: Bytes, at: number, shortLength: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at + 2);
  if (shortLength === 126) {
    const length = view.getUint16(0);
    return length < 126 ? -1 : length;
  }
  const high = view.getUint32(0);
  const length = high * 2 ** 32 + view.getUint32(4);
  return high > 0x7fff_ffff || length <= 0xffff ? -1 : length;
}

/** Unmasks the payload from `start` to `end`, whose key stands right before it. True when all of it is ASCII. */
function unmask(bytes: Bytes, start: number, end: number): boolean {
  const a = bytes[start - 4] ?? 0;
  const b = bytes[start - 3] ?? 0;
  const c = bytes[start - 2] ?? 0;
  const d = bytes[start - 1] ?? 0;
  let seen = 0;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    const e = (bytes[at] ?? 0) ^ a;
    const f = (bytes[at + 1] ?? 0) ^ b;
    const g = (bytes[at + 2] ?? 0) ^ c;
    const h = (bytes[at + 3] ?? 0) ^ d;
    bytes[at] = e;
    bytes[at + 1] = f;
    bytes[at + 2] = g;
    bytes[at + 3] = h;
    seen |= e | f | g | h;
  }
  if (at < end) seen |= bytes[at] = (bytes[at] ?? 0) ^ a;
  if (at + 1 < end) seen |= bytes[at + 1] = (bytes[at + 1] ?? 0) ^ b;
  if (at + 2 < end) seen |= bytes[at + 2] = (bytes[at + 2] ?? 0) ^ c;
  return seen < 0x80;
}

function deliver(
  opcode: number,
  bytes: Bytes,
  start: number,
  end: number,
  isAscii: boolean,
  sink: FrameSink,
): boolean | Close {
  if (opcode === OPCODE.binary) return sink.onBinary(bytes.slice(start, end));
  const text = isAscii ? latin1Text(bytes, start, end) : utf8Text(bytes.subarray(start, end));
  return text === undefined ? NOT_UTF8 : sink.onText(text);
}

function utf8Text(bytes: Bytes): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // decode() has no other way to say that the bytes are not UTF-8
  }
}

function control(opcode: number, payload: Bytes, sink: FrameSink): boolean | Close {
  if (opcode === OPCODE.ping) return sink.onPing(payload);
  if (opcode === OPCODE.pong) return sink.onPong();
  if (payload.length === 0) return sink.onCloseFrame(1005, "");
  if (payload.length === 1) return MALFORMED;
  const code = (payload[0] ?? 0) << 8 | (payload[1] ?? 0);
  if (!isPeerCode(code)) return MALFORMED;
  const reason = utf8Text(payload.subarray(2));
  return reason === undefined ? NOT_UTF8 : sink.onCloseFrame(code, reason);
}

/** Close codes that a peer may send: RFC 6455, 7.4, and the registry after it. */
function isPeerCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
