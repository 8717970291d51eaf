/** Changes of a running cluster: a new configuration, node by node, and more or fewer nodes. One at a time. */
import type { ManagedNodeOptions } from "./node.ts";
import { type ClusterOptions, MAX_INSTANCES } from "./options.ts";

/** The cluster as a change needs it. */
export interface Changeable {
  readonly ports: readonly number[];
  readonly isEnding: boolean;
  serves(port: number): boolean;
  /** See `Cluster`: the answer says why not. */
  take(options: ManagedNodeOptions): Promise<string | undefined>;
  renew(options: ManagedNodeOptions): Promise<string | undefined>;
  dismiss(port: number): Promise<void>;
}

/** What reading the configuration again came to: options, or why it cannot be used, a line each. */
export type Reread = { readonly options: ClusterOptions } | { readonly faults: readonly string[] };

/** What changes are made with. */
export interface ChangeParts {
  readonly cluster: Changeable;
  readonly options: ClusterOptions;
  /** Reads the configuration again. Undefined where it came from nowhere that could have changed. */
  readonly reread: (() => Promise<Reread>) | undefined;
  /** Told of options that were read again, before nodes are replaced. */
  readonly onOptions?: (options: ClusterOptions) => void;
  /** How a node is started, on `port`. */
  readonly nodeOptions: (options: ClusterOptions, port: number) => ManagedNodeOptions;
  /** The next `count` ports after `last` for further nodes, or why they cannot be had. */
  readonly morePorts: (last: number, count: number) => readonly number[] | string;
  /** The supervisor's own log. */
  readonly say: (text: string) => void;
}

/** Takes a line about the progress of a change. */
export type Tell = (text: string) => void;

/** Reloads and scales. A change that comes while another is under way is told so, and nothing else happens. */
export class Changes {
  readonly #parts: ChangeParts;
  #options: ClusterOptions;
  #underWay: string | undefined;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
    this.#options = parts.options;
  }

  /** Replaces every node by one with the configuration as it is now. Answers whether all were replaced. */
  reload(tell: Tell): Promise<boolean> {
    return this.#alone("a reload", tell, (say) => this.#reload(say));
  }

  /** Brings the cluster to `count` nodes. Answers whether it has so many now. */
  scale(count: number, tell: Tell): Promise<boolean> {
    return this.#alone(`scaling to ${count}`, tell, (say) => this.#scale(count, say));
  }

  async #alone(what: string, tell: Tell, change: (say: Tell) => Promise<boolean>): Promise<boolean> {
    const busy = this.#parts.cluster.isEnding ? "the cluster is ending" : this.#underWay;
    if (busy !== undefined) {
      const isChange = busy === this.#underWay;
      const text = `Cannot start ${what}: ${busy}${
        isChange ? " is under way, try again when it is done" : ""
      }`;
      this.#parts.say(text);
      tell(text);
      return false;
    }
    this.#underWay = what;
    try {
      return await change((text) => {
        this.#parts.say(text);
        tell(text);
      });
    } finally {
      this.#underWay = undefined;
    }
  }

  async #reload(say: Tell): Promise<boolean> {
    const read = await this.#parts.reread?.() ?? { options: this.#options };
    if ("faults" in read) {
      say(`Cannot reload: the configuration cannot be used, and all nodes keep the old one`);
      for (const fault of read.faults) say(`  ${fault}`);
      return false;
    }
    this.#options = read.options;
    this.#parts.onOptions?.(read.options);
    const { ports } = this.#parts.cluster;
    say(`Reload: replacing ${nodesWord(ports.length)}, one after the other`);
    for (const [at, port] of ports.entries()) {
      const why = await this.#replace(port);
      if (why !== undefined) return this.#stopped(say, { port, why, done: at, total: ports.length });
      say(`${at + 1} of ${ports.length}: node ${port} replaced`);
    }
    say("Reload done");
    return true;
  }

  #replace(port: number): Promise<string | undefined> {
    const { cluster, nodeOptions } = this.#parts;
    const options = nodeOptions(this.#options, port);
    return cluster.serves(port) ? cluster.take(options) : cluster.renew(options);
  }

  #stopped(say: Tell, at: { port: number; why: string; done: number; total: number }): false {
    say(`Reload stopped at node ${at.port}: ${at.why}`);
    if (this.#parts.cluster.isEnding) return false;
    say(
      `${at.done} of ${at.total} nodes were replaced, the others run as before; ` +
        "mend the cause and run `deno task cluster reload` again",
    );
    return false;
  }

  async #scale(count: number, say: Tell): Promise<boolean> {
    if (!Number.isInteger(count) || count < 1 || count > MAX_INSTANCES) {
      say(`Cannot scale to ${count}: want a whole number from 1 to ${MAX_INSTANCES}`);
      return false;
    }
    const { ports } = this.#parts.cluster;
    if (count === ports.length) say(`There are ${nodesWord(count)} already`);
    return count < ports.length ? await this.#fewer(count, say) : await this.#more(count, say);
  }

  async #more(count: number, say: Tell): Promise<boolean> {
    const { cluster, nodeOptions, morePorts } = this.#parts;
    const ports = morePorts(cluster.ports.at(-1) ?? 0, count - cluster.ports.length);
    if (typeof ports === "string") {
      say(ports);
      return false;
    }
    for (const port of ports) {
      const why = await cluster.take(nodeOptions(this.#options, port));
      if (why !== undefined) {
        say(`Scaling stopped at node ${port}: ${why}; ${nodesWord(cluster.ports.length)} run`);
        return false;
      }
      say(`node ${port} serves, ${cluster.ports.length} of ${count}`);
    }
    return true;
  }

  async #fewer(count: number, say: Tell): Promise<boolean> {
    const { cluster } = this.#parts;
    // The first node names the cluster: the last ones go.
    for (const port of cluster.ports.slice(count).reverse()) {
      if (cluster.isEnding) return false;
      await cluster.dismiss(port);
      say(`node ${port} has left, ${nodesWord(cluster.ports.length)} left`);
    }
    return !cluster.isEnding;
  }
}

function nodesWord(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}
