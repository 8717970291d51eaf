/** One connection while it speaks HTTP: reads a request, has it answered, reads the next. */
import { GrowingBytes } from "../../core/growing_bytes.ts";
import { latin1Text } from "../../core/latin1.ts";
import type { Acceptor } from "../../server/mod.ts";
import { isTrustedProxy } from "../access.ts";
import { type Answer, errorAnswer } from "../answer.ts";
import { bodyTooLarge } from "../body.ts";
import { decide, isWebSocket } from "../decide.ts";
import type { TransportOptions } from "../options.ts";
import type { ByteReader, ByteStream } from "./byte_stream.ts";
import type { Dated } from "./deadlines.ts";
import { headEnd, headStart } from "./head_bounds.ts";
import { type BadHead, type ParsedHead, parseHead } from "./http_head.ts";
import { type HttpRequest, requestOf } from "./http_request.ts";
import { answerBytes, type AnswerContext, CONTINUE } from "./http_writer.ts";
import { readProxyHeader } from "./proxy_header.ts";
import { PeerGone, toRequest } from "./peer_request.ts";
import { RequestBody } from "./request_body.ts";
import { HIGH_WATER_BYTES, sendResponse } from "./response_sender.ts";
import { upgrade } from "./upgrade.ts";
import type { SocketShared } from "./tcp_socket.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What all connections of a transport share. */
export interface ConnectionShared {
  readonly options: TransportOptions;
  readonly sockets: SocketShared;
  /** The connection ends, or speaks HTTP no longer. */
  left(connection: HttpConnection): void;
}

/**
 * - `head`: between requests, or within a head
 * - `body`: within a body
 * - `busy`: the router has the request; what comes meanwhile waits
 * - `closing`: the last answer is out; what comes is thrown away, so that the peer gets to read it
 * - `left`: over, or a WebSocket
 */
type Phase =
  | { readonly name: "head" | "closing" | "left" }
  | { readonly name: "body"; readonly request: HttpRequest; readonly body: RequestBody }
  | { readonly name: "busy"; readonly gone: PeerGone };

const HEAD: Phase = { name: "head" };
const CLOSING: Phase = { name: "closing" };
const LEFT: Phase = { name: "left" };

const TIMED_OUT = errorAnswer(408, "Cannot wait for the request: it took too long");
const TOO_LONG_HEAD = errorAnswer(431, "Cannot take the headers: they are too long");
const BAD_TARGET = errorAnswer(400, "Cannot read the request: its target or Host is malformed");
const BAD_BODY = errorAnswer(400, "Cannot read the request: its body is malformed");
const BAD_PROXY = errorAnswer(400, "Cannot read the request: its PROXY header is malformed");
const NOT_WEBSOCKET = errorAnswer(400, "Cannot upgrade: only WebSocket is spoken");
const OLD_UPGRADE = errorAnswer(
  400,
  "Cannot upgrade: want HTTP/1.1 (of a proxy too; nginx: proxy_http_version 1.1)",
);

export class HttpConnection implements ByteReader, Dated {
  readonly #stream: ByteStream;
  readonly #shared: ConnectionShared;
  #remoteAddress: string;
  /** A proxy that is trusted may say first for whom it speaks. */
  #mayBeProxied: boolean;
  #phase: Phase = HEAD;
  /** What has come and is not parsed. */
  #held: GrowingBytes | undefined;
  /** Bytes of `#held` in which no end of a head was found. */
  #searched = 0;
  #requestStartMs = 0;
  #hasServed = false;
  #isPeerDone = false;
  #isLast = false;
  #onDrained: (() => void) | undefined;
  dueMs: number;

  constructor(stream: ByteStream, shared: ConnectionShared, nowMs: number) {
    this.#stream = stream;
    this.#shared = shared;
    this.#remoteAddress = stream.remoteAddress;
    this.#mayBeProxied = isTrustedProxy(stream.remoteAddress, shared.options.access);
    this.dueMs = nowMs + this.#limits.headersTimeoutMs;
    stream.read(this);
  }

  /**
   * Ends the connection behind the answer that is under way. One that waits for a further request ends now; one that
   * waits for its first is answered still, since its peer cannot tell that nobody read it.
   */
  endSoon(): void {
    this.#isLast = true;
    if (this.#isIdle) this.#close();
  }

  endUnasked(): void {
    if (this.#phase === HEAD && this.#held === undefined) this.#close();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  onBytes(bytes: Bytes): void {
    if (this.#phase === CLOSING || this.#phase === LEFT) return;
    if (this.#held === undefined && this.#phase.name !== "busy") return this.#advance(bytes);
    const held = this.#held ??= new GrowingBytes();
    held.append(bytes);
    if (this.#phase.name !== "busy") this.#advanceHeld();
    else if (held.size > HIGH_WATER_BYTES) this.#stream.pause();
  }

  onEnd(): void {
    this.#isPeerDone = true;
    if (this.#phase.name === "busy") this.#phase.gone.tell();
    else if (this.#phase !== CLOSING) this.#closeIfDone();
    else if (this.#stream.pendingBytes === 0) this.#stream.destroy();
  }

  onDrain(): void {
    this.#onDrained?.();
    if (this.#phase.name === "busy") return;
    if (this.#phase !== CLOSING) this.#advanceAll();
    else if (this.#isPeerDone || this.#isLast) this.#stream.destroy();
  }

  onClose(): void {
    if (this.#phase.name === "busy") this.#phase.gone.tell();
    this.#phase = LEFT;
    this.#onDrained?.();
    this.#shared.left(this);
  }

  onDue(): void {
    const isAsked = this.#phase.name === "body" || (this.#phase === HEAD && !this.#isIdle);
    if (isAsked) this.#answerLast(TIMED_OUT);
    // The router may take its time, but a peer that does not read what it was sent may not.
    else this.#stream.destroy();
  }

  /** True between two requests: nothing of the next one has come. */
  get #isIdle(): boolean {
    return this.#phase === HEAD && this.#held === undefined && this.#hasServed;
  }

  /** True while what comes must wait: the router is at work, or the peer reads none of its answers. */
  get #mustWait(): boolean {
    return this.#phase.name === "busy" || this.#stream.pendingBytes > HIGH_WATER_BYTES;
  }

  /** Takes what waited; then a peer that sends no more has its answers, or will never have asked in full. */
  #advanceAll(): void {
    this.#advanceHeld();
    if (this.#isPeerDone) this.#closeIfDone();
  }

  #closeIfDone(): void {
    const { name } = this.#phase;
    const isReading = name === "head" || name === "body";
    if (isReading && (this.#held === undefined || !this.#mustWait)) this.#close();
  }

  #advanceHeld(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#advance(held.bytes, held);
    if (this.#held === undefined || !this.#mustWait) this.#stream.resume();
  }

  /** Parses as many requests as `bytes` hold, and keeps the rest. `kept`: where they lie, when they waited. */
  #advance(bytes: Bytes, kept?: GrowingBytes): void {
    let at = 0;
    while (at < bytes.length && !this.#mustWait) {
      const used = this.#phase.name === "body"
        ? this.#takeBody(bytes.subarray(at))
        : this.#takeHead(bytes, at);
      if (this.#phase === CLOSING || this.#phase === LEFT) return;
      if (used === 0) break;
      at += used;
    }
    if (at === bytes.length) return;
    const held = kept ?? new GrowingBytes();
    if (kept === undefined) held.append(bytes.subarray(at));
    else held.consume(at);
    this.#held = held;
    if (this.#mustWait) this.#stream.pause();
  }

  /** Takes a whole head from `bytes` at `from`. Answers its length, or 0 when it is not whole. */
  #takeHead(bytes: Bytes, from: number): number {
    if (this.#mayBeProxied) return this.#takeProxyHeader(bytes, from);
    const start = headStart(bytes, from);
    const end = headEnd(bytes, start, from + this.#searched);
    if ((end === -1 ? bytes.length : end) - start > this.#limits.maxHeaderBytes) {
      this.#answerLast(TOO_LONG_HEAD);
      return 0;
    }
    if (end === -1) return this.#awaitHead(bytes.length - from);
    this.#begin(parseHead(latin1Text(bytes, start, end)), bytes.subarray(end));
    this.#searched = 0;
    return end - from;
  }

  /** Takes the header of the PROXY protocol before the first head, or finds that there is none. */
  #takeProxyHeader(bytes: Bytes, from: number): number {
    const header = readProxyHeader(bytes.subarray(from));
    if (header.state === "more") return this.#awaitHead(bytes.length - from);
    this.#mayBeProxied = false;
    this.#searched = 0;
    if (header.state === "none") return this.#takeHead(bytes, from);
    if (header.state !== "read") {
      this.#answerLast(BAD_PROXY);
      return 0;
    }
    this.#remoteAddress = header.source ?? this.#remoteAddress;
    return header.size;
  }

  /** A part of a head has come, `size` bytes. */
  #awaitHead(size: number): 0 {
    if (this.#searched === 0) {
      this.#requestStartMs = performance.now();
      this.dueMs = this.#requestStartMs + this.#limits.headersTimeoutMs;
    }
    this.#searched = size;
    return 0;
  }

  /** `rest`: what came behind the head. */
  #begin(parsed: ParsedHead | BadHead, rest: Bytes): void {
    if ("fault" in parsed) {
      return this.#answerLast(errorAnswer(parsed.status, `Cannot read the request: ${parsed.fault}`));
    }
    const request = requestOf(parsed, this.#remoteAddress);
    const decision = decide(request, this.#shared.options);
    if (typeof decision === "function") return this.#upgrade(request, decision, rest);
    if (decision !== undefined) return this.#answer(decision, request);
    if (asksForOtherUpgrade(parsed)) return this.#answerLast(NOT_WEBSOCKET);
    this.#beginBody(request);
  }

  #beginBody(request: HttpRequest): void {
    const { body: framing, expectsContinue } = request.parsed;
    const { maxBodyBytes, requestTimeoutMs } = this.#limits;
    if (framing.kind === "none") return this.#route(request, undefined);
    if (framing.kind === "length" && framing.bytes > maxBodyBytes) {
      return this.#answerLast(bodyTooLarge(maxBodyBytes));
    }
    if (expectsContinue) this.#stream.write(CONTINUE);
    // A head that came whole has not been waited for.
    const startMs = this.#searched === 0 ? performance.now() : this.#requestStartMs;
    this.dueMs = startMs + requestTimeoutMs;
    this.#phase = { name: "body", request, body: new RequestBody(framing, maxBodyBytes) };
  }

  #takeBody(bytes: Bytes): number {
    if (this.#phase.name !== "body") return 0;
    const { request, body } = this.#phase;
    const used = body.push(bytes);
    if (used === "too long") this.#answerLast(bodyTooLarge(this.#limits.maxBodyBytes));
    else if (used === "malformed") this.#answerLast(BAD_BODY);
    else if (body.isDone) this.#route(request, body.bytes());
    return typeof used === "number" ? used : 0;
  }

  #upgrade(request: HttpRequest, acceptor: Acceptor, rest: Bytes): void {
    // Bytes behind the head are frames, which a proxy that saw a body would have taken for one.
    if (request.parsed.body.kind !== "none") return this.#answerLast(NOT_WEBSOCKET);
    if (!request.parsed.knowsChunks) return this.#answerLast(OLD_UPGRADE);
    this.#phase = LEFT;
    this.#held = undefined;
    this.#shared.left(this);
    upgrade(this.#stream, request, acceptor, rest, this.#shared);
  }

  /** Answers at once. A body that was not read, and who knows how long it is, ends the connection. */
  #answer(answer: Answer, request: HttpRequest): void {
    const { isKeptAlive, body } = request.parsed;
    if (!isKeptAlive || this.#isLast || body.kind !== "none" || answer.headers["connection"] !== undefined) {
      return this.#answerLast(answer, request.method === "HEAD");
    }
    this.#stream.write(answerBytes(answer, this.#context(request.method === "HEAD", true)));
    this.#awaitNext();
  }

  #answerLast(answer: Answer, isHeadOnly = false): void {
    this.#stream.write(answerBytes(answer, this.#context(isHeadOnly, false)));
    this.#close();
  }

  /** Ends our half and reads on for a while: a reset would take the answer from a peer that is still sending. */
  #close(): void {
    this.#phase = CLOSING;
    this.#held = undefined;
    const { pendingBytes } = this.#stream;
    if ((this.#isPeerDone || this.#isLast) && pendingBytes === 0) return this.#stream.destroy();
    const { closeTimeoutMs, requestTimeoutMs } = this.#limits;
    this.dueMs = performance.now() + (pendingBytes === 0 ? closeTimeoutMs : requestTimeoutMs);
    this.#stream.end();
    this.#stream.resume();
  }

  #awaitNext(): void {
    this.#phase = HEAD;
    this.#hasServed = true;
    this.dueMs = performance.now() + this.#limits.keepAliveTimeoutMs;
  }

  #route(request: HttpRequest, body: Bytes | undefined): void {
    const gone = new PeerGone();
    if (this.#isPeerDone) gone.tell();
    const webRequest = toRequest(request.parsed, body, gone);
    if (webRequest === undefined) return this.#answerLast(BAD_TARGET);
    const phase: Phase = { name: "busy", gone };
    this.#phase = phase;
    this.dueMs = Infinity;
    this.#respond(request, webRequest, gone).then((isKeptAlive) => {
      if (this.#phase === phase) this.#finish(isKeptAlive);
    });
  }

  /** Has the router answer, and sends its answer. Says whether the connection goes on; never rejects. */
  async #respond(request: HttpRequest, webRequest: Request, gone: PeerGone): Promise<boolean> {
    const { app, log } = this.#shared.options;
    const { isKeptAlive, knowsChunks } = request.parsed;
    try {
      const response = await app.fetch(webRequest, request);
      const context = this.#context(request.method === "HEAD", isKeptAlive && !this.#isLast);
      const drained = () => this.#drained();
      return await sendResponse(this.#stream, response, { ...context, knowsChunks, gone, drained });
    } catch (error) {
      if (gone.isGone) return false; // a peer that went away is no fault of ours
      log.error("a request failed", { error });
      this.#stream.destroy();
      return false;
    }
  }

  #finish(isKeptAlive: boolean): void {
    if (!isKeptAlive || this.#isLast) return this.#close();
    this.#awaitNext();
    this.#advanceAll();
  }

  /** Resolves when the peer has read what it was sent, or is gone; cuts off who does not read. */
  #drained(): Promise<void> {
    if (this.#stream.pendingBytes === 0) return Promise.resolve();
    this.dueMs = performance.now() + this.#limits.requestTimeoutMs;
    return new Promise((resolve) => {
      this.#onDrained = () => {
        this.#onDrained = undefined;
        this.dueMs = Infinity;
        resolve();
      };
    });
  }

  get #limits() {
    return this.#shared.options.limits;
  }

  #context(isHeadOnly: boolean, isKeptAlive: boolean): AnswerContext {
    return { isHeadOnly, isKeptAlive, nowMs: Date.now() };
  }
}

function asksForOtherUpgrade({ headers }: ParsedHead): boolean {
  return headers.get("upgrade") !== null && !isWebSocket(headers);
}
