/**
 * The users of this node and their connections. The bus hears of a user once, when its first connection comes, so that
 * what is meant for a user reaches the nodes that hold it and no others.
 */
import type { Bus } from "../backend/backend.ts";
import type { Client } from "./context.ts";

/**
 * The bus channel to the nodes that hold `user`. A workspace has no colon, so no channel of clients can have this name.
 */
export function userKey(workspace: string, user: string): string {
  return `user:${workspace}/${user}`;
}

interface User {
  readonly key: string;
  readonly clients: Set<Client>;
  emptySinceMs: number;
}

/** Connections by user; anonymous ones are in no list. */
export class Users {
  readonly #bus: Pick<Bus, "subscribe" | "unsubscribe">;
  readonly #users = new Map<string, User>();
  readonly #empty = new Set<User>();

  constructor(bus: Pick<Bus, "subscribe" | "unsubscribe">) {
    this.#bus = bus;
  }

  /** The connections of `user`. */
  of(workspace: string, user: string): readonly Client[] {
    return [...this.#users.get(userKey(workspace, user))?.clients ?? []];
  }

  /** Names of all users with connections, by workspace. */
  byWorkspace(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>();
    for (const { clients } of this.#users.values()) {
      const [client] = clients;
      if (client === undefined) continue;
      const { workspace, user } = client.identity;
      const users = found.get(workspace);
      if (users === undefined) found.set(workspace, [user]);
      else users.push(user);
    }
    return found;
  }

  add(client: Client): void {
    const { workspace, user } = client.identity;
    if (user === "") return;
    const key = userKey(workspace, user);
    (this.#users.get(key) ?? this.#open(key)).clients.add(client);
  }

  remove(client: Client, nowMs: number): void {
    const { workspace, user } = client.identity;
    const entry = this.#users.get(userKey(workspace, user));
    if (!entry?.clients.delete(client) || entry.clients.size > 0) return;
    entry.emptySinceMs = nowMs;
    this.#empty.add(entry);
  }

  /** Gives up the users who have been gone for `delayMs`. */
  sweep(nowMs: number, delayMs: number): void {
    for (const user of this.#empty) {
      if (user.clients.size > 0) this.#empty.delete(user);
      else if (nowMs - user.emptySinceMs >= delayMs) this.#drop(user);
    }
  }

  #open(key: string): User {
    const user: User = { key, clients: new Set(), emptySinceMs: 0 };
    this.#users.set(key, user);
    // Nobody waits for it: the bus goes on trying, and until then other nodes find this user less.
    this.#bus.subscribe(key).catch(() => {});
    return user;
  }

  #drop(user: User): void {
    this.#empty.delete(user);
    this.#users.delete(user.key);
    this.#bus.unsubscribe(user.key);
  }
}
