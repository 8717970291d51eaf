/** A node's JavaScript heap through the runtime's inspector, for what is still held after all garbage is gone. */

/** Only as much as the benches ask. */
export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(data);
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    };
  }

  /** Of the process that was started with `--inspect=127.0.0.1:<port>`. */
  static async open(port: number): Promise<Inspector> {
    const [target] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((open, fail) => {
      socket.onopen = open;
      socket.onerror = fail;
    });
    return new Inspector(socket);
  }

  /** Collects all garbage; answers the bytes that are still in use. */
  async liveBytes(): Promise<number> {
    await this.#ask("HeapProfiler.collectGarbage");
    const { usedSize } = await this.#ask("Runtime.getHeapUsage") as { usedSize: number };
    return usedSize;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #ask(method: string): Promise<unknown> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }
}
