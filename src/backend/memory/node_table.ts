import type { NodeId } from "../../core/ids.ts";
import type { BeatAnswer, ClientRecord, NodeRecord, NodeRow, Suspect } from "../backend.ts";

/** Records that one `clean` removes at most. */
const CLEAN_BATCH = 1_000;
/** Finished burials remembered; the oldest go first. */
const MAX_FINISHED = 10_000;

interface Row {
  readonly record: NodeRecord;
  readonly beatMs: number;
}

/** What the table needs of its surroundings. */
export interface NodeTableOptions {
  /** Milliseconds, whole, on a clock that never steps back. */
  readonly now: () => number;
  /** Whether anybody listens on that node's own channel. */
  readonly isListening: (node: NodeId) => boolean;
  /** Removes at most `most` of what else a node owns, and answers how many it removed. */
  readonly dropOwned: (node: NodeId, most: number) => number;
  /** Names this table's life: another table, another generation. */
  readonly generation: string;
}

/**
 * The registry of one process: the same promises as {@linkcode Registry}, without waiting. A node is in exactly one of
 * three places: registered, buried with a claim, or buried and cleaned.
 */
export class NodeTable {
  readonly #options: NodeTableOptions;
  readonly #rows = new Map<NodeId, Row>();
  readonly #clients = new Map<NodeId, Map<string, ClientRecord>>();
  /** Buried nodes whose clean-up is not finished, with the end of the claim in milliseconds. */
  readonly #claims = new Map<NodeId, number>();
  readonly #finished = new Set<NodeId>();

  constructor(options: NodeTableOptions) {
    this.#options = options;
  }

  beat(record: NodeRecord, suspectAfterMs: number): BeatAnswer {
    const { node } = record;
    const nowMs = this.#options.now();
    const isBuried = this.isBuried(node);
    const isNew = !isBuried && !this.#rows.has(node);
    if (!isBuried) this.#rows.set(node, { record, beatMs: nowMs });
    return {
      standing: isBuried ? "buried" : "member",
      isNew,
      nowMs,
      generation: this.#options.generation,
      clientCount: this.#clients.get(node)?.size ?? 0,
      nodeCount: this.#rows.size,
      suspects: this.#suspects(nowMs - suspectAfterMs),
      unfinished: this.#unfinished(nowMs),
    };
  }

  bury(node: NodeId, seenBeatMs: number, claimMs: number): boolean {
    const nowMs = this.#options.now();
    const claimEndMs = this.#claims.get(node);
    if (claimEndMs !== undefined && claimEndMs > nowMs) return false;
    if (claimEndMs === undefined && !this.#isSilentSince(node, seenBeatMs)) return false;
    this.#rows.delete(node);
    this.#claims.set(node, nowMs + claimMs);
    return true;
  }

  clean(node: NodeId): boolean {
    if (!this.#claims.has(node)) return true;
    const clients = this.#clients.get(node);
    let left = CLEAN_BATCH - this.#options.dropOwned(node, CLEAN_BATCH);
    if (left === 0) return false;
    for (const client of clients?.keys() ?? []) {
      if (left-- === 0) return false;
      clients?.delete(client);
    }
    this.#finish(node);
    return true;
  }

  nodes(): readonly NodeRow[] {
    const nowMs = this.#options.now();
    return Array.from(this.#rows.values(), ({ record, beatMs }) => ({ ...record, silentMs: nowMs - beatMs }));
  }

  putClients(node: NodeId, records: readonly ClientRecord[]): boolean {
    if (this.isBuried(node)) return false;
    if (records.length === 0) return true;
    const clients = this.#clients.get(node) ?? new Map<string, ClientRecord>();
    this.#clients.set(node, clients);
    for (const record of records) clients.set(record.client, record);
    return true;
  }

  dropClients(node: NodeId, names: readonly string[]): void {
    const clients = this.#clients.get(node);
    if (!clients || this.isBuried(node)) return;
    for (const client of names) clients.delete(client);
    if (clients.size === 0) this.#clients.delete(node);
  }

  replaceClients(node: NodeId, records: readonly ClientRecord[]): boolean {
    if (this.isBuried(node)) return false;
    this.#clients.delete(node);
    return this.putClients(node, records);
  }

  clientsOf(node: NodeId): readonly ClientRecord[] {
    return [...this.#clients.get(node)?.values() ?? []];
  }

  leave(node: NodeId): void {
    if (this.isBuried(node)) return;
    this.#rows.delete(node);
    this.#clients.delete(node);
    // What a node in good order has not removed itself is little. A heap of it is left to cleaners, batch by batch.
    if (this.#options.dropOwned(node, CLEAN_BATCH) === CLEAN_BATCH) {
      this.#claims.set(node, this.#options.now());
    }
  }

  /** Buries `node`, for whoever is certain that it is gone, and cleans one batch; what is left is unfinished at once,
   * for the survivors: all leaves in one step could be more than their connections hold. */
  forget(node: NodeId): void {
    this.#rows.delete(node);
    this.#claims.set(node, this.#options.now());
    this.clean(node);
  }

  /** Whether `node` has beaten, and has neither left nor been declared dead since. */
  isRegistered(node: NodeId): boolean {
    return this.#rows.has(node);
  }

  /** Whether `node` was declared dead: nothing that it still writes may take effect. */
  isBuried(node: NodeId): boolean {
    return this.#claims.has(node) || this.#finished.has(node);
  }

  #isSilentSince(node: NodeId, beatMs: number): boolean {
    const row = this.#rows.get(node);
    return row !== undefined && row.beatMs <= beatMs;
  }

  #finish(node: NodeId): void {
    this.#clients.delete(node);
    this.#claims.delete(node);
    this.#finished.add(node);
    if (this.#finished.size <= MAX_FINISHED) return;
    for (const oldest of this.#finished) {
      this.#finished.delete(oldest);
      return;
    }
  }

  #suspects(lastBeatMs: number): Suspect[] {
    const suspects: Suspect[] = [];
    for (const [node, { beatMs }] of this.#rows) {
      if (beatMs >= lastBeatMs) continue;
      suspects.push({ node, beatMs, hasListener: this.#options.isListening(node) });
    }
    return suspects;
  }

  #unfinished(nowMs: number): NodeId[] {
    const unfinished: NodeId[] = [];
    for (const [node, endMs] of this.#claims) if (endMs <= nowMs) unfinished.push(node);
    return unfinished;
  }
}
