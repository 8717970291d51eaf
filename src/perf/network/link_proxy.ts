/** A TCP proxy of our own between two ends that need not know: it delays, or it cuts. */
import { carryDelayed, type Delay } from "./delay_line.ts";

/** Where a {@linkcode LinkProxy} leads and how. */
export interface LinkOptions {
  readonly hostname: string;
  readonly port: number;
  readonly delay: Delay;
  /** On a monotonic clock, milliseconds. */
  readonly nowMs: () => number;
  /** In [0, 1); decides the jitter. */
  readonly random: () => number;
}

/** Listens on a free port of 127.0.0.1. Dispose it to end all connections. */
export class LinkProxy implements AsyncDisposable {
  readonly port: number;
  readonly #options: LinkOptions;
  readonly #open = new Set<Deno.TcpConn>();
  #isCut = false;
  #listener: Deno.TcpListener;
  #accepting: Promise<void>;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept(this.#listener);
  }

  /** Ends all connections and refuses new ones until {@linkcode restore}. */
  async cut(): Promise<void> {
    closeQuietly(this.#listener);
    this.#closeAll();
    await this.#accepting;
  }

  /** Accepts connections again. */
  restore(): void {
    this.#isCut = false;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#accepting = this.#accept(this.#listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #closeAll(): void {
    this.#isCut = true;
    for (const conn of this.#open) closeQuietly(conn);
    this.#open.clear();
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    const links: Promise<void>[] = [];
    try {
      for await (const client of listener) {
        // One more may come out of a listener that was closed while it was accepting.
        if (this.#isCut) client.close();
        else links.push(this.#join(client));
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
    }
    await Promise.all(links);
  }

  async #join(client: Deno.TcpConn): Promise<void> {
    this.#open.add(client);
    const { hostname, port } = this.#options;
    try {
      const server = await Deno.connect({ hostname, port });
      // Cut meanwhile: a read from a closed connection would neither end nor fail.
      if (!this.#open.has(client)) return server.close();
      this.#open.add(server);
      await this.#carry(client, server).finally(() => this.#forget(server));
    } catch (error) {
      // The far end is away: to the near end that is a connection that ends at once.
      if (!isEnd(error)) throw error;
    } finally {
      this.#forget(client);
    }
  }

  async #carry(client: Deno.TcpConn, server: Deno.TcpConn): Promise<void> {
    client.setNoDelay();
    server.setNoDelay();
    const { delay, nowMs, random } = this.#options;
    const carry = (from: Deno.TcpConn, to: Deno.TcpConn) =>
      carryDelayed(from, to, delay, { nowMs, random }).catch((error) => {
        // An end that resets takes the other one with it.
        closeQuietly(client);
        closeQuietly(server);
        if (!isEnd(error)) throw error;
      });
    await Promise.all([carry(client, server), carry(server, client)]);
  }

  #forget(conn: Deno.TcpConn): void {
    this.#open.delete(conn);
    closeQuietly(conn);
  }
}

function closeQuietly(closable: { close(): void }): void {
  try {
    closable.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Ways in which a connection ends that are none of our faults. */
function isEnd(error: unknown): boolean {
  const kinds = [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.ConnectionRefused,
    Deno.errors.ConnectionAborted,
    Deno.errors.NotConnected,
    Deno.errors.Interrupted,
    Deno.errors.TimedOut,
  ];
  return kinds.some((kind) => error instanceof kind);
}
