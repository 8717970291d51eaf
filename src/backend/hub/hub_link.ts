import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import { reasonOf } from "../../core/reason.ts";
import type { BackendState, BackendTraffic, HistoryDone } from "../backend.ts";
import { FORMAT, type FrameView, Kind, MAX_FRAME_BYTES } from "./frame.ts";
import { type FrameHandler, FrameReader } from "./frame_reader.ts";
import { Outbox } from "./outbox.ts";
import { PublishLedger } from "./publish_ledger.ts";

const TICK_MS = 250;
const PUBLISH_TICKS = 2_000 / TICK_MS;
const REQUEST_TICKS = 5_000 / TICK_MS;
const MAX_QUEUED_BYTES = 16 << 20;

/** Where a hub listens. */
export interface HubAddress {
  readonly hostname: string;
  readonly port: number;
}

/** Where the hub is and who comes. */
export interface LinkOptions {
  readonly address: HubAddress;
  readonly secret: string;
  readonly node: NodeId;
}

/** What arrives over a link. */
export interface LinkListener {
  onChannelMessage(channel: string, message: string): void;
  onNodeMessage(message: string): void;
  onState(state: BackendState): void;
}

interface Pending {
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
  readonly tick: number;
}

/**
 * One connection to a hub, made once: when it ends, the cluster has ended. What is asked before the welcome waits for
 * it. Time is counted in ticks of one interval: no timer per message, and a stall of this process fails nothing that
 * the hub answered meanwhile.
 */
export class HubLink implements FrameHandler {
  readonly #options: LinkOptions;
  readonly #listener: LinkListener;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader(MAX_FRAME_BYTES);
  readonly #ledger = new PublishLedger();
  /** In the order of their ticks: all have the same deadline. */
  readonly #pending = new Map<number, Pending>();
  readonly #ticking = setInterval(() => this.#onTick(), TICK_MS);
  readonly #running: Promise<void>;
  readonly #dialing = new AbortController();
  #connection: Deno.TcpConn | undefined;
  #state: BackendState = "connecting";
  #trouble: string | undefined;
  #tick = 0;
  #lastNumber = 0;
  #isTellingFailures = false;

  constructor(options: LinkOptions, listener: LinkListener) {
    this.#options = options;
    this.#listener = listener;
    this.#trouble = `waiting for the hub at ${this.#place}`;
    const onBroken = (cause: unknown) => this.#onBroken(cause);
    this.#outbox = new Outbox({ maxBytes: MAX_QUEUED_BYTES, onBroken });
    this.#outbox.send(Kind.hello, FORMAT, options.secret, options.node);
    this.#running = this.#run();
  }

  get state(): BackendState {
    return this.#state;
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** What it has carried. The hub does not tell how many nodes a publication reached. */
  get traffic(): BackendTraffic {
    const { frames, bytes } = this.#outbox.carried;
    return {
      connections: this.#connection === undefined || this.#state === "closed" ? 0 : 1,
      commands: frames,
      sentBytes: bytes,
      receivedBytes: this.#reader.receivedBytes,
      countedPublications: 0,
      nodesTouched: 0,
    };
  }

  /** Sends a `publish` or an `append` frame; see {@linkcode Bus.publish} and {@linkcode History.publish}. */
  publish(
    kind: typeof Kind.publish | typeof Kind.append,
    channel: string,
    text: string,
    done: HistoryDone,
  ): void {
    if (this.#state !== "closed" && this.#outbox.send(kind, 0, channel, text)) {
      return this.#ledger.sent(done, this.#tick);
    }
    this.#ledger.failed(done, this.#refusal());
    if (this.#isTellingFailures) return;
    this.#isTellingFailures = true;
    queueMicrotask(() => {
      this.#isTellingFailures = false;
      this.#ledger.taken(0);
    });
  }

  /** Sends a frame and waits for its answer. Rejects with 100 at the deadline, when the queue is full or at the end. */
  request(kind: number, first = "", second = ""): Promise<string> {
    return new Promise((resolve, reject) => {
      const number = this.#lastNumber = (this.#lastNumber + 1) >>> 0;
      const isSent = this.#state !== "closed" && this.#outbox.send(kind, number, first, second);
      if (!isSent) return reject(this.#refusal());
      this.#pending.set(number, { resolve, reject, tick: this.#tick });
    });
  }

  /** Sends a frame that has no answer. A link whose queue is full of such frames is ended. */
  tell(kind: number, first: string): void {
    if (this.#state === "closed" || this.#outbox.send(kind, 0, first)) return;
    this.#end(`the hub does not read: ${this.#outbox.bytes} bytes are waiting`);
  }

  /** Ends the link; what is outstanding fails. Idempotent. */
  async close(): Promise<void> {
    this.#end("the backend is closed");
    await this.#running;
  }

  onFrame(frame: FrameView): void {
    if (this.#state === "closed") return;
    switch (frame.kind) {
      case Kind.publish:
      case Kind.toChannel:
        return this.#listener.onChannelMessage(frame.first, frame.second);
      case Kind.taken:
        return this.#ledger.taken(frame.number);
      case Kind.stored:
        return this.#ledger.stored({ epoch: frame.first, offset: Number(frame.second) });
      case Kind.notStored:
        return this.#ledger.notStored(new ClientError("internal", { detail: frame.second }));
      case Kind.toNode:
      case Kind.toAll:
        return this.#listener.onNodeMessage(frame.second);
      case Kind.answer:
        return this.#take(frame.number)?.resolve(frame.second);
      case Kind.failed:
        return this.#take(frame.number)?.reject(new ClientError("internal", { detail: frame.second }));
      case Kind.welcome:
        return this.#welcome();
      case Kind.refused:
        return this.#end(`the hub at ${this.#place} refused this node: ${frame.second}`);
      default:
        this.#end(`the hub sent an unknown frame kind ${frame.kind}`);
    }
  }

  onBatchEnd(): void {}

  async #run(): Promise<void> {
    try {
      const connection = await Deno.connect({ ...this.#options.address, signal: this.#dialing.signal });
      if (this.#state === "closed") return connection.close();
      this.#connection = connection;
      connection.setNoDelay();
      this.#outbox.start(connection);
      await this.#reader.run(connection, this);
      this.#end("the hub has ended");
    } catch (cause) {
      this.#onBroken(cause);
    }
  }

  #welcome(): void {
    this.#state = "ready";
    this.#trouble = undefined;
    this.#listener.onState("ready");
  }

  #take(number: number): Pending | undefined {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    return pending;
  }

  #onTick(): void {
    this.#tick++;
    this.#ledger.expire(this.#tick - PUBLISH_TICKS, lateError());
    for (const [number, { reject, tick }] of this.#pending) {
      if (tick >= this.#tick - REQUEST_TICKS) break;
      this.#pending.delete(number);
      reject(lateError());
    }
    if (this.#state === "connecting" && this.#tick > REQUEST_TICKS) {
      this.#end(`the hub at ${this.#place} did not answer the hello in time`);
    }
  }

  get #place(): string {
    const { hostname, port } = this.#options.address;
    return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  }

  #onBroken(cause: unknown): void {
    const reason = reasonOf(cause);
    if (this.#state !== "connecting") return this.#end(`the hub has ended: ${reason}`);
    this.#end(`cannot reach the hub at ${this.#place}: ${reason}`);
  }

  #end(trouble: string): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#trouble = trouble;
    clearInterval(this.#ticking);
    // An address that does not answer must not hold up the close.
    this.#dialing.abort();
    this.#connection?.close();
    const error = this.#refusal();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    queueMicrotask(() => this.#ledger.failAll(error));
    this.#listener.onState("closed");
  }

  #refusal(): ClientError {
    const full = `the message is too long or the queue to the hub is full (${this.#outbox.bytes} bytes)`;
    return new ClientError("internal", {
      detail: this.#state === "closed" ? this.#trouble ?? "closed" : full,
    });
  }
}

function lateError(): ClientError {
  return new ClientError("internal", { detail: "the hub did not answer in time; the outcome is unknown" });
}

/** Reads `host:port`, with brackets around an IPv6 host. Throws `TypeError` when the text is neither. */
export function parseHubAddress(text: string): HubAddress {
  const url = URL.parse(`tcp://${text}`);
  if (!url?.hostname || !url.port) throw new TypeError(`Cannot read hub address "${text}": want host:port`);
  return { hostname: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) };
}
