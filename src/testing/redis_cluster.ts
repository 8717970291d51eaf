/** A real Redis Cluster of a test's own. */
import { RedisServer } from "./redis_server.ts";
import { unusedPorts } from "./unused_ports.ts";
import { until } from "./waiting.ts";

const SLOTS = 16_384;
const JOIN_WITHIN_MS = 15_000;

/** How a cluster is laid out. */
export interface RedisClusterOptions {
  /** Servers with slots. */
  readonly masters?: number;
  /** Servers that each follow one master, in their order. */
  readonly replicas?: number;
  /** More words for the command line of each server. */
  readonly words?: readonly string[];
}

/** Servers of one Redis Cluster on loopback, the slots shared out evenly. Ended by their process ids. */
export class RedisCluster implements AsyncDisposable {
  readonly masters: readonly RedisServer[];
  readonly replicas: readonly RedisServer[];

  private constructor(masters: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.masters = masters;
    this.replicas = replicas;
  }

  /** A running cluster that every server calls whole. Rejects when that takes longer than 15 s. */
  static async open(
    { masters = 3, replicas = 0, words = [] }: RedisClusterOptions = {},
  ): Promise<RedisCluster> {
    const count = masters + replicas;
    const ports = unusedPorts(count * 2);
    await using stack = new AsyncDisposableStack();
    const servers: RedisServer[] = [];
    for (const [i, port] of ports.slice(0, count).entries()) {
      const own = [...clusterWords(ports[count + i] ?? 0), ...words];
      servers.push(stack.use(await RedisServer.open({ port, words: own })));
    }
    const cluster = new RedisCluster(servers.slice(0, masters), servers.slice(masters));
    await cluster.#join(ports.slice(count));
    stack.move();
    return cluster;
  }

  get servers(): readonly RedisServer[] {
    return [...this.masters, ...this.replicas];
  }

  get urls(): readonly string[] {
    return this.servers.map(({ url }) => url);
  }

  /** The master that serves `slot`, as a server that is alive says. */
  async ownerOf(slot: number): Promise<RedisServer> {
    for (const server of this.masters) {
      const nodes = await server.command("CLUSTER", "NODES").catch(() => ""); // it may be down
      const own = /^.*myself.*$/m.exec(nodes)?.[0] ?? "";
      if (slotsOf(own).some(([from, to]) => slot >= from && slot <= to)) return server;
    }
    throw new Error(`Cannot find the owner of slot ${slot}`);
  }

  /** Moves `slot` with its keys to `target`, step by step as `redis-cli --cluster reshard` does. */
  async moveSlot(slot: number, target: RedisServer, between?: () => Promise<void>): Promise<void> {
    const source = await this.ownerOf(slot);
    const [sourceId, targetId] = [await idOf(source), await idOf(target)];
    const word = String(slot);
    await told(target, "CLUSTER", "SETSLOT", word, "IMPORTING", sourceId);
    await told(source, "CLUSTER", "SETSLOT", word, "MIGRATING", targetId);
    await between?.();
    for (;;) {
      const answer = await source.command("CLUSTER", "GETKEYSINSLOT", word, "100");
      // A list: every second line, from the third on, is a key.
      const keys = answer.split("\r\n").filter((_, line) => line > 0 && line % 2 === 0);
      if (keys.length === 0) break;
      const where = ["127.0.0.1", String(target.port), "", "0", "2000", "KEYS"];
      await told(source, "MIGRATE", ...where, ...keys);
    }
    await told(target, "CLUSTER", "SETSLOT", word, "NODE", targetId);
    await told(source, "CLUSTER", "SETSLOT", word, "NODE", targetId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }

  async #join(busPorts: readonly number[]): Promise<void> {
    for (const [i, server] of this.servers.entries()) {
      await told(server, "CLUSTER", "SET-CONFIG-EPOCH", String(i + 1));
    }
    const [first, ...others] = this.servers;
    for (const [i, { port }] of others.entries()) {
      if (first) await told(first, "CLUSTER", "MEET", "127.0.0.1", String(port), String(busPorts[i + 1]));
    }
    for (const [i, master] of this.masters.entries()) {
      const [from, to] = [i, i + 1].map((n) => Math.floor(n * SLOTS / this.masters.length));
      await told(master, "CLUSTER", "ADDSLOTSRANGE", String(from), String((to ?? 0) - 1));
    }
    await this.#until(
      "all servers know each other",
      (info) => info.includes(`cluster_known_nodes:${this.servers.length}`),
    );
    for (const [i, replica] of this.replicas.entries()) {
      const master = this.masters[i % this.masters.length];
      if (master) await told(replica, "CLUSTER", "REPLICATE", await idOf(master));
    }
    await this.#until("the cluster is whole", (info) => info.includes("cluster_state:ok"));
    await this.#untilReplicasFollow();
  }

  #until(what: string, isSo: (info: string) => boolean): Promise<void> {
    return joined(what, async () => {
      const infos = await Promise.all(this.servers.map((server) => server.command("CLUSTER", "INFO")));
      return infos.every(isSo);
    });
  }

  #untilReplicasFollow(): Promise<void> {
    return joined("all replicas follow", async () => {
      const infos = await Promise.all(this.replicas.map((server) => server.command("INFO", "replication")));
      return infos.every((info) => info.includes("master_link_status:up"));
    });
  }
}

async function joined(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await until(what, isSo, JOIN_WITHIN_MS);
}

function clusterWords(busPort: number): readonly string[] {
  return [
    ...["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", String(busPort)],
    ...["--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0"],
    ...["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb"],
  ];
}

async function idOf(server: RedisServer): Promise<string> {
  const answer = await server.command("CLUSTER", "MYID");
  return answer.split("\r\n")[1] ?? "";
}

async function told(server: RedisServer, ...words: readonly string[]): Promise<void> {
  const answer = await server.command(...words);
  if (answer.startsWith("-")) throw new Error(`Cannot ${words.slice(0, 3).join(" ")}: ${answer.trim()}`);
}

function slotsOf(line: string): readonly (readonly [number, number])[] {
  return line.split(" ").slice(8).flatMap((range) => {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    return from === undefined ? [] : [[Number(from), Number(to)] as const];
  });
}
