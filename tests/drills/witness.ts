/** What a drill asks the nodes afterwards: is presence right, and was each leave told once. */
import assert from "node:assert/strict";
import { Centrifuge } from "centrifuge";
import { type NodeAddress, until } from "../../src/testing/processes.ts";
import type { Fleet, Listener } from "./fleet.ts";

/** Asks several nodes for presence. */
export class Witness implements Disposable {
  readonly #clients: readonly Centrifuge[];

  private constructor(clients: readonly Centrifuge[]) {
    this.#clients = clients;
  }

  static async open(addresses: readonly string[]): Promise<Witness> {
    const clients = addresses.map((address) =>
      new Centrifuge(address, { minReconnectDelay: 100, maxReconnectDelay: 500 })
    );
    for (const client of clients) client.connect();
    await Promise.all(clients.map((client) => client.ready(10_000)));
    return new Witness(clients);
  }

  /** Waits until each node answers for each channel with exactly those clients of `fleet` that count; how long it
   * took, in milliseconds. */
  presenceIsRight(
    fleet: Fleet,
    withinMs: number,
    isCounted: (client: string) => boolean = () => true,
  ): Promise<number> {
    return until("presence is right on every node", async () => {
      for (const [channel, expected] of fleet.expectedPresence()) {
        const answers = await Promise.all(this.#clients.map((client) => presentIn(client, channel)));
        const counted = new Set([...expected].filter(isCounted));
        if (!answers.every((present) => isSame(present, counted))) return false;
      }
      return true;
    }, withinMs);
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) client.disconnect();
  }
}

async function presentIn(client: Centrifuge, channel: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(Object.keys((await client.presence(channel)).clients));
  } catch {
    return new Set(); // not answered: asked again
  }
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}

/** How leaves were told, over all pairs of a subscriber that stayed and a client that went from its channel. */
export interface LeaveAccount {
  readonly pairs: number;
  readonly once: number;
  readonly never: number;
  readonly moreThanOnce: number;
}

/** The account of leaves: `stayed` heard all along; each old id of the other listeners has left. */
export function accountOfLeaves(fleet: Fleet, stayed: ReadonlySet<Listener>): LeaveAccount {
  const counts: number[] = [];
  for (const group of Map.groupBy(fleet.listeners, ({ channel }) => channel).values()) {
    const gone = group.flatMap(({ ids }) => ids.slice(0, -1));
    for (const listener of group.filter((one) => stayed.has(one))) {
      counts.push(...gone.map((client) => listener.leaves.of(client)));
    }
  }
  const having = (isWanted: (count: number) => boolean) => counts.filter(isWanted).length;
  return {
    pairs: counts.length,
    once: having((count) => count === 1),
    never: having((count) => count === 0),
    moreThanOnce: having((count) => count > 1),
  };
}

/** The ids that the nodes go by. */
export function idsOf(nodes: readonly NodeAddress[]): Promise<readonly string[]> {
  return Promise.all(nodes.map(async (node) => (await node.health()).node));
}

/** Whether all of them take clients. */
export async function areReady(nodes: readonly NodeAddress[]): Promise<boolean> {
  return (await Promise.all(nodes.map((node) => node.isReady()))).every(Boolean);
}

/** No client was closed, and nobody was said to have left. */
export function assertNobodyLeft(fleet: Fleet): void {
  assert.ok(fleet.listeners.every(({ ids }) => ids.length === 1), "a client was closed");
  const clients = fleet.listeners.flatMap(({ ids }) => ids);
  const told = fleet.listeners.filter(({ leaves }) => clients.some((id) => leaves.of(id) > 0));
  assert.equal(told.length, 0, "a leave of a client that never left was published");
}
