/**
 * Messages as prepared bytes: the constant part is encoded (and masked) once, and a send copies it and writes its
 * numbers over the placeholders. Numbers have a fixed width, so that everything else stays where it is.
 */
import type { ByteLink } from "./wire/byte_link.ts";
import { headerBytes, opcodes, writeHeader } from "./wire/frame_writer.ts";
import { maskInPlace, type MaskKey } from "./wire/mask.ts";

/** Message number 0 is written as this: ten digits, whatever the number, and still an unsigned 32-bit id. */
export const FIRST_ID = 1_000_000_000;

/** Digits of each placeholder. */
const DIGITS = { id: 10, seq: 10, channel: 6 } as const;

type SlotName = keyof typeof DIGITS;

interface Slot {
  readonly name: SlotName;
  /** In the payload, before the header. */
  readonly at: number;
  readonly digits: number;
}

const NO_KEY = new Uint8Array(4);
const encoder = new TextEncoder();

/** One message with placeholders `{{id}}`, `{{seq}}`, `{{channel}}` and `{{payload}}`. */
export class MessageTemplate {
  /** The message before framing, with zeros for its numbers. */
  readonly plain: Uint8Array;
  readonly #slots: readonly Slot[];
  readonly #bytes: Uint8Array;
  readonly #payloadAt: number;
  readonly #key: MaskKey;

  /** `key` undefined: the bytes go out as they are, without a frame. */
  constructor(text: string, payload: string, key: MaskKey | undefined) {
    const { plain, slots } = compile(text, payload);
    this.plain = plain;
    this.#slots = slots;
    this.#key = key ?? NO_KEY;
    this.#payloadAt = key === undefined ? 0 : headerBytes(plain.length);
    this.#bytes = new Uint8Array(this.#payloadAt + plain.length);
    if (key !== undefined) writeHeader(this.#bytes, 0, opcodes.text, plain.length, key);
    this.#bytes.set(plain, this.#payloadAt);
    if (key !== undefined) maskInPlace(this.#bytes, this.#payloadAt, this.#bytes.length, key);
  }

  /** Bytes on the wire. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Where `{{id}}` begins in the message, or -1. */
  get idAt(): number {
    return this.#slots.find((slot) => slot.name === "id")?.at ?? -1;
  }

  /** Sends the message with its numbers. */
  sendOn(link: ByteLink, id: number, seq: number, channel: number): void {
    const at = link.reserve(this.#bytes.length);
    const buffer = link.buffer;
    buffer.set(this.#bytes, at);
    for (const slot of this.#slots) {
      const value = slot.name === "id" ? FIRST_ID + id : slot.name === "seq" ? FIRST_ID + seq : channel;
      this.#writeDigits(buffer, at + this.#payloadAt, slot, value);
    }
    link.flush();
  }

  #writeDigits(into: Uint8Array, base: number, slot: Slot, value: number): void {
    let rest = value;
    for (let digit = slot.at + slot.digits - 1; digit >= slot.at; digit--) {
      const tens = Math.floor(rest / 10);
      into[base + digit] = (48 + rest - tens * 10) ^ (this.#key[digit & 3] ?? 0);
      rest = tens;
    }
  }
}

/** The one of `templates` for payload size number `size`. Throws RangeError when there is none. */
export function templateOf(templates: readonly MessageTemplate[], size: number): MessageTemplate {
  const template = templates[size];
  if (template === undefined) throw new RangeError(`No payload of size number ${size}`);
  return template;
}

function compile(
  text: string,
  payload: string,
): { readonly plain: Uint8Array; readonly slots: readonly Slot[] } {
  const slots: Slot[] = [];
  let message = "";
  for (const part of text.split(/(\{\{(?:id|seq|channel|payload)\}\})/)) {
    const name = /^\{\{(\w+)\}\}$/.exec(part)?.[1];
    if (name === "payload") message += payload;
    else if (name === "id" || name === "seq" || name === "channel") {
      slots.push({ name, at: encoder.encode(message).length, digits: DIGITS[name] });
      message += "0".repeat(DIGITS[name]);
    } else message += part;
  }
  return { plain: encoder.encode(message), slots };
}

/** Reads the ten digits of an id at `at`: the message's number, or -1 when there is none. */
export function readNumber(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let digit = at; digit < at + 10; digit++) {
    const figure = (bytes[digit] ?? 0) - 48;
    if (figure < 0 || figure > 9) return -1;
    value = value * 10 + figure;
  }
  return value >= FIRST_ID ? value - FIRST_ID : -1;
}

/** Whether `bytes` at `at` are `expected`, from its byte `from` on. */
export function isAt(
  bytes: Uint8Array,
  at: number,
  expected: Uint8Array,
  from = 0,
  to = expected.length,
): boolean {
  for (let offset = from; offset < to; offset++) {
    if (bytes[at + offset - from] !== expected[offset]) return false;
  }
  return true;
}
