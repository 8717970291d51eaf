/**
 * One virtual client: connects in timed phases, speaks a {@linkcode Dialect}, and tells what happens to a listener
 * that all clients of a run share. It keeps no timer and, once connected, allocates nothing per message.
 */
import type { Clock } from "../../core/clock.ts";
import { acceptOf } from "../../core/ws_accept.ts";
import { classifyClose, type ErrorClass } from "../truth/error_classes.ts";
import { ConnectError, connectErrorOf, connectTimeout } from "./connect_error.ts";
import type { Dialect } from "./dialect/dialect.ts";
import { dial, type DialAddress } from "./wire/dial.ts";
import { ByteLink, type ByteListener } from "./wire/byte_link.ts";
import { type FrameListener, FrameReader } from "./wire/frame_reader.ts";
import { closeFrame, frame, opcodes } from "./wire/frame_writer.ts";
import { newUpgradeKey, readUpgrade, upgradeRequest } from "./wire/handshake.ts";
import { readResponse } from "./wire/http_reader.ts";
import { newMaskKey } from "./wire/mask.ts";
import type { MessageTemplate } from "./template.ts";
import type { AnswerOutcome, ClientListener, VirtualClient } from "./virtual_client.ts";

/** Why a message did not leave. */
export type SendFault = Extract<ErrorClass, "send_on_closed" | "buffer_overflow">;

/** How long the phases of a connection took, milliseconds. */
export interface ConnectTimes {
  readonly tcpMs: number;
  /** TLS and the upgrade; 0 for plain HTTP. */
  readonly upgradeMs: number;
  /** Greeting and subscriptions. */
  readonly readyMs: number;
}

/** What a {@linkcode Client} needs. */
export interface ClientOptions {
  readonly address: DialAddress;
  /** Path and query of the upgrade. */
  readonly path: string;
  /** `host:port`, for the Host header. */
  readonly host: string;
  /** Number of its target, for the listener. */
  readonly target: number;
  /** Number of its own, for the listener. */
  readonly index: number;
  /** What it subscribes to while it connects. */
  readonly channels: readonly string[];
  readonly dialect: Dialect;
  readonly listener: ClientListener;
  readonly clock: Clock;
}

/** Bytes that may wait in one socket before a send counts as overflow. */
const MAX_WAITING_BYTES = 1_048_576;

/** All clients of a process share their secrets: they protect nobody here, and templates are masked once. */
export const processMask = newMaskKey();
const upgradeKey = newUpgradeKey();
const accept = acceptOf(upgradeKey);
const encoder = new TextEncoder();

type State = "new" | "connecting" | "upgrading" | "greeting" | "ready" | "closed";

/** One connection. Used by one caller at a time; not used again after it was closed. */
export class Client implements ByteListener, FrameListener, VirtualClient {
  readonly target: number;
  readonly index: number;
  readonly channels: readonly string[];
  readonly notes = { waiting: [] as number[], head: 0, greetings: 0, answersPings: false };
  readonly #options: ClientOptions;
  readonly #frames = new FrameReader(this);
  #link: ByteLink | undefined;
  #state: State = "new";
  #closing: { readonly errorClass: ErrorClass; readonly text: string } | undefined;
  #onOpen: (() => void) | undefined;
  #onGone: (() => void) | undefined;
  #onReady: (() => void) | undefined;
  #onFail: ((error: ConnectError) => void) | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.target = options.target;
    this.index = options.index;
    this.channels = options.channels;
  }

  /** Whether messages can be sent. */
  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** Bytes that the socket has not taken yet. */
  get waitingBytes(): number {
    return this.#link?.waitingBytes ?? 0;
  }

  get bytesIn(): number {
    return this.#link?.bytesIn ?? 0;
  }

  get bytesOut(): number {
    return this.#link?.bytesOut ?? 0;
  }

  /** Connects within `timeoutMs`. Rejects with {@linkcode ConnectError}; call it once. */
  async connect(timeoutMs: number): Promise<ConnectTimes> {
    const { clock, address } = this.#options;
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
      this.#fail(connectTimeout(timeoutMs));
    }, timeoutMs);
    const beganMs = clock.monotonicMs();
    this.#state = "connecting";
    try {
      const connection = await dial(address, late.signal);
      const connectedMs = clock.monotonicMs();
      const openedMs = await this.#open(await connection.open());
      const readyMs = await this.#greet();
      return {
        tcpMs: connectedMs - beganMs,
        upgradeMs: openedMs - connectedMs,
        readyMs: readyMs - openedMs,
      };
    } catch (error) {
      this.close();
      throw this.#connectError(error, late.signal.aborted, timeoutMs);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends message `index`; answers why not, if it could not. */
  send(template: MessageTemplate, index: number, seq: number, channel: number): SendFault | undefined {
    const link = this.#link;
    // A closed socket takes a send in silence: without this look the message would just be missing.
    if (link === undefined || this.#state !== "ready") return "send_on_closed";
    if (link.waitingBytes > MAX_WAITING_BYTES) return "buffer_overflow";
    template.sendOn(link, index, seq, channel);
    return undefined;
  }

  /** Sends a text of the dialect's own: a greeting, a subscription, an answer to a ping. */
  sendText(text: string): void {
    this.#link?.send(frame(opcodes.text, encoder.encode(text), processMask));
  }

  /** The dialect says that the greeting is over. */
  greeted(): void {
    if (this.#state !== "greeting") return;
    this.#state = "ready";
    this.#onReady?.();
  }

  /** The dialect says that the server refused the greeting. */
  refused(errorClass: ErrorClass, text: string): void {
    this.#fail(new ConnectError(errorClass, text));
  }

  answered(index: number, outcome: AnswerOutcome, text = ""): void {
    this.#options.listener.onAnswer(this, index, outcome, text);
  }

  delivered(index: number, seq: number, isIntact: boolean): void {
    this.#options.listener.onDelivery(this, index, seq, isIntact);
  }

  garbled(text: string): void {
    this.#options.listener.onGarbage(this, text);
  }

  /** Ends the connection; nothing more is told. Idempotent. */
  close(): void {
    const wasReady = this.#state === "ready";
    this.#state = "closed";
    const link = this.#link;
    if (link === undefined || link.isClosed) return;
    if (!wasReady || this.#options.dialect.framing === "http") return link.close();
    // The server answers with its own close frame and ends the connection; `closed` cuts it off at the latest.
    link.send(closeFrame(1000, processMask));
  }

  /** Resolves when the socket is closed; after `timeoutMs` it is cut off. */
  async closed(timeoutMs: number): Promise<void> {
    const link = this.#link;
    if (link === undefined || link.isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#onGone = resolve;
    await promise;
    clearTimeout(timer);
    link.close();
  }

  /** Ends the connection without a word, as a crash would. Idempotent. */
  cut(): void {
    this.#state = "closed";
    this.#link?.close();
  }

  onBytes(bytes: Uint8Array, end: number): number {
    if (this.#state === "upgrading") return this.#onUpgradeBytes(bytes, end);
    if (this.#options.dialect.framing === "http") return this.#onHttpBytes(bytes, end);
    return this.#frames.read(bytes, 0, end);
  }

  onEnd(error: Error | undefined): void {
    this.#onGone?.();
    const cause = this.#closing ?? {
      errorClass: error !== undefined && /reset|os error 104/i.test(error.message)
        ? "reset"
        : "server_close_1006",
      text: error === undefined ? "the connection ended without a close frame" : error.message,
    };
    if (this.#state !== "ready") return this.#fail(new ConnectError(cause.errorClass, cause.text));
    this.#state = "closed";
    this.#options.listener.onLost(this, cause.errorClass, cause.text);
  }

  onMessage(bytes: Uint8Array, from: number, to: number): void {
    if (this.#state === "closed") return;
    this.#options.dialect.onMessage(this, bytes, from, to);
  }

  onPing(payload: Uint8Array): void {
    this.#link?.send(frame(opcodes.pong, payload, processMask));
  }

  onClose(code: number, reason: string): void {
    this.#closing = { errorClass: classifyClose(code), text: `closed with ${code} ${reason}`.trim() };
    if (this.#state === "closed") {
      this.#link?.close();
      return this.#onGone?.();
    }
    // A polite answer; the server's FIN tells the rest, and some wait for this before they send it.
    this.#link?.send(closeFrame(code === 1005 ? 1000 : code, processMask));
    this.onEnd(undefined);
  }

  onViolation(text: string): void {
    if (this.#state === "closed") return;
    this.garbled(text);
    this.#closing = { errorClass: "bad_payload", text };
    this.#link?.close();
    this.onEnd(undefined);
  }

  #onUpgradeBytes(bytes: Uint8Array, end: number): number {
    const answer = readUpgrade(bytes, end, accept);
    if (answer.kind === "more") return 0;
    if (answer.kind === "refused") {
      this.#fail(new ConnectError(answer.errorClass, answer.message));
      return end;
    }
    this.#state = "greeting";
    this.#onOpen?.();
    return this.#frames.read(bytes, answer.end, end);
  }

  #onHttpBytes(bytes: Uint8Array, end: number): number {
    for (let at = 0;;) {
      const answer = readResponse(bytes, at, end, this.#options.dialect.hasBodies);
      if (answer.kind === "more") return at;
      if (answer.kind === "garbage") {
        this.onViolation(answer.text);
        return end;
      }
      this.#options.dialect.onStatus(this, answer.status);
      at = answer.end;
      if (!answer.mayReuse) {
        this.#link?.close();
        this.onEnd(undefined);
        return end;
      }
    }
  }

  async #open(connection: ConstructorParameters<typeof ByteLink>[0]): Promise<number> {
    const link = new ByteLink(connection, this);
    this.#link = link;
    const { dialect, host, path, clock } = this.#options;
    const opened = this.#until((done) => this.#onOpen = done);
    this.#state = dialect.framing === "ws" ? "upgrading" : "greeting";
    link.start();
    if (dialect.framing === "http") this.#onOpen?.();
    else link.send(encoder.encode(upgradeRequest(host, path, upgradeKey)));
    await opened;
    return clock.monotonicMs();
  }

  async #greet(): Promise<number> {
    const ready = this.#until((done) => this.#onReady = done);
    if (this.#state !== "closed") this.#options.dialect.greet(this);
    await ready;
    return this.#options.clock.monotonicMs();
  }

  #until(arm: (done: () => void) => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    arm(resolve);
    this.#onFail = reject;
    if (this.#state === "closed") reject(this.#closing ?? new ConnectError("connect_timeout", "closed"));
    return promise;
  }

  #fail(error: ConnectError): void {
    if (this.#state === "ready" || this.#state === "closed") return;
    this.#state = "closed";
    this.#closing ??= { errorClass: error.errorClass, text: error.message };
    this.#link?.close();
    this.#onFail?.(error);
  }

  /** What ended the connection tells more than what broke off because of that. */
  #connectError(error: unknown, isLate: boolean, timeoutMs: number): unknown {
    if (error instanceof ConnectError) return error;
    if (this.#closing !== undefined) return new ConnectError(this.#closing.errorClass, this.#closing.text);
    return isLate ? connectTimeout(timeoutMs) : connectErrorOf(error);
  }
}
