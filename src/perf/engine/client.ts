/**
 * One virtual client: the client protocol over the runtime's own WebSocket. It keeps no queue and no timer per
 * message; what it hears goes straight to its listener, which all clients of a run share.
 */
import type { Clock } from "../../core/clock.ts";
import { classifyClose, classifyConnect, type ErrorClass } from "../truth/error_classes.ts";
import { type EchoCodec, forEachLine, readLine } from "./wire.ts";

/** What a client tells. None may throw. */
export interface ClientListener {
  /** An rpc was answered; `isIntact` says whether its data came back unchanged. */
  onEcho(client: Client, id: number, isIntact: boolean): void;
  /** Command `id` was refused. */
  onRefused(client: Client, id: number, code: number, message: string): void;
  onPublication(client: Client, channel: string, data: unknown): void;
  /** A frame that nobody can read. */
  onGarbage(client: Client, text: string): void;
  /** The server ended the connection. */
  onLost(client: Client, code: number, reason: string): void;
}

/** Why a message did not leave. */
export type SendFault = Extract<ErrorClass, "send_on_closed" | "buffer_overflow">;

/** How long a connection took, in milliseconds; the native WebSocket does not show the TCP part alone. */
export interface ConnectTimes {
  /** Until the upgrade was answered, TCP included. */
  readonly upgradeMs: number;
  /** From there until the connect command was answered. */
  readonly welcomeMs: number;
}

/** A connection that did not come about. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  readonly errorClass: ErrorClass;

  constructor(errorClass: ErrorClass, message: string) {
    super(message);
    this.errorClass = errorClass;
  }
}

/** What a {@linkcode Client} needs. */
export interface ClientOptions {
  readonly url: string;
  /** Number of its target, for the listener. */
  readonly target: number;
  /** Number of its own, for the listener. */
  readonly index: number;
  readonly codec: EchoCodec;
  readonly listener: ClientListener;
  readonly clock: Clock;
}

/** Bytes that may wait in one socket before a send counts as overflow. */
const MAX_BUFFERED_BYTES = 1_048_576;

/** Ids of commands that somebody waits for start here, above every message number. */
const FIRST_COMMAND_ID = 4_000_000_000;
const CONNECT_ID = FIRST_COMMAND_ID;

interface PendingCommand {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One connection. Used by one caller at a time. */
export class Client {
  readonly target: number;
  readonly index: number;
  readonly #options: ClientOptions;
  readonly #pending = new Map<number, PendingCommand>();
  readonly #readLine = (line: string) => this.#onLine(line);
  #socket: WebSocket | undefined;
  #nextCommandId = CONNECT_ID + 1;
  #answersPings = false;
  #isReady = false;
  #isEnding = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.target = options.target;
    this.index = options.index;
  }

  /** Connects and says hello, within `timeoutMs`. Rejects with {@linkcode ConnectError}; call it once. */
  async connect(timeoutMs: number): Promise<ConnectTimes> {
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      const late = () => reject(new ConnectError("connect_timeout", `no answer within ${timeoutMs} ms`));
      timer = setTimeout(late, timeoutMs);
    });
    try {
      const times = await Promise.race([this.#greeted(socket), timeout]);
      this.#isReady = true;
      return times;
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends the echo command `id`; answers why not, if it could not. */
  sendEcho(id: number): SendFault | undefined {
    return this.#send(this.#options.codec.command(id));
  }

  /** Publishes `dataJson` with command number `id`; a refusal comes to the listener. */
  publish(id: number, channel: string, dataJson: string): SendFault | undefined {
    return this.#send(`{"id":${id},"publish":{"channel":${JSON.stringify(channel)},"data":${dataJson}}}`);
  }

  /** Subscribes and waits for the answer, at most `timeoutMs`. Rejects when refused, closed or late. */
  async subscribe(channel: string, timeoutMs: number): Promise<void> {
    const id = this.#nextCommandId++;
    const answered = this.#command(id, `{"id":${id},"subscribe":{"channel":${JSON.stringify(channel)}}}`);
    const timer = setTimeout(
      () => this.#settle(id, new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      await answered;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connection; nothing more is told. Idempotent. */
  close(): void {
    this.#isEnding = true;
    const socket = this.#socket;
    if (socket === undefined || socket.readyState >= WebSocket.CLOSING) return;
    socket.close();
  }

  /** Resolves when the socket is closed, at the latest after `timeoutMs`. */
  async closed(timeoutMs: number): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    socket.addEventListener("close", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }

  #send(text: string): SendFault | undefined {
    const socket = this.#socket;
    // A closed WebSocket takes a send in silence: without this look the message would just be missing.
    if (socket === undefined || socket.readyState !== WebSocket.OPEN) return "send_on_closed";
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) return "buffer_overflow";
    socket.send(text);
    return undefined;
  }

  #greeted(socket: WebSocket): Promise<ConnectTimes> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    const { promise, resolve, reject } = Promise.withResolvers<ConnectTimes>();
    socket.onopen = () => {
      const openedMs = clock.monotonicMs();
      const welcome = () =>
        resolve({ upgradeMs: openedMs - beganMs, welcomeMs: clock.monotonicMs() - openedMs });
      this.#pending.set(CONNECT_ID, { resolve: welcome, reject });
      // If the server closes already, the send goes nowhere and the close event tells the code.
      this.#send(`{"id":${CONNECT_ID},"connect":{"name":"shoal-perf"}}`);
    };
    socket.onmessage = (event) => this.#onFrame(event.data);
    socket.onerror = (event) => {
      const text = event instanceof ErrorEvent ? event.message : "unknown error";
      reject(new ConnectError(classifyConnect(text), text));
    };
    socket.onclose = (event) => {
      this.#onClosed(event.code, event.reason);
      reject(new ConnectError(classifyClose(event.code), `closed with ${event.code}`));
    };
    return promise;
  }

  #command(id: number, text: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.set(id, { resolve, reject });
    const fault = this.#send(text);
    if (fault !== undefined) this.#settle(id, new Error(fault));
    return promise;
  }

  #settle(id: number, error: Error | undefined): boolean {
    const pending = this.#pending.get(id);
    if (pending === undefined) return false;
    this.#pending.delete(id);
    if (error === undefined) pending.resolve();
    else pending.reject(error);
    return true;
  }

  #onFrame(frame: unknown): void {
    if (this.#isEnding) return;
    if (typeof frame === "string") forEachLine(frame, this.#readLine);
    else this.#options.listener.onGarbage(this, "a binary frame");
  }

  #onLine(line: string): void {
    const { codec, listener } = this.#options;
    const echoId = codec.idOfEcho(line);
    if (echoId > 0) return listener.onEcho(this, echoId, true);
    const incoming = readLine(line);
    switch (incoming.kind) {
      case "ping":
        if (this.#answersPings) this.#send("{}");
        return;
      case "result":
        return this.#onResult(incoming.id, incoming.result);
      case "error":
        return this.#onRefused(incoming.id, incoming.code, incoming.message);
      case "publication":
        return listener.onPublication(this, incoming.channel, incoming.data);
      case "garbage":
        return listener.onGarbage(this, line);
      case "push":
        return;
    }
  }

  #onResult(id: number, result: Readonly<Record<string, unknown>>): void {
    const welcome = result["connect"];
    if (id === CONNECT_ID && typeof welcome === "object" && welcome !== null) {
      this.#answersPings = "pong" in welcome && welcome.pong === true;
    }
    if (this.#settle(id, undefined)) return;
    if (result["rpc"] === undefined) return;
    this.#options.listener.onEcho(this, id, this.#options.codec.isEcho(result));
  }

  #onRefused(id: number, code: number, message: string): void {
    const text = `${code}: ${message}`;
    if (this.#settle(id, id === CONNECT_ID ? new ConnectError("reply_error", text) : new Error(text))) return;
    this.#options.listener.onRefused(this, id, code, message);
  }

  #onClosed(code: number, reason: string): void {
    const error = new ConnectError(classifyClose(code), `closed with ${code} ${reason}`.trim());
    for (const id of [...this.#pending.keys()]) this.#settle(id, error);
    if (this.#isReady && !this.#isEnding) this.#options.listener.onLost(this, code, reason);
  }
}
