/** Lists the connections of the cluster, page by page, by node and age. */
import type { Registry } from "../../backend/backend.ts";
import { ClientError, errorTable } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import {
  decodeCursor,
  encodeCursor,
  pageAnswer,
  type PageCursor,
  type PagedClient,
  type PageRequest,
  pageRequest,
  parseRequest,
} from "../../protocol/direct.ts";
import type { Connections } from "../connections.ts";
import type { Client, ClientPage, ClientRoster, RosterQuery } from "../context.ts";
import type { NodeCalls } from "../node_calls/mod.ts";
import { userKey, type Users } from "../users.ts";

const METHOD = "clients.page";

/** What a roster needs of its node. */
export interface RosterParts {
  readonly self: NodeId;
  readonly calls: NodeCalls;
  readonly registry: Pick<Registry, "nodes">;
  readonly connections: Connections;
  readonly users: Users;
  readonly timeoutMs: number;
  /** A node silent for longer is dead. */
  readonly nodeDeadMs: number;
}

/** Who is connected where. Safe to call concurrently. */
export class Roster implements ClientRoster {
  readonly #parts: RosterParts;

  constructor(parts: RosterParts) {
    this.#parts = parts;
    parts.calls.serve(METHOD, ({ payload }) => {
      return JSON.stringify(this.#here(parseRequest(pageRequest, JSON.parse(payload))));
    });
  }

  /**
   * Connections of a workspace, or of one of its users: by node, and of each node the older first. Rejects with 408
   * when a node did not answer in time, since a page without its clients would look complete, with 107 for a cursor
   * that no page gave, and with 100 when the backend is away.
   */
  async page(query: RosterQuery): Promise<ClientPage> {
    const { limit, user } = query;
    const after = decodeCursor(query.cursor);
    // One more than wanted tells whether there is a next page.
    const wanted = { ...query, limit: limit + 1 };
    const found =
      await (user === undefined ? this.#ofWorkspace(wanted, after) : this.#ofUser(wanted, user, after));
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const cursor = found.length > limit && last !== undefined ? encodeCursor(last) : "";
    return { clients: page.map(({ shown }) => shown), cursor };
  }

  /** Live nodes, by node and age. */
  async liveNodes(): Promise<readonly NodeId[]> {
    const { registry, nodeDeadMs } = this.#parts;
    const rows = await registry.nodes();
    return rows.filter((row) => row.silentMs <= nodeDeadMs).map((row) => row.node).sort();
  }

  async #ofWorkspace({ workspace, limit }: RosterQuery, after: PageCursor): Promise<readonly Found[]> {
    const found: Found[] = [];
    for (const node of await this.liveNodes()) {
      if (node < after.node) continue;
      if (found.length >= limit) break;
      const clients = await this.#of(node, { workspace, after, limit: limit - found.length });
      found.push(...clients.map((each) => ({ ...each, node })));
    }
    return found;
  }

  async #of(node: NodeId, request: PageRequest): Promise<readonly PagedClient[]> {
    const { self, calls, timeoutMs } = this.#parts;
    if (node === self) return this.#here(request);
    try {
      return clientsOf(await calls.call(node, METHOD, JSON.stringify(request), timeoutMs));
    } catch (error) {
      // Its clients are gone with it.
      if (error instanceof ClientError && error.code === errorTable.gone.code) return [];
      throw error;
    }
  }

  async #ofUser(
    { workspace, limit }: RosterQuery,
    user: string,
    after: PageCursor,
  ): Promise<readonly Found[]> {
    const { self, calls, timeoutMs } = this.#parts;
    const request: PageRequest = { workspace, user, after, limit };
    const key = userKey(workspace, user);
    const { answers, isComplete } = await calls.gather(key, METHOD, JSON.stringify(request), timeoutMs);
    if (!isComplete) {
      throw new ClientError("deadlineExceeded", {
        detail: "a node that holds the user did not answer in time",
      });
    }
    const others = answers.filter(({ node }) => node !== self)
      .flatMap(({ node, payload }) => clientsOf(payload).map((each) => ({ ...each, node })));
    const here = this.#here(request).map((each) => ({ ...each, node: self }));
    return [...here, ...others].sort(compare).slice(0, limit);
  }

  #here({ workspace, user, after, limit }: PageRequest): readonly PagedClient[] {
    const { self, connections, users } = this.#parts;
    const found: PagedClient[] = [];
    for (const client of user === undefined ? connections.all() : users.of(workspace, user)) {
      if (found.length >= limit) break;
      const isAfter = compare({ node: self, ordinal: client.ordinal }, after) > 0;
      if (isAfter && client.identity.workspace === workspace) found.push(paged(client));
    }
    return found;
  }
}

interface Found extends PagedClient {
  readonly node: NodeId;
}

function clientsOf(payload: string): readonly PagedClient[] {
  return parseRequest(pageAnswer, JSON.parse(payload));
}

function paged({ client, clientName, ordinal, identity: { user, connInfo } }: Client): PagedClient {
  const info = connInfo === undefined ? {} : { conn_info: JSON.parse(connInfo) as unknown };
  return { ordinal, shown: { client: client ?? "", user, name: clientName, ...info } };
}

function compare(a: PageCursor, b: PageCursor): number {
  if (a.node !== b.node) return a.node < b.node ? -1 : 1;
  return a.ordinal - b.ordinal;
}
