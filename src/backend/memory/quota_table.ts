import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { QuotaClaim } from "../backend.ts";

/** What the table needs to know of nodes. */
export interface QuotaTableOptions {
  readonly isRegistered: (node: NodeId) => boolean;
  readonly isBuried: (node: NodeId) => boolean;
}

/** The shares of one process: the same promises as {@linkcode Quotas}, without waiting, and nothing is forgotten. */
export class QuotaTable {
  readonly #options: QuotaTableOptions;
  readonly #shares = new Map<string, Map<NodeId, number>>();

  constructor(options: QuotaTableOptions) {
    this.#options = options;
  }

  /** Throws {@linkcode ClientError} 100 for a buried node. */
  claim(node: NodeId, name: string, { held, more, limit }: QuotaClaim): number {
    if (this.#options.isBuried(node)) {
      throw new ClientError("internal", { cause: new Error(`Node "${node}" was declared dead`) });
    }
    const shares = this.#shares.get(name) ?? new Map<NodeId, number>();
    const granted = Math.max(0, Math.min(more, limit - held - this.#othersOf(shares, node)));
    if (held + granted > 0) shares.set(node, held + granted);
    else shares.delete(node);
    if (shares.size > 0) this.#shares.set(name, shares);
    else this.#shares.delete(name);
    return granted;
  }

  #othersOf(shares: Map<NodeId, number>, node: NodeId): number {
    let sum = 0;
    for (const [other, share] of shares) {
      if (other === node) continue;
      if (this.#options.isRegistered(other)) sum += share;
      else shares.delete(other);
    }
    return sum;
  }
}
