import { type Clock, systemClock } from "../../core/clock.ts";
import { ClientError } from "../../core/errors.ts";
import { utf8Bytes, utf8Length } from "../../core/utf8.ts";
import { Fifo } from "./fifo.ts";
import { LinkTraffic } from "./link_traffic.ts";
import { encodeCommand, encodePublish } from "./resp_encode.ts";
import { defaultRespLimits, type RespHandler, RespParser } from "./resp_parser.ts";
import { RedisReplyError, RespError, type RespValue } from "./resp_value.ts";

/** What a link needs of a connection; `Deno.Conn` has it. */
export interface Wire {
  read(into: Uint8Array<ArrayBuffer>): Promise<number | null>;
  write(bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  close(): void;
}

/** What a link tells the bus. Nothing is told after `onDown`. */
export interface LinkHandler {
  onMessage(name: string, message: string): void;
  /** Redis confirmed one name of a SUBSCRIBE or UNSUBSCRIBE, sharded or not. */
  onConfirm(verb: "subscribe" | "unsubscribe", name: string): void;
  /** Redis ended a subscription that nobody asked it to end: the slot of `name` has left this server. */
  onRevoked(name: string): void;
  /** Redis refused a command; told before the command's `done`. */
  onRefused(error: RedisReplyError): void;
  /** The link is gone. Called once, before the outstanding commands fail. */
  onDown(reason: Error): void;
}

/** Bounds of a link. */
export interface LinkOptions {
  /** A command without an answer for longer ends the link. */
  readonly replyTimeoutMs: number;
  /** Bytes that may wait to be written; a command past that fails at once. */
  readonly maxQueuedBytes: number;
  /** An idle link is probed this often. */
  readonly pingEveryMs: number;
  /** Where the link adds what it carries. */
  readonly traffic?: LinkTraffic;
  /** Messages come by sharded pub/sub. */
  readonly isSharded?: boolean;
}

/** Called once per command: with an error as in `PublishDone`, else with the reply. */
export type ReplyDone = (error: ClientError | undefined, value: RespValue) => void;

type ConfirmVerb = "subscribe" | "unsubscribe";

const VERBS: ReadonlyMap<string, ConfirmVerb> = new Map([
  ["subscribe", "subscribe"],
  ["ssubscribe", "subscribe"],
  ["unsubscribe", "unsubscribe"],
  ["sunsubscribe", "unsubscribe"],
]);

/** A command under way. */
interface Pending {
  readonly done: ReplyDone;
  readonly atMs: number;
  /** Confirmations that answer it in place of a reply (SUBSCRIBE, UNSUBSCRIBE). */
  pushesLeft: number;
  /** What answers it, where that is no plain reply: confirmations, or the number of nodes that it reached. */
  readonly awaits: ConfirmVerb | "reach" | undefined;
  /** Set when it was never sent and only waits for its turn to fail. */
  readonly failure: ClientError | undefined;
}

/**
 * One connection for publishing and receiving. All commands of one tick leave as one write; replies are matched to
 * commands by their order. A command is never sent twice: what was under way when the link went down fails with an
 * unknown outcome.
 */
export class Link implements RespHandler {
  readonly #wire: Wire;
  readonly #handler: LinkHandler;
  readonly #options: LinkOptions;
  readonly #clock: Clock;
  readonly #traffic: LinkTraffic;
  readonly #parser: RespParser;
  readonly #pending = new Fifo<Pending>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #checkEveryMs: number;
  readonly #ended: Promise<void>;
  readonly #full: ClientError;
  #text = "";
  #textBytes = 0;
  #writingBytes = 0;
  #isFlushing = false;
  #tickMs: number;
  #sentMs: number;
  #checkedMs: number;
  #down: ClientError | undefined;

  /** Starts reading at once. `wire` belongs to the link from here on. */
  constructor(wire: Wire, handler: LinkHandler, options: LinkOptions, clock: Clock = systemClock) {
    this.#wire = wire;
    this.#handler = handler;
    this.#options = options;
    this.#clock = clock;
    this.#traffic = options.traffic ?? new LinkTraffic();
    this.#traffic.connections++;
    this.#parser = new RespParser(this, defaultRespLimits, options.isSharded);
    this.#full = new ClientError("internal", {
      cause: new Error(`Redis takes no more: ${options.maxQueuedBytes} bytes wait to be written`),
    });
    this.#tickMs = this.#sentMs = this.#checkedMs = clock.monotonicMs();
    this.#checkEveryMs = Math.min(250, Math.max(20, options.replyTimeoutMs / 4));
    this.#timer = setInterval(() => this.#check(), this.#checkEveryMs);
    this.#ended = this.#readAll();
  }

  /** Whether the link is gone for good. */
  get isDown(): boolean {
    return this.#down !== undefined;
  }

  /** Resolves once the link is down and its reading has stopped. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Publishes to the channel whose `publishHead` is `head`. `done` is called once, later, in the order of calls. Unless
   * it is `isInternal`, the nodes that it reaches are counted. */
  publish(head: string, message: string, done: ReplyDone, isInternal = false): void {
    const messageBytes = utf8Length(message);
    const bytes = head.length + messageBytes;
    if (!this.#hasRoom(bytes)) return this.refuse(done);
    this.#send(encodePublish(head, message, messageBytes), bytes, done, isInternal ? undefined : "reach");
  }

  /** Sends any other command. `pushes`: how many confirmations answer it; 0 means one plain reply. */
  command(words: readonly string[], pushes: number, done: ReplyDone): void {
    const text = encodeCommand(words);
    if (!this.#hasRoom(text.length)) return this.refuse(done);
    this.#send(text, text.length, done, VERBS.get(words[0]?.toLowerCase() ?? ""), pushes);
  }

  /** Sends a command that is encoded already, of `bytes` bytes in UTF-8, and has one plain reply. */
  send(text: string, bytes: number, done: ReplyDone): void {
    if (this.#hasRoom(bytes)) this.#send(text, bytes, done);
    else this.refuse(done);
  }

  /** Fails `done` later, and not before the commands that were sent earlier are answered. */
  refuse(done: ReplyDone, failure: ClientError = this.#down ?? this.#full): void {
    if (this.#pending.size === 0) queueMicrotask(() => done(failure, null));
    else this.#pending.push({ done, atMs: this.#tickMs, pushesLeft: 0, awaits: undefined, failure });
  }

  /** Ends the link; what is under way fails with `reason` as its cause. Idempotent. */
  drop(reason: Error): void {
    if (this.#down !== undefined) return;
    this.#down = new ClientError("internal", { cause: reason });
    clearInterval(this.#timer);
    this.#text = "";
    this.#traffic.connections--;
    this.#wire.close();
    this.#handler.onDown(reason);
    for (let pending = this.#pending.shift(); pending; pending = this.#pending.shift()) {
      pending.done(pending.failure ?? this.#down, null);
    }
  }

  onMessage(name: string, message: string): void {
    if (this.#down === undefined) this.#handler.onMessage(name, message);
  }

  onPush(kind: string, [name]: readonly RespValue[]): void {
    if (this.#down !== undefined) return;
    const verb = VERBS.get(kind);
    if (verb === undefined || typeof name !== "string") return;
    const pending = this.#pending.peek();
    if (pending === undefined || pending.pushesLeft === 0 || pending.awaits !== verb) {
      return kind === "sunsubscribe" ? this.#handler.onRevoked(name) : this.drop(outOfStep());
    }
    this.#handler.onConfirm(verb, name);
    if (--pending.pushesLeft === 0) this.#settle(undefined, null);
  }

  onReply(value: RespValue): void {
    if (this.#down !== undefined) return;
    const pending = this.#pending.peek();
    const isRefusal = value instanceof RedisReplyError;
    if (pending === undefined || (pending.pushesLeft > 0 && !isRefusal)) return this.drop(outOfStep());
    if (!isRefusal) return this.#settle(undefined, value);
    this.#handler.onRefused(value);
    this.#settle(new ClientError("internal", { cause: value }), null);
  }

  /** Answers the oldest command, and those behind it that were refused and only waited for their turn. */
  #settle(error: ClientError | undefined, value: RespValue): void {
    const settled = this.#pending.shift();
    if (settled?.awaits === "reach" && typeof value === "number") this.#traffic.countReach(value);
    settled?.done(error, value);
    for (let next = this.#pending.peek(); next?.failure; next = this.#pending.peek()) {
      this.#pending.shift();
      next.done(next.failure, null);
    }
  }

  #hasRoom(bytes: number): boolean {
    if (this.#down !== undefined) return false;
    return this.#textBytes + this.#writingBytes + bytes <= this.#options.maxQueuedBytes;
  }

  #send(text: string, bytes: number, done: ReplyDone, awaits?: Pending["awaits"], pushesLeft = 0): void {
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      this.#tickMs = this.#clock.monotonicMs();
      queueMicrotask(() => this.#flush());
    }
    this.#traffic.commands++;
    this.#text += text;
    this.#textBytes += bytes;
    this.#pending.push({ done, atMs: this.#tickMs, pushesLeft, awaits, failure: undefined });
  }

  /** Writes until nothing is left; what is queued during a write leaves together with the next. */
  async #flush(): Promise<void> {
    try {
      while (this.#text !== "") {
        const bytes = utf8Bytes(this.#text);
        this.#text = "";
        this.#textBytes = 0;
        this.#writingBytes = bytes.length;
        this.#tickMs = this.#sentMs = this.#clock.monotonicMs();
        this.#traffic.sentBytes += bytes.length;
        await writeAll(this.#wire, bytes);
        this.#writingBytes = 0;
      }
    } catch (thrown) {
      this.drop(asError(thrown));
    } finally {
      this.#isFlushing = false;
    }
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#down === undefined) {
        const count = await this.#wire.read(this.#parser.target());
        if (count === null) return this.drop(new Error("Redis closed the connection"));
        this.#traffic.receivedBytes += count;
        this.#parser.commit(count);
      }
    } catch (thrown) {
      this.drop(asError(thrown));
    }
  }

  #check(): void {
    const nowMs = this.#tickMs = this.#clock.monotonicMs();
    const sinceMs = nowMs - this.#checkedMs;
    this.#checkedMs = nowMs;
    // A process that stood still judges nobody: the answers may be there, only unread.
    if (sinceMs > this.#checkEveryMs * 3) return;
    const oldest = this.#pending.peek();
    if (oldest === undefined) {
      if (nowMs - this.#sentMs >= this.#options.pingEveryMs) this.command(["PING"], 0, ignore);
    } else if (nowMs - oldest.atMs > this.#options.replyTimeoutMs) {
      this.drop(new Error(`Redis did not answer within ${this.#options.replyTimeoutMs} ms`));
    }
  }
}

/** A PING says what it has to say by its age in the queue. */
function ignore(): void {}

function outOfStep(): RespError {
  return new RespError("Cannot read Redis reply: it answers no command that was sent");
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

async function writeAll(wire: Wire, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await wire.write(bytes.subarray(at));
}
