/** A server with an echo at /ws, and clients that speak raw TCP, for the tests of src/http. */
import { textFrame } from "../src/core/ws_frame.ts";
import {
  createHttpApp,
  defaultHttpLimits,
  type HttpServer,
  type HttpServerOptions,
  serveHttp,
} from "../src/http/mod.ts";
import type { NodeView, TransportName } from "../src/http/mod.ts";
import type { Socket } from "../src/server/mod.ts";
import { inTime, until } from "../src/testing/waiting.ts";

/** Longer than any server of a test leaves its peer waiting on purpose. */
const WRITES_WITHIN_MS = 30_000;

export const transports: readonly TransportName[] = ["tcp", "streams"];

/** Bytes that a socket accepted by {@linkcode startServer} reports, in order. */
export interface Seen {
  readonly sockets: Socket[];
  readonly messages: (string | Uint8Array)[];
  readonly closes: (readonly [number, string])[];
  readonly logged: string[];
}

export interface Started extends AsyncDisposable {
  readonly server: HttpServer;
  readonly port: number;
  readonly seen: Seen;
}

export const nodeView: NodeView = {
  health: () => ({
    status: "ok",
    node: "n1",
    version: "0.1.0",
    uptime_s: 1,
    connections: 0,
    channels: 0,
    backend: { kind: "memory", state: "ready", latency_ms: 0 },
    draining: false,
  }),
  ready: () => ({ ready: true }),
  stats: () => Promise.reject(new Error("no stats here")),
  metrics: () => Promise.resolve({ contentType: "text/plain", body: "up 1\n".repeat(100_000) }),
};

/** Options of a server on a free port of 127.0.0.1 that echoes at /ws, and what it sees. */
export function serverOptions(
  transport: TransportName,
): { readonly options: HttpServerOptions; readonly seen: Seen } {
  const seen: Seen = { sockets: [], messages: [], closes: [], logged: [] };
  const log = {
    warn: (message: string) => void seen.logged.push(message),
    error: (message: string) => void seen.logged.push(message),
  };
  const options: HttpServerOptions = {
    hostname: "127.0.0.1",
    port: 0,
    sharedPort: 0,
    transport,
    access: { isOpen: true, allowedOrigins: [] },
    limits: { ...defaultHttpLimits, maxMessageBytes: 1_000, closeTimeoutMs: 400 },
    app: createHttpApp(nodeView, log),
    acceptorFor: (path) => path === "/ws" ? (socket) => echo(socket, seen) : undefined,
    isFull: () => false,
    isDraining: () => false,
    log,
  };
  return { options, seen };
}

export async function startServer(
  transport: TransportName,
  changes: Partial<HttpServerOptions> = {},
): Promise<Started> {
  const { options, seen } = serverOptions(transport);
  const server = await serveHttp({ ...options, ...changes });
  const port = server.addresses()[0]?.port ?? 0;
  return { server, port, seen, [Symbol.asyncDispose]: () => server.close(200) };
}

export function frame(text: string) {
  const bytes = new TextEncoder().encode(text);
  return {
    text,
    isBinary: false,
    bytes: () => bytes,
    wire: () => textFrame(text, bytes.length),
    size: bytes.length,
  };
}

function echo(socket: Socket, seen: Seen) {
  seen.sockets.push(socket);
  return {
    onMessage(data: string | Uint8Array<ArrayBuffer>) {
      seen.messages.push(data);
      if (data === "throw") throw new Error("a listener's mistake");
      if (typeof data === "string") socket.send(frame(data));
      else socket.sendBinary(data);
    },
    onClose: (code: number, reason: string) => void seen.closes.push([code, reason]),
  };
}

/** A raw connection; reads into `text` (Latin-1) from the start. */
export class RawClient implements AsyncDisposable {
  readonly #connection: Deno.TcpConn;
  readonly #reading: Promise<void>;
  text = "";
  isEnded = false;

  private constructor(connection: Deno.TcpConn, isReading: boolean) {
    this.#connection = connection;
    this.#reading = isReading ? this.#read() : Promise.resolve();
  }

  static async connect(
    port: number,
    options = { isReading: true, hostname: "127.0.0.1" },
  ): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname: options.hostname, port }), options.isReading);
  }

  /** Opens a WebSocket at /ws and waits for the 101. */
  static async webSocket(port: number): Promise<RawClient> {
    const client = await RawClient.connect(port);
    await client.write(upgradeHead());
    await until("the 101", () => client.text.includes("\r\n\r\n"));
    return client;
  }

  async write(data: string | Uint8Array): Promise<void> {
    let rest = typeof data === "string"
      ? Uint8Array.from(data, (character) => character.charCodeAt(0))
      : data;
    while (rest.length > 0) {
      rest = rest.subarray(
        await inTime("the server to read", this.#connection.write(rest), WRITES_WITHIN_MS),
      );
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let n = await this.#connection.read(buffer); n !== null; n = await this.#connection.read(buffer)) {
        this.text += String.fromCharCode(...buffer.subarray(0, n));
      }
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
    this.isEnded = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await inTime("the end of reading", this.#reading);
  }
}

/** Head of a well-formed upgrade; `changes` replace headers, an empty value leaves one out. */
export function upgradeHead(path = "/ws", changes: Readonly<Record<string, string>> = {}): string {
  const headers = {
    Host: "localhost",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...changes,
  };
  return requestHead("GET", path, headers);
}

export function requestHead(method: string, path: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).filter(([, value]) => value !== "").map(([name, value]) =>
    `${name}: ${value}`
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** One client frame with an all-zero mask: the payload is readable as it is. */
export function clientFrame(opcode: number, payload: string, isFinal = true): Uint8Array {
  const head = [opcode | (isFinal ? 0x80 : 0)];
  if (payload.length < 126) head.push(0x80 | payload.length);
  else head.push(0x80 | 126, payload.length >> 8, payload.length & 255);
  return Uint8Array.from([...head, 0, 0, 0, 0, ...Uint8Array.from(payload, (c) => c.charCodeAt(0))]);
}

/** Sends one request and answers its status. */
export async function statusOf(port: number, head: string, hostname = "127.0.0.1"): Promise<number> {
  await using client = await RawClient.connect(port, { isReading: true, hostname });
  await client.write(head);
  await until("a status line", () => client.text.includes("\r\n"));
  return Number(client.text.split(" ")[1]);
}
