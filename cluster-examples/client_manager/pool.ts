/** Clients of a cluster, spread over its nodes in turn. */
import { Member, type MemberView, type Traffic } from "./member.ts";

/** How large a pool may grow, and where its clients connect. */
export interface PoolOptions {
  /** `host:port` of each node; a client stays with its node. */
  readonly nodes: readonly string[];
  readonly maxClients: number;
}

/** How many of what was asked for succeeded, and each reason why others did not. */
export interface Outcome {
  readonly ok: number;
  readonly failed: number;
  readonly reasons: readonly string[];
}

/** What is open now, and sums over the life of the process. */
export interface PoolStats extends Readonly<Traffic> {
  readonly open: number;
  readonly connecting: number;
  /** Open clients of each node. */
  readonly nodes: Readonly<Record<string, number>>;
}

const READY_WITHIN_MS = 5_000;

/** Holds the clients. All calls may overlap. */
export class ClientPool {
  readonly #options: PoolOptions;
  /** By id, in the order of their opening. */
  readonly #members = new Map<number, Member>();
  readonly #traffic: Traffic = { sent: 0, received: 0, errors: 0 };
  #lastId = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#members.size;
  }

  /** How many more clients may be opened. */
  get room(): number {
    return this.#options.maxClients - this.size;
  }

  /**
   * Opens `count` clients and waits up to five seconds until they are subscribed. Those that are not by then stay and
   * go on trying. Throws `RangeError` when there is no room for all.
   */
  async open(count: number, channel: string): Promise<Outcome & { readonly ids: readonly number[] }> {
    if (count > this.room) {
      throw new RangeError(`Cannot open ${count} clients: there is room for ${this.room}`);
    }
    const members = Array.from({ length: count }, () => this.#add(channel));
    const ids = members.map((member) => member.view().id);
    return { ids, ...await outcomeOf(members.map((member) => member.ready(READY_WITHIN_MS))) };
  }

  /** Up to `limit` clients with ids above `after`, in order. */
  list(after: number, limit: number): readonly MemberView[] {
    const ids = [...this.#members.keys()].filter((id) => id > after).slice(0, limit);
    return ids.flatMap((id) => this.#members.get(id)?.view() ?? []);
  }

  has(id: number): boolean {
    return this.#members.has(id);
  }

  /** Publishes through one client, or through each when `id` is left out, into the client's own channel. */
  async send(data: unknown, id?: number): Promise<Outcome> {
    const one = id === undefined ? undefined : this.#members.get(id);
    const members = id === undefined ? [...this.#members.values()] : one === undefined ? [] : [one];
    return await outcomeOf(members.map((member) => member.publish(data)));
  }

  /** Closes one client; false when there is none of that id. */
  close(id: number): boolean {
    const member = this.#members.get(id);
    member?.close();
    return member !== undefined;
  }

  /** Closes all; returns how many there were. */
  closeAll(): number {
    const members = [...this.#members.values()];
    for (const member of members) member.close();
    return members.length;
  }

  stats(): PoolStats {
    const open = [...this.#members.values()].filter((member) => member.isOpen);
    const share = new Map(this.#options.nodes.map((node) => [node, 0]));
    for (const { node } of open.map((member) => member.view())) share.set(node, (share.get(node) ?? 0) + 1);
    return {
      open: open.length,
      connecting: this.size - open.length,
      ...this.#traffic,
      nodes: Object.fromEntries(share),
    };
  }

  #add(channel: string): Member {
    const node = this.#options.nodes[this.#lastId % this.#options.nodes.length] ?? "";
    const id = ++this.#lastId;
    const onEnd = () => void this.#members.delete(id);
    const member = new Member({ id, node, channel, traffic: this.#traffic, onEnd });
    this.#members.set(id, member);
    return member;
  }
}

async function outcomeOf(promises: readonly Promise<unknown>[]): Promise<Outcome> {
  const results = await Promise.allSettled(promises);
  const failures = results.filter((result) => result.status === "rejected");
  // The SDK rejects with `{ code, message }`; a server has few different ones to say.
  const reasons = new Set(failures.map(({ reason }) => `${reason?.message} (${reason?.code})`));
  return { ok: results.length - failures.length, failed: failures.length, reasons: [...reasons] };
}
