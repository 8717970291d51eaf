/** Whether this node and those that live already understand each other: before that it takes no clients. */
import type { NodeRow, Registry } from "../backend/backend.ts";
import type { NodeId } from "../core/ids.ts";
import type { Logger } from "../core/log.ts";
import { reasonOf } from "../core/reason.ts";
import { formatConflict, FORMATS, UNNUMBERED } from "../protocol/format.ts";

/** What a check needs of its surroundings. */
export interface FormatCheckParts {
  readonly node: NodeId;
  readonly registry: Pick<Registry, "nodes">;
  /** Nodes silent for longer do not count. */
  readonly deadAfterMs: number;
  readonly log: Logger;
}

/**
 * Looks until nobody is in the way, and then never again: who comes later looks for itself. Call {@linkcode look} after
 * each beat; a look that is under way makes the next call do nothing.
 */
export class FormatCheck {
  readonly #parts: FormatCheckParts;
  #cause: string | undefined = "the formats of the other nodes are not known yet";
  #isLooking = false;

  constructor(parts: FormatCheckParts) {
    this.#parts = parts;
  }

  /** Why this node must not take clients yet; undefined once it may. */
  get cause(): string | undefined {
    return this.#cause;
  }

  /** Reads who lives, unless all is well already. Never rejects. */
  async look(): Promise<void> {
    if (this.#cause === undefined || this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#judge(await this.#parts.registry.nodes());
    } catch (error) {
      this.#cause = `cannot read which nodes live: ${reasonOf(error)}`;
      this.#parts.log.debug("The formats of the other nodes could not be read", { error });
    } finally {
      this.#isLooking = false;
    }
  }

  #judge(rows: readonly NodeRow[]): void {
    const { node, deadAfterMs, log } = this.#parts;
    const others = rows.filter((row) => row.node !== node && row.silentMs <= deadAfterMs);
    const before = this.#cause;
    this.#cause = others.map(conflictWith).find((conflict) => conflict !== undefined);
    if (this.#cause !== undefined && this.#cause !== before) {
      log.error("This node cannot join", { cause: this.#cause });
    }
  }
}

function conflictWith({ node, address, version, formats = UNNUMBERED }: NodeRow): string | undefined {
  const conflict = formatConflict(FORMATS, formats);
  if (conflict === undefined) return undefined;
  const who = `node ${node} at ${address || "an unknown address"} (version ${version || "unknown"})`;
  return `cannot run beside ${who}: ${conflict}; upgrade one release at a time, or end the others first`;
}
