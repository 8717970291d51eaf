import type { Acceptor } from "../server/mod.ts";
import { type Answer, errorAnswer, toResponse } from "./answer.ts";
import { boundBody } from "./body.ts";
import { CloseSweep } from "./close_sweep.ts";
import { chooseSubprotocol, decide, type RequestHead } from "./decide.ts";
import { RequestHandshake } from "./handshake.ts";
import { type NativeShared, NativeSocket } from "./native_socket.ts";
import type { TransportOptions } from "./options.ts";
import type { ListenAt, Listener, Transport } from "./transport.ts";

type NetInfo = Deno.ServeHandlerInfo<Deno.NetAddr>;

/**
 * `Deno.serve` and `Deno.upgradeWebSocket`: the fast transport. It cannot bound an unfinished message, a silent
 * connection or a peer that does not read, so it is for peers that are trusted with that.
 */
export class NativeTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #shared: NativeShared;

  constructor(options: TransportOptions) {
    this.#options = options;
    const { maxMessageBytes, closeTimeoutMs } = options.limits;
    const sweep = new CloseSweep(closeTimeoutMs);
    this.#shared = { maxMessageBytes, sweep, sockets: new Set(), log: options.log };
  }

  get socketCount(): number {
    return this.#shared.sockets.size;
  }

  listen(at: ListenAt, onLost: (cause: unknown) => void): Promise<Listener> {
    const ending = new AbortController();
    // A sync throw of Deno.serve must become a rejection.
    return Promise.resolve().then(() => {
      const server = Deno.serve({
        hostname: at.hostname,
        port: at.port,
        reusePort: at.isShared || at.mayOverlap,
        signal: ending.signal,
        onListen: () => {},
        onError: (error) => this.#onError(error),
      }, (request, info) => this.#handle(request, info));
      let isClosing = false;
      server.finished.then(() => isClosing || onLost("it ended"), (cause) => isClosing || onLost(cause));
      const close = async (graceMs: number) => {
        isClosing = true;
        const timer = setTimeout(() => ending.abort(), graceMs);
        await server.shutdown().finally(() => clearTimeout(timer));
      };
      return { hostname: at.hostname, port: server.addr.port, close };
    });
  }

  end(): void {
    for (const socket of this.#shared.sockets) socket.terminate();
    this.#shared.sweep.stop();
  }

  #handle(request: Request, info: NetInfo): Response | Promise<Response> {
    const { url } = request;
    const pathAt = url.indexOf("/", url.indexOf("://") + 3);
    const queryAt = url.indexOf("?", pathAt);
    const head = {
      method: request.method,
      path: queryAt === -1 ? url.slice(pathAt) : url.slice(pathAt, queryAt),
      remoteAddress: info.remoteAddr.hostname,
      headers: request.headers,
    };
    const decision = decide(head, this.#options);
    if (decision === undefined) return this.#route(request, head);
    if (typeof decision !== "function") return toResponse(decision);
    return this.#upgrade(request, head, queryAt === -1 ? "" : url.slice(queryAt + 1), decision);
  }

  #route(request: Request, head: RequestHead): Response | Promise<Response> {
    const bounded = boundBody(request, this.#options.limits.maxBodyBytes);
    return bounded instanceof Request ? this.#options.app.fetch(bounded, head) : toResponse(bounded);
  }

  #upgrade(request: Request, head: RequestHead, search: string, acceptor: Acceptor): Response {
    const offered = head.headers.get("sec-websocket-protocol");
    const protocol = chooseSubprotocol(offered, this.#options.subprotocols);
    // Without 0 a busy event loop closes all sockets together after 30 s; who pings is the protocol.
    const options = protocol === undefined ? { idleTimeout: 0 } : { idleTimeout: 0, protocol };
    const { socket, response } = Deno.upgradeWebSocket(request, options);
    const handshake = new RequestHandshake(head.remoteAddress, head.path, search, head.headers);
    new NativeSocket(socket, acceptor, handshake, this.#shared);
    return response;
  }

  #onError(error: unknown): Response {
    this.#options.log.error("a request failed", { error });
    return toResponse(INTERNAL_ERROR);
  }
}

const INTERNAL_ERROR: Answer = errorAnswer(500, "Cannot answer: internal server error");
