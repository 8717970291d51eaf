import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
// @ts-types="@types/ws"
import { WebSocketServer } from "ws";
import type { Acceptor } from "../server/mod.ts";
import { AcceptWatch } from "./accept_watch.ts";
import { type Answer, errorAnswer } from "./answer.ts";
import { bodyTooLarge } from "./body.ts";
import { CloseSweep } from "./close_sweep.ts";
import { chooseSubprotocol, decide, type RequestHead } from "./decide.ts";
import { RequestHandshake } from "./handshake.ts";
import { NodeHeaders, rawAnswer, readBody, sendAnswer, sendResponse, toRequest } from "./node_http.ts";
import type { HttpLimits, TransportOptions } from "./options.ts";
import type { ListenAt, Listener, Transport } from "./transport.ts";
import { OwnedWebSocket, type WsShared, WsSocket } from "./ws_socket.ts";

/** How often node:http looks for connections past their deadline, milliseconds. */
const DEADLINE_LOOK_MS = 1_000;

/** A request head with its query, as node:http gives them. */
interface NodeHead extends RequestHead {
  /** Path and query. */
  readonly target: string;
  readonly search: string;
}

/** npm:ws on node:http: bounds hostile peers in bytes and in time. */
export class WsTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #shared: WsShared;
  readonly #unwatched = new Set<WsListener>();
  readonly #upgrader: ReturnType<typeof createUpgrader>;

  constructor(options: TransportOptions) {
    this.#options = options;
    const sweep = new CloseSweep(options.limits.closeTimeoutMs);
    this.#shared = { sweep, sockets: new Set(), log: options.log };
    this.#upgrader = createUpgrader(options);
  }

  get socketCount(): number {
    return this.#shared.sockets.size;
  }

  async listen(at: ListenAt, onLost: (cause: unknown) => void): Promise<Listener> {
    const server = this.#createServer();
    await listening(server, at);
    const address = server.address();
    if (address === null || typeof address === "string") throw new TypeError("Cannot listen: no TCP address");
    const listener = new WsListener(server, at.hostname, address.port, onLost);
    if (at.isShared) this.#unwatched.add(listener);
    else listener.watch(!at.mayOverlap, () => this.#loseUnwatched());
    return listener;
  }

  end(): void {
    for (const socket of this.#shared.sockets) socket.terminate();
    this.#shared.sweep.stop();
  }

  /** A shared port cannot be watched, since other processes answer there too: after a shortage it counts as lost. */
  #loseUnwatched(): void {
    for (const listener of this.#unwatched) listener.lose("descriptors had run out");
    this.#unwatched.clear();
  }

  #createServer(): Server {
    const server = createServer(serverOptions(this.#options.limits));
    server.on("request", (request, response) => this.#onRequest(request, response));
    server.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
    server.on("clientError", onClientError);
    return server;
  }

  #onRequest(message: IncomingMessage, response: ServerResponse): void {
    const head = readHead(message);
    if (head === undefined) return sendAnswer(response, BAD_TARGET);
    const decision = decide(head, this.#options);
    // node:http raises "upgrade" for every upgrade that `decide` accepts, so a function cannot come here.
    if (decision !== undefined) {
      return sendAnswer(response, typeof decision === "object" ? decision : NOT_WEBSOCKET);
    }
    this.#route(message, response, head).catch((error) => this.#routeFailed(response, error));
  }

  async #route(message: IncomingMessage, response: ServerResponse, head: NodeHead): Promise<void> {
    const { app, limits } = this.#options;
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const hasBody = message.method !== "GET" && message.method !== "HEAD";
    const body = hasBody ? await readBody(message, limits.maxBodyBytes) : undefined;
    if (hasBody && body === undefined) return sendAnswer(response, bodyTooLarge(limits.maxBodyBytes));
    const request = toRequest(message, head.target, body, gone.signal);
    if (request === undefined) return sendAnswer(response, BAD_TARGET);
    await sendResponse(response, await app.fetch(request, head));
  }

  #routeFailed(response: ServerResponse, error: unknown): void {
    // A peer that went away, or ran out of time, is no fault of ours.
    if (!response.destroyed && response.socket?.destroyed === false) {
      this.#options.log.error("a request failed", { error });
    }
    response.destroy();
  }

  #onUpgrade(message: IncomingMessage, socket: Duplex, buffered: Uint8Array): void {
    socket.on("error", destroyThis);
    const head = readHead(message);
    const decision = head === undefined ? BAD_TARGET : decide(head, this.#options);
    if (head === undefined || typeof decision !== "function") {
      const answer = typeof decision === "object" ? decision : NOT_WEBSOCKET;
      socket.end(rawAnswer(answer, STATUS_CODES[answer.status] ?? ""), () => socket.destroy());
      return;
    }
    this.#accept(message, socket, buffered, head, decision);
  }

  #accept(
    message: IncomingMessage,
    socket: Duplex,
    buffered: Uint8Array,
    head: NodeHead,
    acceptor: Acceptor,
  ): void {
    this.#upgrader.handleUpgrade(message, socket, Buffer.from(buffered), (webSocket) => {
      const wsSocket = new WsSocket(webSocket, this.#shared);
      socket.on("end", () => wsSocket.peerEnded());
      wsSocket.open(acceptor, new RequestHandshake(head.remoteAddress, head.path, head.search, head.headers));
    });
  }
}

/** A listening server that notices when it is lost. */
class WsListener implements Listener {
  readonly hostname: string;
  readonly port: number;
  readonly #server: Server;
  readonly #onLost: (cause: unknown) => void;
  #watch: AcceptWatch | undefined;
  #isClosing = false;

  constructor(server: Server, hostname: string, port: number, onLost: (cause: unknown) => void) {
    this.#server = server;
    this.hostname = hostname;
    this.port = port;
    this.#onLost = onLost;
    server.on("error", (error) => this.lose(error));
  }

  watch(isAlone: boolean, onShortage: () => void): void {
    const onLost = (cause: unknown) => {
      this.lose(cause);
      onShortage();
    };
    const { hostname, port } = this;
    const watch = new AcceptWatch({ hostname, port, isAlone }, { onLost, onShortageOver: onShortage });
    this.#server.on("connection", () => watch.accepted());
    this.#watch = watch;
  }

  lose(cause: unknown): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#watch?.stop();
    this.#server.close();
    this.#onLost(cause);
  }

  close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#watch?.stop();
    return closed(this.#server, graceMs);
  }
}

const BAD_TARGET: Answer = errorAnswer(400, "Cannot read the request: its target or Host is malformed");
const NOT_WEBSOCKET: Answer = errorAnswer(400, "Cannot upgrade: only WebSocket is spoken");

function createUpgrader({ limits, subprotocols }: TransportOptions) {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxMessageBytes,
    WebSocket: OwnedWebSocket,
    handleProtocols: (offered) => chooseSubprotocol([...offered].join(), subprotocols) ?? false,
  });
}

function serverOptions(limits: HttpLimits) {
  const { requestTimeoutMs } = limits;
  // node:http refuses to start with headers that may take longer than their request.
  const headersTimeoutMs = Math.min(limits.headersTimeoutMs, requestTimeoutMs);
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: Math.min(DEADLINE_LOOK_MS, headersTimeoutMs),
  };
}

function readHead(message: IncomingMessage): NodeHead | undefined {
  const target = message.url ?? "";
  if (!target.startsWith("/")) return undefined;
  const queryAt = target.indexOf("?");
  return {
    target,
    method: message.method ?? "",
    path: queryAt === -1 ? target : target.slice(0, queryAt),
    search: queryAt === -1 ? "" : target.slice(queryAt + 1),
    remoteAddress: message.socket.remoteAddress ?? "",
    headers: new NodeHeaders(message.rawHeaders),
  };
}

function listening(server: Server, at: ListenAt): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host: at.hostname, port: at.port, reusePort: at.isShared || at.mayOverlap }, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

async function closed(server: Server, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    server.closeAllConnections();
    resolve();
  }, graceMs);
  await promise.finally(() => clearTimeout(timer));
}

/** Past a deadline, over the header size, or no HTTP at all: a word to those who read, then the end. */
function onClientError(error: Error, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy();
  const answer = clientErrorAnswer("code" in error ? error.code : undefined);
  socket.end(rawAnswer(answer, STATUS_CODES[answer.status] ?? ""), () => socket.destroy());
}

function clientErrorAnswer(code: unknown): Answer {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return errorAnswer(408, "Cannot wait for the request: it took too long");
  }
  if (code === "HPE_HEADER_OVERFLOW") return errorAnswer(431, "Cannot take the headers: they are too long");
  return errorAnswer(400, "Cannot read the request: it is not HTTP");
}

function destroyThis(this: Duplex): void {
  this.destroy();
}
