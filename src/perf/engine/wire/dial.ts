/** Opens a TCP connection, with TLS on top if asked for, from a given local address if asked for. */
// node:net and node:tls only for connections with a local address: Deno.connect has no such option.
import { connect as connectFrom, type Socket } from "node:net";
import { connect as secureFrom } from "node:tls";
import type { ByteConnection } from "./byte_link.ts";

/** Where to. */
export interface DialAddress {
  readonly hostname: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Local address to leave from; undefined for the system's choice. */
  readonly sourceIp?: string | undefined;
}

/** A TCP connection; how it becomes bytes to exchange is a step of its own, so that both can be timed. */
export interface Dialled {
  /**
   * Its bytes: at once on `ws:`, after the TLS handshake on `wss:`. Call it once; rejects with the system's error, or
   * when the signal of {@linkcode dial} gives up. After a rejection nothing is left open.
   */
  open(): Promise<ByteConnection>;
}

/** Connects. Rejects with the system's error; `signal` gives up. */
export async function dial(address: DialAddress, signal: AbortSignal): Promise<Dialled> {
  const { hostname, port, isSecure, sourceIp } = address;
  if (sourceIp !== undefined) {
    const socket = await connectedFrom(sourceIp, address, signal);
    return {
      open: async () => new SocketConnection(isSecure ? await securedOn(socket, hostname, signal) : socket),
    };
  }
  const tcp = await Deno.connect({ hostname, port, signal });
  // Without this a small message waits for the acknowledgement of the one before it.
  tcp.setNoDelay(true);
  return { open: () => isSecure ? secure(tcp, hostname, signal) : Promise.resolve(tcp) };
}

async function secure(tcp: Deno.TcpConn, hostname: string, signal: AbortSignal): Promise<ByteConnection> {
  const tls = await Deno.startTls(tcp, { hostname });
  // The handshake takes no signal, and a server may never answer it. The runtime then gives the descriptor back when
  // the server ends the connection, not before.
  const giveUp = () => tls.close();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    // Else it is done by the first read, whose failure would look like a lost connection.
    await tls.handshake();
    return tls;
  } catch (error) {
    if (!signal.aborted) tls.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function connectedFrom(
  localAddress: string,
  address: DialAddress,
  signal: AbortSignal,
): Promise<Socket> {
  const { hostname, port } = address;
  const socket = connectFrom({ host: hostname, port, localAddress, noDelay: true });
  await happens(socket, "connect", signal);
  return socket;
}

async function securedOn(socket: Socket, hostname: string, signal: AbortSignal): Promise<Socket> {
  // Not as its servername, which may not be an address; the certificate is held against names and addresses alike.
  const tls = secureFrom({ socket, host: hostname });
  await happens(tls, "secureConnect", signal);
  return tls;
}

/** Resolves at `event`; destroys the socket and rejects when that fails, ends before, or is given up. */
async function happens(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ended = () => reject(new Error(`reset: the connection was closed before ${event}`));
  // Without an error of its own, which would be told to whoever listens last: nobody.
  const giveUp = () => socket.destroy();
  socket.once(event, resolve).once("error", reject).once("close", ended);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    socket.off("error", reject).off("close", ended);
    signal.removeEventListener("abort", giveUp);
  }
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
