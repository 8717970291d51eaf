/** Any WebSocket server: a message template goes out, and a rule says which reply belongs to which message. */
import type { ReplyRule } from "../../scenario/scenario.ts";
import type { VirtualClient } from "../virtual_client.ts";
import type { PayloadPool } from "../payload_pool.ts";
import { FIRST_ID, isAt, MessageTemplate, readNumber, templateOf } from "../template.ts";
import type { MaskKey } from "../wire/mask.ts";
import type { Dialect } from "./dialect.ts";
import { takeWaiting } from "./waiting.ts";

/** What the dialect says. */
export interface PlainOptions {
  readonly message: string;
  readonly reply: ReplyRule;
  /** Sent first on each connection. */
  readonly hello: readonly string[];
  readonly pool: PayloadPool;
  readonly key: MaskKey;
}

const decoder = new TextDecoder();
const ID_DIGITS = 10;

/** Speaks by the template. */
export class PlainDialect implements Dialect {
  readonly framing = "ws";
  readonly hasBodies = true;
  readonly #options: PlainOptions;
  readonly #templates: readonly MessageTemplate[];
  readonly #expression: RegExp | undefined;

  constructor(options: PlainOptions) {
    this.#options = options;
    this.#templates = options.pool.texts.map((text) =>
      new MessageTemplate(options.message, text, options.key)
    );
    this.#expression = options.reply.kind === "match" ? new RegExp(options.reply.expression) : undefined;
  }

  template(_operation: unknown, size: number): MessageTemplate {
    return templateOf(this.#templates, size);
  }

  greet(client: VirtualClient): void {
    for (const text of this.#options.hello) client.sendText(text);
    client.greeted();
  }

  noteSent(client: VirtualClient, index: number): void {
    if (this.#options.reply.kind === "order") client.notes.waiting.push(index);
  }

  onStatus(): void {}

  onMessage(client: VirtualClient, bytes: Uint8Array, from: number, to: number): void {
    switch (this.#options.reply.kind) {
      case "order": {
        const index = takeWaiting(client.notes);
        // More than was asked for: a greeting or a push of the server's own.
        if (index !== undefined) client.answered(index, "intact");
        return;
      }
      case "echo":
        return this.#onEcho(client, bytes, from, to);
      case "match":
        return this.#onMatch(client, decoder.decode(bytes.subarray(from, to)));
    }
  }

  #onEcho(client: VirtualClient, bytes: Uint8Array, from: number, to: number): void {
    const idAt = this.#templates[0]?.idAt ?? -1;
    const index = idAt < 0 ? -1 : readNumber(bytes, from + idAt);
    const template = index < 0 ? undefined : this.#templates[this.#options.pool.sizeOf(index)];
    // Without a number it may be a greeting of the server: no answer, and no proof of a fault either.
    if (template === undefined) return;
    const { plain } = template;
    const isIntact = to - from === plain.length && isAt(bytes, from, plain, 0, idAt) &&
      isAt(bytes, from + idAt + ID_DIGITS, plain, idAt + ID_DIGITS);
    client.answered(index, isIntact ? "intact" : "changed");
  }

  #onMatch(client: VirtualClient, text: string): void {
    const id = Number(this.#expression?.exec(text)?.[1] ?? NaN);
    if (Number.isInteger(id) && id >= FIRST_ID) client.answered(id - FIRST_ID, "intact");
  }
}
