import { createHash } from "node:crypto";
import { ClientError } from "../../core/errors.ts";
import type { HistoryDone, StreamPosition } from "../backend.ts";
import { Fifo } from "./fifo.ts";
import { HistoryCommands, type HistoryOptions } from "./history_command.ts";
import { generationOf, infoTrouble, shortGeneration } from "./generation.ts";
import type { Link, ReplyDone } from "./link.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { asList, asNumber, asText } from "./reply.ts";
import { RedisReplyError, type RespValue } from "./resp_value.ts";
import { historyPublishScript } from "./scripts.ts";

/** How often a publish is sent again because Redis forgot the script in between. */
const MAX_TRIES = 3;

type Outcome =
  | { readonly error: Error; readonly position?: undefined }
  | { readonly error?: undefined; readonly position: StreamPosition };

interface Entry {
  readonly channel: string;
  readonly text: string;
  readonly bytes: number;
  readonly done: HistoryDone;
  tries: number;
  outcome: Outcome | undefined;
}

/** What a lane needs of a {@linkcode Link}. */
export type LaneLink = Pick<Link, "command" | "send" | "isDown">;

/** What a lane has to know of its connection. */
export interface LaneOptions {
  readonly keys: RedisKeys;
  /** Short form of the generation of the connection. */
  readonly generation: string;
  /** Name under which Redis knows the script of a publish. */
  readonly sha: string;
  /** It publishes by sharded pub/sub. */
  readonly isSharded: boolean;
  /** Bytes of publishes that may wait for their answer; one past that fails in its turn. */
  readonly maxBytes: number;
}

/**
 * The history publishes of one link, answered in the order of the calls.
 *
 * A publish that found no script (SCRIPT FLUSH) did nothing, so it may be sent again; that must not mix up the order.
 * So from the first such answer on nothing is sent until all that is under way is answered; then the script, what did
 * not run and what came meanwhile leave in the order of the calls. Where another node brought the script back so early
 * that a later publish to the same channel did run, the one that did not fails: it would come after its successor.
 */
export class HistoryLane {
  readonly #link: LaneLink;
  readonly #commands: HistoryCommands;
  readonly #script: string;
  readonly #maxBytes: number;
  readonly #full: Outcome;
  readonly #entries = new Fifo<Entry>();
  #generation: string;
  #bytes = 0;
  #underWay = 0;
  #isMending = false;

  constructor(link: LaneLink, { keys, generation, sha, isSharded, maxBytes }: LaneOptions) {
    this.#script = historyPublishScript(isSharded);
    this.#link = link;
    this.#generation = generation;
    this.#commands = new HistoryCommands(keys, sha);
    this.#maxBytes = maxBytes;
    this.#full = failure(`Redis takes no more: ${maxBytes} bytes of history wait for an answer`);
  }

  /** Appends and publishes, as {@linkcode History.publish} says. */
  publish(channel: string, message: string, options: HistoryOptions, done: HistoryDone): void {
    const { idempotencyKey } = options;
    const keyHash = idempotencyKey === undefined ? undefined : hashOf(idempotencyKey);
    const how = { generation: this.#generation, keyHash };
    const command = this.#commands.publish(channel, message, options, how);
    if (this.#bytes + command.bytes > this.#maxBytes) return this.#refuse(channel, done);
    const entry: Entry = { channel, ...command, done, tries: 0, outcome: undefined };
    this.#bytes += entry.bytes;
    this.#entries.push(entry);
    if (!this.#isMending) this.#send(entry);
  }

  /** Fails `done` later, and not before the publishes that were sent earlier are answered. */
  #refuse(channel: string, done: HistoryDone): void {
    this.#entries.push({ channel, text: "", bytes: 0, done, tries: 0, outcome: this.#full });
    if (this.#entries.size === 1) queueMicrotask(() => this.#settle());
  }

  #send(entry: Entry): void {
    this.#underWay++;
    this.#link.send(entry.text, entry.bytes, (error, value) => this.#onReply(entry, error, value));
  }

  #onReply(entry: Entry, error: ClientError | undefined, value: RespValue): void {
    this.#underWay--;
    if (isScriptMissing(error) && ++entry.tries < MAX_TRIES) this.#isMending = true;
    else entry.outcome = error ? { error } : this.#read(value);
    this.#settle();
    if (this.#isMending && this.#underWay === 0) this.#mend();
  }

  #read(value: RespValue): Outcome {
    try {
      const [offset, epoch, _isDuplicate, generation] = asList(value);
      // Redis says so when the generation has changed under this connection.
      if (generation !== undefined) this.#generation = asText(generation);
      return { position: { offset: asNumber(offset), epoch: asText(epoch) } };
    } catch (thrown) {
      return { error: new ClientError("internal", { cause: thrown }) };
    }
  }

  /** Answers the oldest publishes up to the first without an outcome. */
  #settle(): void {
    for (let oldest = this.#entries.peek(); oldest?.outcome; oldest = this.#entries.peek()) {
      this.#entries.shift();
      this.#bytes -= oldest.bytes;
      oldest.done(oldest.outcome.error, oldest.outcome.position);
    }
  }

  #mend(): void {
    this.#isMending = false;
    const entries: Entry[] = [];
    for (let entry = this.#entries.shift(); entry; entry = this.#entries.shift()) entries.push(entry);
    for (const entry of entries) this.#entries.push(entry);
    failOvertaken(entries);
    const waiting = entries.filter((entry) => entry.outcome === undefined);
    if (this.#link.isDown) { for (const entry of waiting) entry.outcome = failure("Redis is gone"); }
    else this.#sendAgain(waiting);
    this.#settle();
  }

  #sendAgain(entries: readonly Entry[]): void {
    // Should this fail, the publishes behind it say so.
    this.#link.command(["SCRIPT", "LOAD", this.#script], 0, () => {});
    for (const entry of entries) this.#send(entry);
  }
}

/**
 * Makes a link ready for history publishes: learns which Redis it talks to, and gives that the script. `done` is called
 * once, with an error or a lane.
 */
export function openLane(
  link: LaneLink,
  options: Pick<LaneOptions, "keys" | "maxBytes" | "isSharded">,
  done: (error: ClientError | undefined, lane: HistoryLane | undefined) => void,
): void {
  const texts: string[] = [];
  let failed: ClientError | undefined;
  const take: ReplyDone = (error, value) => {
    if (typeof value === "string") texts.push(value);
    else failed ??= error ?? new ClientError("internal", { cause: new TypeError("Redis answered no text") });
  };
  link.command(["INFO", "server"], 0, take);
  link.command(["INFO", "replication"], 0, take);
  link.command(["SCRIPT", "LOAD", historyPublishScript(options.isSharded)], 0, (error, value) => {
    take(error, value);
    const [server = "", replication = "", sha = ""] = texts;
    const reason = infoTrouble(replication);
    if (reason !== undefined) failed ??= new ClientError("internal", { cause: new Error(reason) });
    if (failed) return done(failed, undefined);
    const generation = shortGeneration(generationOf(server, replication));
    done(undefined, new HistoryLane(link, { ...options, generation, sha }));
  });
}

/** Fails each publish that would come after a later one to its channel. */
function failOvertaken(entries: readonly Entry[]): void {
  const ran = new Set<string>();
  for (const entry of entries.toReversed()) {
    if (entry.outcome?.position) ran.add(entry.channel);
    else if (entry.outcome === undefined && ran.has(entry.channel)) {
      entry.outcome = failure("Redis forgot its scripts, and a later publish came first");
    }
  }
}

function isScriptMissing(error: ClientError | undefined): boolean {
  return error?.cause instanceof RedisReplyError && error.cause.message.startsWith("NOSCRIPT");
}

function failure(reason: string): Outcome {
  return { error: new ClientError("internal", { cause: new Error(reason) }) };
}

/** An idempotency key may be long or hold anything; its hash may stand in the name of a key. */
function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("base64url").slice(0, 22);
}
