import type { HttpLog } from "./log.ts";
import type { HttpServerOptions } from "./options.ts";
import { TcpTransport } from "./tcp/mod.ts";
import type { ListenAt, Listener, Transport } from "./transport.ts";

/** An address that a server listens on. */
export interface HttpAddress {
  readonly hostname: string;
  readonly port: number;
  /** True for the port that several nodes share. */
  readonly isShared: boolean;
}

/** HTTP and WebSocket on one or two ports. */
export interface HttpServer {
  /** Where it listens, own port first; the ports are the real ones. */
  addresses(): readonly HttpAddress[];
  /** How often a lost listener was opened again. */
  readonly listenersReopened: number;
  /** WebSockets that are open or closing. */
  readonly socketCount: number;
  /** Stops listening, waits up to `graceMs` for requests under way, then ends what is left. May be called twice. */
  close(graceMs?: number): Promise<void>;
}

/** A port was taken; `message` names it and what to do. */
export class PortTakenError extends Error {
  override readonly name = "PortTakenError";
  readonly port: number;

  constructor(at: ListenAt, cause: unknown) {
    const hint = at.isShared
      ? "another program listens there alone: stop it or choose another --shared-port (0 = off)"
      : "stop the program that listens there or choose another --port";
    super(`Cannot listen on ${at.hostname}:${at.port}: the port is taken; ${hint}`, { cause });
    this.port = at.port;
  }
}

const REOPEN_EVERY_MS = 250;
/** Of the tries in a row that fail, one in so many is told: 10 s. */
const TELL_EVERY_TRIES = 40;
const GRACE_MS = 1_000;

/** Opens the listeners. Rejects with {@linkcode PortTakenError}, or the system's error, and then listens nowhere. */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const transport = new TcpTransport(options);
  const { hostname, port, sharedPort, mayOverlap = false } = options;
  const wanted: ListenAt[] = [{ hostname, port, isShared: false, mayOverlap }];
  if (sharedPort !== 0) wanted.push({ hostname, port: sharedPort, isShared: true, mayOverlap: false });
  const server = new KeptServer(transport, options.log);
  try {
    for (const at of wanted) await server.open(at);
  } catch (error) {
    await server.close(0);
    throw error;
  }
  return server;
}

/** The listeners of a server and the transport behind them. */
export class KeptServer implements HttpServer {
  readonly #transport: Transport;
  readonly #log: HttpLog;
  readonly #kept: KeptListener[] = [];

  constructor(transport: Transport, log: HttpLog) {
    this.#transport = transport;
    this.#log = log;
  }

  /** Listens there too. Rejects as {@linkcode KeptListener.open} does. */
  async open(at: ListenAt): Promise<void> {
    const kept = new KeptListener(at, this.#transport, this.#log);
    await kept.open();
    this.#kept.push(kept);
  }

  addresses(): readonly HttpAddress[] {
    return this.#kept.map(({ at: { hostname, port, isShared } }) => ({ hostname, port, isShared }));
  }

  get listenersReopened(): number {
    return this.#kept.reduce((sum, kept) => sum + kept.reopened, 0);
  }

  get socketCount(): number {
    return this.#transport.socketCount;
  }

  async close(graceMs = GRACE_MS): Promise<void> {
    for (const kept of this.#kept) kept.close();
    await this.#transport.close(graceMs);
  }
}

/** A listener that is opened again whenever it is lost. */
export class KeptListener {
  readonly #transport: Transport;
  readonly #log: HttpLog;
  #at: ListenAt;
  #listener: Listener | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #failedTries = 0;
  reopened = 0;

  constructor(at: ListenAt, transport: Transport, log: HttpLog) {
    this.#at = at;
    this.#transport = transport;
    this.#log = log;
  }

  get at(): ListenAt {
    return this.#at;
  }

  /** Rejects with {@linkcode PortTakenError}, or the system's error. Listens nowhere when it was closed meanwhile. */
  async open(): Promise<void> {
    const listener = await this.#listen();
    if (this.#isClosed) return listener.close();
    this.#listener = listener;
    this.#at = { ...this.#at, port: listener.port };
  }

  /** Refuses new connections for good. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#listener?.close();
    this.#listener = undefined;
  }

  async #listen(): Promise<Listener> {
    try {
      return await this.#transport.listen(this.#at, (cause) => this.#lost(cause));
    } catch (error) {
      throw isPortTaken(error) ? new PortTakenError(this.#at, error) : error;
    }
  }

  #lost(cause: unknown): void {
    if (this.#isClosed) return;
    this.#listener = undefined;
    this.#log.error("a listener was lost; opening it again", { port: this.#at.port, cause });
    this.#openSoon();
  }

  #openSoon(): void {
    this.#retry = setTimeout(async () => {
      try {
        await this.open();
        this.reopened++;
        this.#failedTries = 0;
      } catch (error) {
        if (this.#failedTries++ % TELL_EVERY_TRIES === 0) {
          this.#log.warn("cannot open a lost listener yet", { port: this.#at.port, error });
        }
        if (!this.#isClosed) this.#openSoon();
      }
    }, REOPEN_EVERY_MS);
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Deno.errors.AddrInUse ||
    (error instanceof Error && "code" in error && error.code === "EADDRINUSE");
}
