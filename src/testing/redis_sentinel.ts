/** A real master with a replica, watched by sentinels, of a test's own. */
import { RedisServer } from "./redis_server.ts";
import { unusedPorts } from "./unused_ports.ts";
import { until } from "./waiting.ts";

const SETTLED_WITHIN_MS = 15_000;

/** How the group is laid out. */
export interface RedisSentinelOptions {
  /** How many sentinels; the majority of them decides. */
  readonly sentinels?: number;
  /** The name under which they know the master. */
  readonly master?: string;
  /** A password that sentinels ask of their clients. */
  readonly sentinelPassword?: string;
  /** More words for the command line of both servers. */
  readonly words?: readonly string[];
}

/** One master, one replica and their sentinels on loopback, with short timeouts. Ended by their process ids. */
export class RedisSentinel implements AsyncDisposable {
  readonly name: string;
  readonly servers: readonly [RedisServer, RedisServer];
  readonly sentinels: readonly RedisServer[];

  private constructor(
    name: string,
    servers: readonly [RedisServer, RedisServer],
    sentinels: readonly RedisServer[],
  ) {
    this.name = name;
    this.servers = servers;
    this.sentinels = sentinels;
  }

  /** A running group whose sentinels know the replica and each other. */
  static async open(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
    const { sentinels: count = 1, master: name = "shoal", sentinelPassword, words = [] } = options;
    const [masterPort = 0, replicaPort = 0, ...sentinelPorts] = unusedPorts(2 + count);
    const fast = ["--repl-diskless-sync-delay", "0", ...words];
    await using stack = new AsyncDisposableStack();
    const start = async (words: readonly string[], port: number, sentinelFile?: string) =>
      stack.use(
        await RedisServer.open({ port, words, ...(sentinelFile === undefined ? {} : { sentinelFile }) }),
      );
    const master = await start(fast, masterPort);
    const replica = await start([...fast, "--replicaof", `127.0.0.1 ${masterPort}`], replicaPort);
    // A sentinel looks at a replica once, and then not for ten seconds.
    await until("the replica follows", async () => {
      return (await replica.command("INFO", "replication")).includes("master_link_status:up");
    }, SETTLED_WITHIN_MS);
    const file = sentinelFile(name, masterPort, Math.floor(count / 2) + 1, sentinelPassword);
    const sentinels = await Promise.all(sentinelPorts.map((port) => start([], port, file)));
    const group = new RedisSentinel(name, [master, replica], sentinels);
    await group.#settled(count, sentinelPassword);
    stack.move();
    return group;
  }

  get sentinelUrls(): readonly string[] {
    return this.sentinels.map(({ url }) => url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server[Symbol.asyncDispose]()));
  }

  async #settled(count: number, password: string | undefined): Promise<void> {
    await until("sentinels know the replica and each other", async () => {
      const answers = await Promise.all(this.sentinels.map(async (sentinel) => {
        const ask = (word: string) => sentinel.commandAs(password, "SENTINEL", word, this.name);
        return { master: await ask("MASTER"), replicas: await ask("REPLICAS") };
      }));
      return answers.every(({ master, replicas }) =>
        valueOf(master, "flags") === "master" && valueOf(master, "num-other-sentinels") === `${count - 1}` &&
        valueOf(replicas, "flags") === "slave" && valueOf(replicas, "master-link-status") === "ok"
      );
    }, SETTLED_WITHIN_MS);
  }
}

function sentinelFile(name: string, port: number, quorum: number, password: string | undefined): string {
  return [
    `sentinel monitor ${name} 127.0.0.1 ${port} ${quorum}`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 3000`,
    ...(password === undefined ? [] : [`requirepass ${password}`, `sentinel sentinel-pass ${password}`]),
    "",
  ].join("\n");
}

/** The value behind `field` in a flat reply of bulk strings. */
function valueOf(answer: string, field: string): string | undefined {
  const lines = answer.split("\r\n").filter((line) => !line.startsWith("$"));
  return lines[lines.indexOf(field) + 1];
}
