/** When the server ended connections, and when they were back: one row per instance that lost any. */
import type { OutageRow } from "./load_result.ts";

interface Outage {
  firstLostMs: number;
  lastLostMs: number;
  lost: number;
  reconnected: number;
  lastBackMs: number | undefined;
}

/** Outages by number of instance; all times in milliseconds since the run began. */
export class Outages {
  readonly #rows = new Map<number, Outage>();

  /** Instance `target` lost a connection. */
  lost(target: number, nowMs: number): void {
    const row = this.#rows.get(target);
    if (row === undefined) {
      const first = { firstLostMs: nowMs, lastLostMs: nowMs, lost: 1, reconnected: 0, lastBackMs: undefined };
      this.#rows.set(target, first);
      return;
    }
    row.lost++;
    row.lastLostMs = nowMs;
  }

  /** A lost connection of instance `target` was opened anew. */
  back(target: number, nowMs: number): void {
    const row = this.#rows.get(target);
    if (row === undefined) return;
    row.reconnected++;
    row.lastBackMs = nowMs;
  }

  /** Connections of instance `target` that were opened anew. */
  reconnectsOf(target: number): number {
    return this.#rows.get(target)?.reconnected ?? 0;
  }

  /** In the order of `instances`, which are names by number. */
  rows(instances: readonly string[]): readonly OutageRow[] {
    return instances.flatMap((instance, at) => {
      const row = this.#rows.get(at);
      return row === undefined ? [] : [{ instance, ...row }];
    });
  }
}
