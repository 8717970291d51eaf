import type { Acceptor } from "../server/mod.ts";
import type { Answer } from "./answer.ts";
import type { HttpApp } from "./app.ts";
import type { Gate } from "./gate.ts";
import type { HttpLog } from "./log.ts";

/** Bounds of what a peer may send and how long it may take. */
export interface HttpLimits {
  /** One WebSocket message, all fragments together, bytes. */
  readonly maxMessageBytes: number;
  /** One request body, bytes. */
  readonly maxBodyBytes: number;
  /** All headers of a request, bytes. */
  readonly maxHeaderBytes: number;
  /** Until the headers of a request are complete, milliseconds. */
  readonly headersTimeoutMs: number;
  /** Until a request is complete, body included, milliseconds. */
  readonly requestTimeoutMs: number;
  /** How long a connection may idle between two requests, milliseconds. */
  readonly keepAliveTimeoutMs: number;
  /** How long after `close()` a WebSocket is ended without the peer's answer, milliseconds. */
  readonly closeTimeoutMs: number;
}

/** The limits of a node in production. */
export const defaultHttpLimits: HttpLimits = {
  maxMessageBytes: 64 * 1024,
  maxBodyBytes: 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 30_000,
  closeTimeoutMs: 5_000,
};

/**
 * How connections are read and written: `tcp` through the handles under the sockets of node:net, where this runtime has
 * them; `streams` through its public streams, at more cost.
 */
export type TransportName = "tcp" | "streams";

/** How WebSocket messages are compressed for peers that can. */
export interface CompressionSettings {
  /** `shared`: each message alone, once for all who get it; `connection`: with what each was sent before. */
  readonly mode: "shared" | "connection";
  /** Messages shorter than this stay as they are, bytes. */
  readonly thresholdBytes: number;
}

/** What a server needs besides its addresses. */
export interface TransportOptions extends Gate {
  readonly limits: HttpLimits;
  /** Without it nothing is compressed. */
  readonly compression?: CompressionSettings | undefined;
  readonly app: HttpApp;
  /** Who takes WebSockets at `path`; an answer refuses them, undefined is 404. Asked for plain requests too: pure. */
  acceptorFor(path: string): Acceptor | Answer | undefined;
  /** WebSocket subprotocols that are spoken; the first offered of them is chosen. */
  readonly subprotocols?: readonly string[];
  readonly transport: TransportName;
  /** Open connections, HTTP and WebSocket together; more are answered 503 and closed unread. Default: no bound. */
  readonly maxConnections?: number;
  readonly log: HttpLog;
}

/** Options of {@linkcode serveHttp}. */
export interface HttpServerOptions extends TransportOptions {
  /** Address to bind, for instance `127.0.0.1`. */
  readonly hostname: string;
  /** Own port of the node; 0 lets the system choose. Bound alone, so that a second node on it is an error. */
  readonly port: number;
  /** True for a node whose supervisor vouches for its port: a successor may bind it too. */
  readonly mayOverlap?: boolean;
  /** Port that all nodes of this machine share (SO_REUSEPORT); 0 = off. */
  readonly sharedPort: number;
}
