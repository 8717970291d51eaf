/** A client of Shoal's protocol with just what a check of the model needs: subscribe, publish, count. */
import { UsageError } from "../usage_error.ts";

/** Every answer has to come within this. */
const REPLY_WITHIN_MS = 10_000;

/** One connection. Dispose it to end it. */
export class CheckClient implements Disposable {
  /** Publications that were delivered. */
  delivered = 0;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => String(data).split("\n").forEach((line) => this.#take(line));
    socket.onclose = () => this.#failAll(new UsageError("The node closed a connection of the check"));
  }

  /** Connects to `url`. Rejects when the node does not answer in time. */
  static async connect(url: string): Promise<CheckClient> {
    const socket = new WebSocket(url);
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new UsageError(`Cannot connect to ${url}`));
    await opened.promise;
    const client = new CheckClient(socket);
    await client.#ask({ connect: {} });
    return client;
  }

  /** Resolves when the subscription stands. */
  async subscribe(channel: string): Promise<void> {
    await this.#ask({ subscribe: { channel } });
  }

  /** Resolves when the node accepted the publication. */
  async publish(channel: string, data: string): Promise<void> {
    await this.#ask({ publish: { channel, data } });
  }

  [Symbol.dispose](): void {
    this.#socket.onclose = null;
    this.#socket.close();
  }

  async #ask(command: Readonly<Record<string, unknown>>): Promise<void> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(id, waiting);
    this.#socket.send(JSON.stringify({ id, ...command }));
    const timer = setTimeout(
      () => waiting.reject(new UsageError("A node did not answer the check")),
      REPLY_WITHIN_MS,
    );
    await waiting.promise.finally(() => clearTimeout(timer));
  }

  #take(line: string): void {
    if (line === "{}") return this.#socket.send("{}"); // A ping wants its pong.
    const message: { id?: number; error?: { message?: string }; push?: { pub?: unknown } } = JSON.parse(line);
    if (message.push?.pub !== undefined) this.delivered++;
    const waiting = this.#waiting.get(message.id ?? 0);
    this.#waiting.delete(message.id ?? 0);
    if (message.error === undefined) waiting?.resolve();
    else waiting?.reject(new UsageError(`A node refused the check: ${message.error.message}`));
  }

  #failAll(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
