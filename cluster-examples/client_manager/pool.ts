/** Clients of a cluster, each with one channel, spread over the nodes in turn. */
import { Centrifuge, type Subscription } from "centrifuge";

/** How large a pool may grow, and where its clients connect. */
export interface PoolOptions {
  /** WebSocket URLs; a client stays with its node. */
  readonly nodes: readonly string[];
  readonly maxClients: number;
}

/** One client as others see it. */
export interface ClientView {
  readonly id: number;
  readonly node: string;
  readonly channel: string;
  readonly state: string;
  readonly sent: number;
  readonly received: number;
}

/** Sums over the life of the process, and what is open now. */
export interface PoolStats {
  readonly open: number;
  readonly connecting: number;
  readonly sent: number;
  readonly received: number;
  readonly errors: number;
  /** Open clients of each node. */
  readonly nodes: Readonly<Record<string, number>>;
}

/** How many of what was asked for succeeded. */
export interface Outcome {
  readonly ok: number;
  readonly failed: number;
}

interface Member {
  readonly id: number;
  readonly node: string;
  readonly client: Centrifuge;
  readonly room: Subscription;
  sent: number;
  received: number;
}

const READY_WITHIN_MS = 5_000;

/** Holds the clients. All calls may overlap. */
export class ClientPool {
  readonly #options: PoolOptions;
  /** By id, in the order of their opening. */
  readonly #members = new Map<number, Member>();
  #lastId = 0;
  #sent = 0;
  #received = 0;
  #errors = 0;

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
   * Opens `count` clients and waits up to five seconds until they are subscribed. Those that are not by then stay and go
   * on trying. Throws `RangeError` when there is no room for all.
   */
  async open(count: number, channel: string): Promise<Outcome & { readonly ids: readonly number[] }> {
    if (count > this.room) {
      throw new RangeError(`Cannot open ${count} clients: there is room for ${this.room}`);
    }
    const members = Array.from({ length: count }, () => this.#openOne(channel));
    const outcome = outcomeOf(
      await Promise.allSettled(members.map(({ room }) => room.ready(READY_WITHIN_MS))),
    );
    return { ids: members.map(({ id }) => id), ...outcome };
  }

  /** Up to `limit` clients with ids above `after`, in order. */
  list(after: number, limit: number): readonly ClientView[] {
    return [...this.#members.values()].filter(({ id }) => id > after).slice(0, limit).map(viewOf);
  }

  has(id: number): boolean {
    return this.#members.has(id);
  }

  /** Publishes through one client, or through each when `id` is left out, into the client's own channel. */
  async send(data: unknown, id?: number): Promise<Outcome> {
    const members = [...this.#members.values()].filter((member) => id === undefined || member.id === id);
    return outcomeOf(await Promise.allSettled(members.map((member) => this.#sendThrough(member, data))));
  }

  /** Closes one client; false when there is none of that id. */
  close(id: number): boolean {
    const member = this.#members.get(id);
    member?.client.disconnect();
    return this.#members.delete(id);
  }

  /** Closes all; returns how many there were. */
  closeAll(): number {
    const ids = [...this.#members.keys()];
    for (const id of ids) this.close(id);
    return ids.length;
  }

  stats(): PoolStats {
    const members = [...this.#members.values()];
    const open = members.filter(isOpen);
    const nodes = this.#options.nodes.map((
      node,
    ) => [node, open.filter((member) => member.node === node).length]);
    return {
      open: open.length,
      connecting: members.length - open.length,
      sent: this.#sent,
      received: this.#received,
      errors: this.#errors,
      nodes: Object.fromEntries(nodes),
    };
  }

  #openOne(channel: string): Member {
    const id = ++this.#lastId;
    const node = this.#options.nodes[id % this.#options.nodes.length] ?? "";
    const client = new Centrifuge(node, { name: "manager" });
    const member: Member = { id, node, client, room: client.newSubscription(channel), sent: 0, received: 0 };
    this.#watch(member);
    this.#members.set(id, member);
    member.room.subscribe();
    client.connect();
    return member;
  }

  #watch(member: Member): void {
    const { client, room } = member;
    room.on("publication", () => {
      member.received++;
      this.#received++;
    });
    client.on("error", () => this.#errors++);
    room.on("error", () => this.#errors++);
    // The server does not want it back: without this it would take up room for nothing.
    client.on("disconnected", () => this.#members.delete(member.id));
    room.on("unsubscribed", () => this.close(member.id));
  }

  async #sendThrough(member: Member, data: unknown): Promise<void> {
    try {
      await member.room.publish(data);
    } catch (error) {
      this.#errors++;
      throw error;
    }
    member.sent++;
    this.#sent++;
  }
}

function isOpen({ room }: Member): boolean {
  return room.state === "subscribed";
}

function viewOf(member: Member): ClientView {
  const { id, node, room, sent, received } = member;
  return { id, node, channel: room.channel, state: isOpen(member) ? "open" : "connecting", sent, received };
}

function outcomeOf(results: readonly PromiseSettledResult<unknown>[]): Outcome {
  const ok = results.filter(({ status }) => status === "fulfilled").length;
  return { ok, failed: results.length - ok };
}
