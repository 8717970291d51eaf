import type { NodeId } from "../../core/ids.ts";

/** The entries of a table by the node that owns each, so that those of a dead node are found without a search. */
export class EntriesByNode<Entry extends { readonly node: NodeId }> {
  readonly #entries = new Map<NodeId, Set<Entry>>();

  /** Adds `entry`, once. */
  add(entry: Entry): void {
    const owned = this.#entries.get(entry.node) ?? new Set<Entry>();
    this.#entries.set(entry.node, owned.add(entry));
  }

  /** Forgets `entry`; no fault when it is not here. */
  delete(entry: Entry): void {
    const owned = this.#entries.get(entry.node);
    owned?.delete(entry);
    if (owned?.size === 0) this.#entries.delete(entry.node);
  }

  /** Hands at most `most` entries of `node` to `remove`, which may delete them here, and answers how many. */
  drop(node: NodeId, most: number, remove: (entry: Entry) => void): number {
    let count = 0;
    for (const entry of this.#entries.get(node) ?? []) {
      if (count === most) break;
      remove(entry);
      count++;
    }
    return count;
  }
}
