import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { QuotaClaim, Quotas } from "../backend.ts";
import type { Controls } from "./controls.ts";
import type { RedisKeys } from "./redis_keys.ts";
import { asNumber } from "./reply.ts";

/** Much longer than nodes take to tell their shares again; so quotas of workspaces that nobody uses end. */
const QUOTA_TTL_MS = 24 * 3_600_000;

/** Quotas in Redis, beside the registry that says which nodes count. */
export class RedisQuotas implements Quotas {
  readonly #controls: Controls;
  readonly #keys: RedisKeys;
  readonly #node: NodeId;

  constructor(controls: Controls, keys: RedisKeys, node: NodeId) {
    this.#controls = controls;
    this.#keys = keys;
    this.#node = node;
  }

  async claim(name: string, { held, more, limit }: QuotaClaim): Promise<number> {
    const keys = [this.#keys.quota(name), this.#keys.nodes, this.#keys.tomb(this.#node)];
    const granted = await this.#controls.inRegistry(async (redis) =>
      asNumber(await redis.shoalQuotaClaim(...keys, this.#node, held, more, limit, QUOTA_TTL_MS))
    );
    if (granted >= 0) return granted;
    throw new ClientError("internal", { cause: new Error(`Node "${this.#node}" was declared dead`) });
  }
}
