/**
 * Shoal's client protocol, as much of it as a load generator speaks. Answers in their usual spelling are read as bytes
 * and compared byte by byte; any other spelling goes through a JSON parse and means the same.
 */
import type { VirtualClient } from "../virtual_client.ts";
import type { PayloadPool } from "../payload_pool.ts";
import { FIRST_ID, isAt, MessageTemplate, readNumber, templateOf } from "../template.ts";
import type { MaskKey } from "../wire/mask.ts";
import type { Dialect, Operation } from "./dialect.ts";
import { type Incoming, readLine } from "./shoal_line.ts";

/** What the dialect says. */
export interface ShoalOptions {
  /** Method of the rpc; `echo` has to bring its payload back, any other just an answer. */
  readonly method: string;
  /** Names of channels are this and a number of six digits. */
  readonly channelPrefix: string;
  readonly pool: PayloadPool;
  readonly key: MaskKey;
}

/** Ids of greetings: below those of messages. */
const CONNECT_ID = 1;
const FIRST_SUBSCRIBE_ID = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const REPLY_HEAD = encoder.encode('{"id":');
const DATA_HEAD = encoder.encode('"data":{"n":');
const SEQ_HEAD = encoder.encode(',"s":');
const ID_DIGITS = 10;

/** Speaks the protocol. */
export class ShoalDialect implements Dialect {
  readonly framing = "ws";
  readonly hasBodies = true;
  readonly #options: ShoalOptions;
  readonly #requests: readonly MessageTemplate[];
  readonly #publishes: readonly MessageTemplate[];
  readonly #replyTails: readonly Uint8Array[];
  readonly #dataTails: readonly Uint8Array[];
  /** Where the numbers of the last publication lay: the next one's are usually in the same place. */
  #lastDataAt = 0;

  constructor(options: ShoalOptions) {
    const { method, channelPrefix, pool, key } = options;
    this.#options = options;
    const request = `{"id":{{id}},"rpc":{"method":${JSON.stringify(method)},"data":"{{payload}}"}}`;
    const data = '{"n":{{id}},"s":{{seq}},"p":"{{payload}}"}';
    const publish = `{"id":{{id}},"publish":{"channel":"${channelPrefix}{{channel}}","data":${data}}}`;
    this.#requests = pool.texts.map((text) => new MessageTemplate(request, text, key));
    this.#publishes = pool.texts.map((text) => new MessageTemplate(publish, text, key));
    this.#replyTails = pool.texts.map((text) => encoder.encode(`,"rpc":{"data":"${text}"}}`));
    this.#dataTails = pool.texts.map((text) => encoder.encode(`,"p":"${text}"}`));
  }

  template(operation: Operation, size: number): MessageTemplate {
    return templateOf(operation === "request" ? this.#requests : this.#publishes, size);
  }

  greet(client: VirtualClient): void {
    client.sendText(`{"id":${CONNECT_ID},"connect":{"name":"shoal-perf"}}`);
  }

  noteSent(): void {}

  onStatus(): void {}

  onMessage(client: VirtualClient, bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to;) {
      const fast = this.#readFast(client, bytes, at, to);
      at = (fast > at ? fast : this.#readSlow(client, bytes, at, to)) + 1;
    }
  }

  /** Reads a line in its usual spelling; answers its end, or `at` when it is spelled in another way. */
  #readFast(client: VirtualClient, bytes: Uint8Array, at: number, to: number): number {
    return isAt(bytes, at, REPLY_HEAD)
      ? this.#readEcho(client, bytes, at, to)
      : this.#readPublication(client, bytes, at, to);
  }

  #readEcho(client: VirtualClient, bytes: Uint8Array, at: number, to: number): number {
    const index = readNumber(bytes, at + REPLY_HEAD.length);
    if (index < 0) return at;
    const tail = this.#replyTails[this.#options.pool.sizeOf(index)];
    const tailAt = at + REPLY_HEAD.length + ID_DIGITS;
    const end = tailAt + (tail?.length ?? 0);
    if (tail === undefined || end > to || (end < to && bytes[end] !== 10) || !isAt(bytes, tailAt, tail)) {
      return at;
    }
    client.answered(index, "intact");
    return end;
  }

  #readPublication(client: VirtualClient, bytes: Uint8Array, at: number, to: number): number {
    const dataAt = this.#findData(bytes, at, to);
    if (dataAt < 0) return at;
    const indexAt = dataAt + DATA_HEAD.length;
    const seqAt = indexAt + ID_DIGITS + SEQ_HEAD.length;
    const index = readNumber(bytes, indexAt);
    const seq = readNumber(bytes, seqAt);
    const tail = this.#dataTails[this.#options.pool.sizeOf(index)];
    const tailAt = seqAt + ID_DIGITS;
    const isUsual = index >= 0 && seq >= 0 && tail !== undefined && tailAt + tail.length <= to &&
      isAt(bytes, indexAt + ID_DIGITS, SEQ_HEAD) && isAt(bytes, tailAt, tail);
    if (!isUsual) return at;
    const end = lineEnd(bytes, tailAt + tail.length, to);
    client.delivered(index, seq, true);
    return end;
  }

  #findData(bytes: Uint8Array, at: number, to: number): number {
    const guess = at + this.#lastDataAt;
    if (this.#lastDataAt > 0 && guess < to && isAt(bytes, guess, DATA_HEAD)) return guess;
    const end = lineEnd(bytes, at, to) - DATA_HEAD.length;
    for (let from = at; from < end; from++) {
      if (bytes[from] !== 34 || !isAt(bytes, from, DATA_HEAD)) continue;
      this.#lastDataAt = from - at;
      return from;
    }
    return -1;
  }

  #readSlow(client: VirtualClient, bytes: Uint8Array, at: number, to: number): number {
    const end = lineEnd(bytes, at, to);
    if (end > at) this.#onLine(client, readLine(decoder.decode(bytes.subarray(at, end))));
    return end;
  }

  #onLine(client: VirtualClient, line: Incoming): void {
    switch (line.kind) {
      case "ping":
        if (client.notes.answersPings) client.sendText("{}");
        return;
      case "result":
        return this.#onResult(client, line.id, line.result);
      case "error":
        if (line.id < FIRST_ID) return client.refused("reply_error", `${line.code}: ${line.message}`);
        return client.answered(line.id - FIRST_ID, "refused", `${line.code}: ${line.message}`);
      case "publication":
        return this.#onData(client, line.data);
      case "garbage":
        return client.garbled(line.text);
      case "push":
        return;
    }
  }

  #onResult(client: VirtualClient, id: number, result: Readonly<Record<string, unknown>>): void {
    if (id < FIRST_ID) return this.#onGreeting(client, id, result);
    const index = id - FIRST_ID;
    const rpc = result["rpc"];
    const isEcho = this.#options.method === "echo" && typeof rpc === "object" && rpc !== null;
    const sent = this.#options.pool.texts[this.#options.pool.sizeOf(index)];
    const isIntact = !isEcho || ("data" in rpc && rpc.data === sent);
    client.answered(index, isIntact ? "intact" : "changed");
  }

  #onGreeting(client: VirtualClient, id: number, result: Readonly<Record<string, unknown>>): void {
    const welcome = result["connect"];
    if (id === CONNECT_ID) {
      const asks = typeof welcome === "object" && welcome !== null && "pong" in welcome &&
        welcome.pong === true;
      client.notes.answersPings = asks;
      const lines = client.channels.map((channel, at) =>
        `{"id":${FIRST_SUBSCRIBE_ID + at},"subscribe":{"channel":${JSON.stringify(channel)}}}`
      );
      if (lines.length > 0) client.sendText(lines.join("\n"));
    } else client.notes.greetings++;
    if (client.notes.greetings === client.channels.length) client.greeted();
  }

  #onData(client: VirtualClient, data: unknown): void {
    const fields = typeof data === "object" && data !== null ? data : {};
    const [n, s] = ["n" in fields ? Number(fields.n) : NaN, "s" in fields ? Number(fields.s) : NaN];
    if (!(n >= FIRST_ID && s >= FIRST_ID)) return; // Somebody else's publication in a channel of ours is not ours to judge.
    const index = n - FIRST_ID;
    const sent = this.#options.pool.texts[this.#options.pool.sizeOf(index)];
    client.delivered(index, s - FIRST_ID, "p" in fields && fields.p === sent);
  }
}

function lineEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (bytes[at] === 10) return at;
  }
  return to;
}
