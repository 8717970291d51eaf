import { createServer, type Server, type Socket } from "node:net";
import { unavailableAnswer } from "../answer.ts";
import { CloseSweep } from "../close_sweep.ts";
import type { TransportOptions } from "../options.ts";
import type { ListenAt, Listener, Transport } from "../transport.ts";
import { Compression } from "./deflate/compression.ts";
import { DeadlineWatch } from "./deadlines.ts";
import { Connections } from "./connections.ts";
import { HttpConnection } from "./http_connection.ts";
import { openNodeStream, type StreamOpener, streamOpener } from "./open_stream.ts";
import { answerBytes } from "./http_writer.ts";
import { TcpListener } from "./listener.ts";
import type { SocketShared } from "./tcp_socket.ts";

/** How often connections past their deadline are looked for, milliseconds. */
const DEADLINE_LOOK_MS = 1_000;
/** Connections that the kernel holds for us while we are busy. */
const BACKLOG = 1_024;

/** HTTP and WebSocket of our own on TCP: every peer is bounded in bytes and in time. */
export class TcpTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #open: StreamOpener;
  readonly #sockets: SocketShared;
  readonly #watch: DeadlineWatch<HttpConnection>;
  readonly #connections = new Connections();
  readonly #unwatched = new Set<TcpListener>();

  constructor(options: TransportOptions) {
    const { maxMessageBytes, closeTimeoutMs, headersTimeoutMs } = options.limits;
    const sweep = new CloseSweep(closeTimeoutMs);
    this.#options = options;
    this.#open = options.transport === "tcp" ? streamOpener() : openNodeStream;
    this.#sockets = {
      compression: Compression.of(options.compression, maxMessageBytes, options.log),
      maxMessageBytes,
      sweep,
      sockets: new Set(),
      log: options.log,
    };
    this.#watch = new DeadlineWatch(Math.min(DEADLINE_LOOK_MS, headersTimeoutMs));
  }

  get socketCount(): number {
    return this.#sockets.sockets.size;
  }

  async listen(at: ListenAt, onLost: (cause: unknown) => void): Promise<Listener> {
    // Half-open: a peer that has ended its half still gets its answer. Paused: nobody else may read first.
    const server = createServer({ noDelay: true, pauseOnConnect: true, allowHalfOpen: true });
    server.on("connection", (socket) => this.#onConnection(socket));
    const port = await listening(server, at);
    const listener = new TcpListener(server, at.hostname, port, onLost);
    if (at.isShared) this.#unwatched.add(listener);
    else listener.watch(!at.mayOverlap, () => this.#loseUnwatched());
    return listener;
  }

  async close(graceMs: number): Promise<void> {
    this.#end();
    await this.#connections.close(graceMs);
    // A handshake may have slipped in between.
    this.#end();
  }

  #end(): void {
    for (const socket of this.#sockets.sockets) socket.terminate();
    this.#sockets.sweep.stop();
    this.#watch.stop();
  }

  #onConnection(socket: Socket): void {
    const { members } = this.#watch;
    const { maxConnections = Infinity } = this.#options;
    if (members.size + this.socketCount >= maxConnections) return turnAway(socket);
    const left = (connection: HttpConnection) => {
      members.delete(connection);
      this.#connections.remove(connection);
    };
    const shared = { options: this.#options, sockets: this.#sockets, left };
    const connection = new HttpConnection(this.#open(socket), shared, performance.now());
    members.add(connection);
    this.#connections.add(connection);
  }

  /** A shared port cannot be watched, since other processes answer there too: after a shortage it counts as lost. */
  #loseUnwatched(): void {
    for (const listener of this.#unwatched) listener.lose("descriptors had run out");
    this.#unwatched.clear();
  }
}

/** Says 503 to whoever is too many, and spends nothing more on it. */
function turnAway(socket: Socket): void {
  const answer = unavailableAnswer("Cannot take the connection: this node is full");
  socket.on("error", () => socket.destroy());
  socket.end(answerBytes(answer, { isHeadOnly: false, isKeptAlive: false, nowMs: Date.now() }));
  socket.destroySoon();
}

async function listening(server: Server, at: ListenAt): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({
    host: at.hostname,
    port: at.port,
    reusePort: at.isShared || at.mayOverlap,
    backlog: BACKLOG,
  }, () => {
    server.off("error", reject);
    resolve();
  });
  await promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("Cannot listen: no TCP address");
  return address.port;
}
