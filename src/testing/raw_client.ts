/** A client of the client protocol without a library: it may say anything, and keeps all that it hears. */
import { inTime, Waiters } from "./waiting.ts";

const WITHIN_MS = 5_000;

/** How the other side ended the connection. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A line from the server, as far as tests look. */
export interface Line {
  readonly id?: number;
  readonly error?: { readonly code: number; readonly message: string; readonly temporary?: boolean };
  readonly push?: { readonly channel?: string; readonly pub?: { readonly data: unknown } };
  readonly [field: string]: unknown;
}

/** What a client does beside what it is told. */
export interface WireOptions {
  /** Whether it answers pings; true by default. */
  readonly isAnsweringPings?: boolean;
}

/** One plain WebSocket that speaks lines of JSON, or whatever a test gives it. */
export class WireClient implements AsyncDisposable {
  /** Every line but pings, in order. */
  readonly lines: Line[] = [];
  pings = 0;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  readonly #opened: Promise<boolean>;
  readonly #isAnsweringPings: boolean;
  readonly #waiters = new Waiters();
  #end: Closed | undefined;
  #lastId = 0;

  /** Starts connecting; {@linkcode WireClient.open} also waits for it. */
  constructor(url: string, { isAnsweringPings = true }: WireOptions = {}) {
    this.#isAnsweringPings = isAnsweringPings;
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#opened = new Promise((resolve) => {
      socket.onopen = () => resolve(true);
      socket.onerror = () => resolve(false);
    });
    socket.onmessage = ({ data }) => this.#take(String(data));
    this.closed = new Promise((resolve) => {
      socket.onclose = ({ code, reason }) => {
        this.#end = { code, reason };
        this.#waiters.wake();
        resolve(this.#end);
      };
    });
  }

  /** An open connection on which nothing was said yet. */
  static async open(url: string, options: WireOptions = {}): Promise<WireClient> {
    const client = new WireClient(url, options);
    if (!await inTime(`a WebSocket at ${url}`, client.#opened)) throw new Error(`Cannot open ${url}`);
    return client;
  }

  /** A connection whose connect was answered. */
  static async connected(url: string, options: WireOptions = {}): Promise<WireClient> {
    const client = await WireClient.open(url, options);
    const { error } = await client.call({ connect: {} });
    if (error !== undefined) throw new Error(`Cannot connect: ${error.code} ${error.message}`);
    return client;
  }

  /** How it ended; undefined while it is open. */
  get end(): Closed | undefined {
    return this.#end;
  }

  /** Data of the publications that came in `channel`. */
  dataOf(channel: string): readonly unknown[] {
    return this.lines.flatMap(({ push }) => push?.channel === channel && push.pub ? [push.pub.data] : []);
  }

  /** Sends one frame as it is. */
  send(frame: string | Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }

  /** Sends a command under the next id and waits for its answer. */
  async call(request: Readonly<Record<string, unknown>>): Promise<Line> {
    const id = this.nextId();
    this.send(JSON.stringify({ id, ...request }));
    return await this.line((line) => line.id === id, JSON.stringify(request).slice(0, 200));
  }

  /** An id that no command of this client had. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Waits for a line. Rejects when the connection ends before, or after `withinMs`. */
  async line(isWanted: (line: Line) => boolean, what: string, withinMs = WITHIN_MS): Promise<Line> {
    await this.until(() => this.lines.some(isWanted), `an answer to ${what}`, withinMs);
    return this.lines.find(isWanted) ?? {};
  }

  /** Waits until `isTrue`, looking after each frame. Rejects when the connection ends before, or after `withinMs`. */
  async until(isTrue: () => boolean, what: string, withinMs = WITHIN_MS): Promise<void> {
    const isOver = () => {
      if (isTrue()) return true;
      if (this.#end !== undefined) throw new Error(`Closed ${this.#end.code} while waiting for ${what}`);
      return false;
    };
    await this.#waiters.until(() => what, isOver, withinMs);
  }

  /** How it ends; rejects when it does not within `withinMs`. */
  async closing(withinMs = WITHIN_MS): Promise<Closed> {
    await this.until(() => this.#end !== undefined, "the close", withinMs);
    return await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await inTime("the close of a WebSocket", this.closed);
  }

  #take(frame: string): void {
    for (const line of frame.split("\n")) {
      if (line === "{}") this.#ping();
      else if (line !== "") this.lines.push(JSON.parse(line));
    }
    this.#waiters.wake();
  }

  #ping(): void {
    this.pings++;
    if (this.#isAnsweringPings) this.send("{}");
  }
}
