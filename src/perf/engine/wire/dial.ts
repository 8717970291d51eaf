/** Opens a TCP connection, with TLS on top if asked for, from a given local address if asked for. */
// node:net only for connections with a local address: Deno.connect has no such option.
import { connect as connectFrom, type Socket } from "node:net";
import type { ByteConnection } from "./byte_link.ts";

/** Where to. */
export interface DialAddress {
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Local address to leave from; undefined for the system's choice. */
  readonly sourceIp?: string | undefined;
}

/** A TCP connection, and how to make it secure when it has to be. */
export interface Dialled {
  readonly tcp: ByteConnection;
  readonly tls: (() => Promise<ByteConnection>) | undefined;
}

/** Connects. Rejects with the system's error; `signal` gives up. */
export async function dial(address: DialAddress, signal: AbortSignal): Promise<Dialled> {
  const { hostname, port, isSecure, sourceIp } = address;
  if (sourceIp !== undefined) return { tcp: await dialFrom(sourceIp, address, signal), tls: undefined };
  const tcp = await Deno.connect({ hostname, port, signal });
  // Without this a small message waits for the acknowledgement of the one before it.
  tcp.setNoDelay(true);
  if (isSecure) return { tcp, tls: () => secure(tcp, hostname) };
  return { tcp, tls: undefined };
}

async function secure(tcp: Deno.TcpConn, hostname: string): Promise<ByteConnection> {
  const tls = await Deno.startTls(tcp, { hostname });
  // Else it is done by the first read, whose failure would look like a lost connection.
  await tls.handshake();
  return tls;
}

async function dialFrom(
  localAddress: string,
  address: DialAddress,
  signal: AbortSignal,
): Promise<ByteConnection> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connectFrom({
    host: address.hostname,
    port: address.port,
    localAddress,
    noDelay: true,
    signal,
  });
  socket.once("connect", resolve);
  socket.once("error", reject);
  try {
    await promise;
  } finally {
    socket.off("error", reject);
  }
  return new SocketConnection(socket);
}

/** A socket of node:net as plain reads and writes. */
class SocketConnection implements ByteConnection {
  readonly #socket: Socket;
  #chunks: Uint8Array[] = [];
  #hasEnded = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      if (typeof chunk === "string") return; // Only with an encoding, which is not set.
      this.#chunks.push(chunk);
      socket.pause(); // One chunk at a time: what is not read stays in the system's bounded buffer.
      this.#wake?.();
    });
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(undefined));
    socket.on("end", () => this.#end(undefined));
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#hasEnded) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const [first = new Uint8Array(0), ...rest] = this.#chunks;
    const count = Math.min(first.length, into.length);
    into.set(first.subarray(0, count));
    this.#chunks = count < first.length ? [first.subarray(count), ...rest] : rest;
    if (this.#chunks.length === 0) this.#socket.resume();
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.write(bytes, (error) => error ? reject(error) : resolve());
    await promise;
    return bytes.length;
  }

  close(): void {
    this.#socket.destroy();
  }

  #end(error: Error | undefined): void {
    this.#error ??= error;
    this.#hasEnded = true;
    this.#wake?.();
  }
}
