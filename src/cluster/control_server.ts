/** The supervisor's ear for `deno task cluster stop` and its kin. */
import { timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { acceptUntilEnded } from "../core/accept_loop.ts";
import { reasonOf } from "../core/reason.ts";
import type { Tell } from "./changes.ts";
import {
  CONTROL_COMMANDS,
  type ControlAnswer,
  MAX_REQUEST_CHARS,
  parseRequest,
  sendLine,
} from "./control_protocol.ts";
import { readLines } from "./lines.ts";
import type { NodeView } from "./table.ts";
import { within } from "./within.ts";

/** What a command may learn and do. */
export interface ControlSubject {
  nodes(): readonly NodeView[];
  /** Starts the orderly end; does nothing when it is under way. */
  end(): void;
  /** Replaces all nodes; `tell` takes each step. Answers whether all were replaced. */
  reload(tell: Tell): Promise<boolean>;
  /** Brings the cluster to `count` nodes, likewise. */
  scale(count: number, tell: Tell): Promise<boolean>;
}

const REQUEST_WITHIN_MS = 5_000;
const MAX_CONNECTIONS = 16;
/** How long the last words may take on their way. */
const LAST_WORD_WITHIN_MS = 1_000;
/** When no connection could be accepted, mostly because descriptors had run out, the next try is made after this. */
const ACCEPT_AGAIN_MS = 1_000;

/** Where connections come from. */
export type ControlListener = Pick<Deno.TcpListener, "addr" | "accept" | "close">;

/** What a {@linkcode ControlServer} is given beyond what it serves. */
export interface ControlServerOptions {
  /** Takes a line for people. */
  readonly say: (text: string) => void;
  /** By default one on a loopback port of its own. */
  readonly listener?: ControlListener;
  /** By default a second. */
  readonly acceptAgainMs?: number;
}

/** Serves commands on a loopback port of its own until it is closed. */
export class ControlServer {
  readonly #secret: Buffer;
  readonly #subject: ControlSubject;
  readonly #say: (text: string) => void;
  readonly #listener: ControlListener;
  readonly #connections = new Set<Deno.Conn>();
  /** Who waits for the end. */
  readonly #waiting = new Set<Deno.Conn>();
  /** Changes whose outcome is not told yet. */
  readonly #changes = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  /** The last accept failed, which was told. */
  #isDeaf = false;
  readonly #done: Promise<void>;

  constructor(secret: string, subject: ControlSubject, options: ControlServerOptions) {
    this.#secret = Buffer.from(secret);
    this.#subject = subject;
    this.#say = options.say;
    this.#listener = options.listener ?? Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#done = acceptUntilEnded(this.#listener, {
      accept: (connection) => this.#take(connection),
      onFailure: (cause) => this.#tellDeaf(cause),
      againMs: options.acceptAgainMs ?? ACCEPT_AGAIN_MS,
      ended: this.#closing.signal,
    });
  }

  /** The port that commands connect to. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Tells those who wait that `left` nodes are left. */
  async tellLeft(left: number): Promise<void> {
    await this.#tellWaiting({ event: "ending", left, total: this.#subject.nodes().length });
  }

  /** Tells those who wait that it is over, and closes everything. */
  async close(code: number): Promise<void> {
    // Who asked and does not read must not hold the end.
    await within(this.#tellWaiting({ event: "ended", code }), LAST_WORD_WITHIN_MS);
    await within(Promise.all(this.#changes), LAST_WORD_WITHIN_MS);
    this.#closing.abort();
    this.#listener.close();
    for (const connection of this.#connections) this.#drop(connection);
    await this.#done;
  }

  async #tellWaiting(answer: ControlAnswer): Promise<void> {
    await Promise.all([...this.#waiting].map((connection) => this.#send(connection, answer)));
  }

  #take(connection: Deno.Conn): void {
    this.#isDeaf = false;
    if (this.#connections.size >= MAX_CONNECTIONS) return connection.close();
    this.#connections.add(connection);
    void this.#serve(connection);
  }

  #tellDeaf(cause: unknown): void {
    if (!this.#isDeaf) this.#say(`Cannot take commands for now: ${reasonOf(cause)}. It is tried again`);
    this.#isDeaf = true;
  }

  /** One request; only `stop` keeps its connection after the answer. */
  async #serve(connection: Deno.Conn): Promise<void> {
    const deadline = setTimeout(() => this.#drop(connection), REQUEST_WITHIN_MS);
    try {
      await sendLine(connection, { shoal: "cluster", pid: Deno.pid });
      const lines = readLines(connection.readable, { maxChars: MAX_REQUEST_CHARS, tooLong: "fail" });
      const first = await lines.next();
      clearTimeout(deadline);
      await this.#answer(connection, typeof first.value === "string" ? first.value : "");
      if (!this.#waiting.has(connection)) return;
      // Until the command goes away or `close` ends it.
      for await (const _ of lines);
    } catch (error) {
      if (!isConnectionEnd(error)) throw error;
    } finally {
      clearTimeout(deadline);
      this.#drop(connection);
    }
  }

  async #answer(connection: Deno.Conn, line: string): Promise<void> {
    const request = parseRequest(line);
    if (request === undefined || !this.#isSecret(request.secret)) {
      return await this.#send(connection, {
        event: "refused",
        reason: "Cannot take the request: wrong secret",
      });
    }
    switch (request.command) {
      case "status":
        return await this.#send(connection, {
          event: "status",
          pid: Deno.pid,
          nodes: this.#subject.nodes(),
        });
      case "stop":
        this.#waiting.add(connection);
        return this.#subject.end();
      case "reload":
        return await this.#follow(connection, (tell) => this.#subject.reload(tell));
      case "scale":
        return await this.#follow(connection, (tell) => this.#subject.scale(request.count ?? 0, tell));
      default:
        return await this.#send(connection, {
          event: "refused",
          reason: `Cannot do "${request.command.slice(0, 40)}": want ${CONTROL_COMMANDS.join(", ")}`,
        });
    }
  }

  async #follow(connection: Deno.Conn, change: (tell: Tell) => Promise<boolean>): Promise<void> {
    const following = this.#change(connection, change);
    this.#changes.add(following);
    await following.finally(() => this.#changes.delete(following));
  }

  /** A change goes on when the command that asked for it goes away. */
  async #change(connection: Deno.Conn, change: (tell: Tell) => Promise<boolean>): Promise<void> {
    let sent = Promise.resolve();
    const send = (answer: ControlAnswer) => sent = sent.then(() => this.#send(connection, answer));
    const isComplete = await change((text) => void send({ event: "progress", text }));
    await send({ event: "done", isComplete });
  }

  #isSecret(secret: string): boolean {
    const given = Buffer.from(secret);
    return given.length === this.#secret.length && timingSafeEqual(given, this.#secret);
  }

  async #send(connection: Deno.Conn, answer: ControlAnswer): Promise<void> {
    try {
      await sendLine(connection, answer);
    } catch (error) {
      if (!isConnectionEnd(error)) throw error;
      this.#drop(connection);
    }
  }

  #drop(connection: Deno.Conn): void {
    this.#waiting.delete(connection);
    if (this.#connections.delete(connection)) connection.close();
  }
}

/** A peer that went away, wrote too much, or was closed by us. */
function isConnectionEnd(error: unknown): boolean {
  return error instanceof RangeError || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.NotConnected;
}
