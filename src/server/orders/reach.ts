/** Reaches connections wherever they are, with the word of the node that holds them that it did. */
import { ClientError } from "../../core/errors.ts";
import { type NodeId, nodeOfClient } from "../../core/ids.ts";
import {
  decodeOrder,
  encodeOrder,
  type Order,
  type OrderEnvelope,
  type OrderTarget,
} from "../../protocol/order.ts";
import type { Connections } from "../connections.ts";
import type { Client, ClientReach } from "../context.ts";
import type { Gathered, NodeCalls, NodeRequest } from "../node_calls/mod.ts";
import { userKey, type Users } from "../users.ts";
import { carryOut } from "./carry_out.ts";

const METHOD = "clients.order";

/** What reaching needs of its node. */
export interface ReachParts {
  readonly self: NodeId;
  readonly calls: NodeCalls;
  readonly connections: Connections;
  readonly users: Users;
  /** How long another node may take to say that it acted, milliseconds. */
  readonly timeoutMs: number;
}

/** Gives orders to connections of the whole cluster. Safe to call concurrently. */
export class Reach implements ClientReach {
  readonly #parts: ReachParts;

  constructor(parts: ReachParts) {
    this.#parts = parts;
    parts.calls.serve(METHOD, (request) => this.#serve(request));
  }

  /**
   * Carries `order` out on the client or user of `target`; answers on how many connections it took effect, at least 1.
   * Rejects with 404 when there is none, 408 when its node did not answer in time, 410 when that is gone, 107 without a
   * target, 100 when the backend is away.
   */
  async give(target: OrderTarget, order: Order, data = ""): Promise<number> {
    const count = await this.#count({ target, order, data });
    if (count === 0) throw new ClientError("notFound", { detail: nobody(target) });
    return count;
  }

  #count(envelope: OrderEnvelope): Promise<number> {
    const { client, user } = envelope.target;
    if (client !== undefined) return this.#toClient(client, envelope);
    if (user !== undefined && user !== "") return this.#toUser(user, envelope);
    throw new ClientError("badRequest", { detail: "want client or user" });
  }

  async #toClient(client: string, envelope: OrderEnvelope): Promise<number> {
    const { self, calls, timeoutMs } = this.#parts;
    const node = nodeOfClient(client);
    if (node === undefined) return 0;
    if (node === self) return await this.#here(envelope);
    return countOf(await calls.call(node, METHOD, encodeOrder(envelope), timeoutMs));
  }

  /** This node acts at once: its own word of the user's channel may not be confirmed yet. */
  async #toUser(user: string, envelope: OrderEnvelope): Promise<number> {
    const { calls, timeoutMs } = this.#parts;
    const key = userKey(envelope.target.workspace, user);
    const [here, elsewhere] = await Promise.allSettled([
      this.#here(envelope),
      calls.gather(key, METHOD, encodeOrder(envelope), timeoutMs),
    ]);
    const own = here.status === "fulfilled" ? here.value : 0;
    if (elsewhere.status === "fulfilled") return own + countAll(elsewhere.value, own > 0);
    if (own === 0) throw elsewhere.reason;
    return own;
  }

  async #serve({ from, payload }: NodeRequest): Promise<string> {
    const { self } = this.#parts;
    return from === self ? "0" : String(await this.#here(decodeOrder(payload)));
  }

  #here(envelope: OrderEnvelope): Promise<number> {
    return carryOut(this.#meant(envelope.target), envelope);
  }

  /** The workspace is checked where the connection is: whoever asks may not know better, or may lie. */
  #meant({ workspace, client, user, except }: OrderTarget): readonly Client[] {
    const { connections, users } = this.#parts;
    if (client === undefined) {
      return users.of(workspace, user ?? "").filter((each) => each.client !== except);
    }
    const found = connections.get(client);
    const isMeant = found?.identity.workspace === workspace &&
      (user === undefined || found.identity.user === user);
    return found !== undefined && isMeant ? [found] : [];
  }
}

/** That nobody was reached may only be said when all have answered. */
function countAll({ answers, isComplete }: Gathered, isEnough: boolean): number {
  const count = answers.reduce((sum, { payload }) => sum + countOf(payload), 0);
  if (count > 0 || isComplete || isEnough) return count;
  throw new ClientError("deadlineExceeded", { detail: "a node that holds the user did not answer in time" });
}

function countOf(payload: string): number {
  const count = Number(payload);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new ClientError("badAnswer", { detail: "the other node counts in no number" });
}

function nobody({ client, user }: OrderTarget): string {
  return client === undefined
    ? `user ${JSON.stringify(user)} is not connected`
    : "that client is not connected";
}
