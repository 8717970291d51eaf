/** A socket that only remembers; for tests of what sits on top of sockets. */
import type { Acceptor, Frame, Handshake, Socket, SocketListener } from "../server/mod.ts";

/** How long a client waits for replies, milliseconds: well above a busy machine, and little where none will come. */
const ANSWER_MS = 250;

export class FakeSocket implements Socket {
  readonly frames: string[] = [];
  readonly sent: Frame[] = [];
  readonly binaries: Uint8Array[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined = undefined;
  bufferedAmount = 0;

  send(frame: Frame): void {
    this.sent.push(frame);
    if (frame.isBinary) this.binaries.push(frame.bytes());
    else this.frames.push(frame.text);
  }

  sendBinary(bytes: Uint8Array<ArrayBuffer>): void {
    this.binaries.push(bytes);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  terminate(): void {
    this.closed ??= { code: 1006, reason: "" };
  }

  /** Every line that was sent, parsed. */
  get messages(): unknown[] {
    return this.frames.flatMap((frame) => frame.split("\n")).map((line) => JSON.parse(line));
  }
}

/** A client at the other end of a {@linkcode FakeSocket}. */
export class FakeClient {
  readonly socket = new FakeSocket();
  readonly listener: SocketListener;

  constructor(acceptor: Acceptor, query = "") {
    this.listener = acceptor(this.socket, handshake(query));
  }

  /**
   * Sends commands as one frame and waits until the tick, and what it started, is over; up to {@linkcode ANSWER_MS} for
   * what a worker thread answers, such as a token's signature.
   */
  async send(...commands: readonly unknown[]): Promise<void> {
    await this.sendText(commands.map((command) => JSON.stringify(command)).join("\n"));
    const endMs = performance.now() + ANSWER_MS;
    while (!this.#hasAnswered(commands) && performance.now() < endMs) await settle();
  }

  async sendText(text: string): Promise<void> {
    this.listener.onMessage(text);
    await settle();
  }

  /** Whether each command that has an id has its reply, or none can come any more. */
  #hasAnswered(commands: readonly unknown[]): boolean {
    if (this.socket.closed !== undefined) return true;
    const answered = new Set(this.socket.messages.map(idOf));
    return commands.map(idOf).every((id) => id === undefined || answered.has(id));
  }

  /** What came since the last call, parsed line by line. */
  take(): unknown[] {
    const messages = this.socket.messages;
    this.socket.frames.length = 0;
    return messages;
  }
}

/** Lets every microtask, and one round of the event loop, run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function idOf(message: unknown): unknown {
  return typeof message === "object" && message !== null && "id" in message ? message.id : undefined;
}

function handshake(query: string): Handshake {
  return {
    remoteAddress: "127.0.0.1",
    path: "/",
    query: new URLSearchParams(query),
    header: () => undefined,
  };
}
