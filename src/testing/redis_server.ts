/** A real redis-server or sentinel as a child process. */
import { unusedPort } from "./unused_ports.ts";
import { inTime, until } from "./waiting.ts";

const START_WITHIN_MS = 10_000;
const ENDS_WITHIN_MS = 10_000;
const ANSWERS_WITHIN_MS = 10_000;

/** What a test's Redis is started with beyond the usual. */
export interface RedisServerOptions {
  /** The port; a free one without it. */
  readonly port?: number;
  /** More words for the command line, such as `--requirepass`, `secret`. */
  readonly words?: readonly string[];
  /** Runs it as a sentinel, with this content of its configuration file. */
  readonly sentinelFile?: string;
}

/**
 * A real redis-server of the test's own: loopback, no persistence, its files in a temporary directory. Ended by its
 * own process id when disposed of.
 */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #words: readonly string[];
  readonly #directory: string;
  readonly #sentinelFile: string | undefined;
  #child: Deno.ChildProcess | undefined;

  private constructor(port: number, directory: string, { words = [], sentinelFile }: RedisServerOptions) {
    this.port = port;
    this.#words = words;
    this.#directory = directory;
    this.#sentinelFile = sentinelFile;
  }

  /** A server that is not running yet; {@linkcode RedisServer.start} starts it. */
  static async prepare(options: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await Deno.makeTempDir({ prefix: "shoal-redis-" });
    return new RedisServer(options.port ?? unusedPort(), directory, options);
  }

  /** A running server. Rejects when it does not answer within ten seconds. */
  static async open(options: RedisServerOptions = {}): Promise<RedisServer> {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await RedisServer.prepare(options));
    await server.start();
    stack.move();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, empty, on the same port, and waits until it answers. */
  async start(): Promise<void> {
    const child = new Deno.Command("redis-server", {
      args: [...await this.#args()],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#child = child;
    await this.#answering(child);
  }

  /** Ends it like a crash (SIGKILL), or in good order with SIGTERM, and waits for its end. */
  async stop(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    child.kill(signal);
    await inTime(`the end of redis-server on port ${this.port}`, child.status, ENDS_WITHIN_MS);
  }

  /** Freezes it (SIGSTOP): connections stay, nothing answers. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Lets a frozen one go on (SIGCONT). */
  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Forgets all data. */
  async flush(): Promise<void> {
    await this.command("FLUSHALL");
  }

  /** Sends one command over a connection of its own and answers the raw reply. */
  async command(...words: readonly string[]): Promise<string> {
    return await this.commandAs(undefined, ...words);
  }

  /** Like {@linkcode command}, logged in with `password` if there is one. */
  async commandAs(password: string | undefined, ...words: readonly string[]): Promise<string> {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    const buffer = new Uint8Array(64 * 1024);
    const say = async (...said: readonly string[]) => {
      await conn.write(new TextEncoder().encode(encodeCommand(said)));
      const count = await inTime(`Redis to answer ${said[0]}`, conn.read(buffer), ANSWERS_WITHIN_MS);
      return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    };
    if (password !== undefined) await say("AUTH", password);
    return await say(...words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #args(): Promise<readonly string[]> {
    const listen = ["--bind", "127.0.0.1", "--port", String(this.port), "--daemonize", "no"];
    const place = ["--dir", this.#directory];
    if (this.#sentinelFile === undefined) {
      return [...listen, ...place, "--save", "", "--appendonly", "no", ...this.#words];
    }
    // A sentinel writes to its file.
    const file = `${this.#directory}/sentinel.conf`;
    await Deno.writeTextFile(file, this.#sentinelFile);
    return [file, "--sentinel", ...listen, ...place, ...this.#words];
  }

  async #answering(child: Deno.ChildProcess): Promise<void> {
    let hasEnded = false;
    child.status.then(() => hasEnded = true);
    await until(`redis-server answers on port ${this.port}`, async () => {
      if (hasEnded) throw new Error(`Cannot start redis-server on port ${this.port}: it has ended`);
      // Any answer will do: a server with a password answers an error.
      const answer = await this.command("PING").catch(() => "");
      return /^[+-](PONG|NOAUTH)/.test(answer);
    }, START_WITHIN_MS);
  }
}

function encodeCommand(words: readonly string[]): string {
  const cells = words.map((word) => `$${new TextEncoder().encode(word).length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${cells.join("")}`;
}
