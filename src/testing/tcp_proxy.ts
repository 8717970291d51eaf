/**
 * A TCP proxy on the loopback address that can fall silent: connections stay open on both sides and not a byte comes
 * through, which is what a cut network looks like from either end.
 */
import { inTime } from "./waiting.ts";
import { writeAll } from "./write_all.ts";

/** Bytes that are held back per direction while the proxy is silent; the sender's own buffers fill after that. */
const READ_BYTES = 64 * 1024;

export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #accepting: Promise<void>;
  #silence: { readonly over: Promise<void>; readonly end: () => void } | undefined;

  /** Starts passing on to `targetPort`. */
  constructor(targetPort: number, port = 0) {
    this.#target = targetPort;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  /** From now on nothing comes through, and nobody is told. */
  silence(): void {
    if (this.#silence !== undefined) return;
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    this.#silence = { over, end };
  }

  /** Ends the silence. Connections that were made before are cut when `isCut`, else they go on. */
  resume({ isCut = false }: { readonly isCut?: boolean } = {}): void {
    if (isCut) this.cut();
    this.#silence?.end();
    this.#silence = undefined;
  }

  /** Closes every connection. */
  cut(): void {
    for (const conn of this.#open) close(conn);
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.resume({ isCut: true });
    await inTime("the end of a proxy's connections", this.#accepting);
  }

  async #accept(): Promise<void> {
    const passing: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) passing.push(this.#join(client));
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    await Promise.all(passing);
  }

  async #join(client: Deno.TcpConn): Promise<void> {
    this.#open.add(client);
    await this.#silence?.over;
    try {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      this.#open.add(server);
      await Promise.all([this.#pass(client, server), this.#pass(server, client)]);
    } catch {
      // The target refuses: its client sees the same.
    } finally {
      close(client);
      this.#open.delete(client);
    }
  }

  /** Copies until either side ends, which ends the other too. */
  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await from.read(buffer);
        await this.#silence?.over;
        if (count === null) break;
        await writeAll(to, buffer.subarray(0, count));
      }
    } catch {
      // Reset by one side: the other is closed below.
    } finally {
      close(from);
      close(to);
      this.#open.delete(from);
      this.#open.delete(to);
    }
  }
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
