/**
 * What waits for a subscriber whose connection has no room, where the channel's options allow to lose some of it. Bounded
 * in bytes; the connection's own outbox stays free for replies and for other channels.
 */
import type { Line } from "../core/frame.ts";
import type { SlowPolicy } from "./options.ts";

/** Counts what was given up; `server/traffic.ts` has it for the whole node. */
export interface SlowCounts {
  publicationsDropped: number;
  publicationsConflated: number;
}

/** Publications that wait, oldest first. */
export interface SlowQueue {
  readonly size: number;
  readonly bytes: number;
  /** Lets `line` wait. `key` names what it is the latest of. */
  push(line: Line, key: string): void;
  /** Takes the oldest out. */
  shift(): Line | undefined;
}

/** The queue of one subscription; undefined for `close`, where everything goes to the outbox. */
export function slowQueue(policy: SlowPolicy, maxBytes: number, counts: SlowCounts): SlowQueue | undefined {
  switch (policy) {
    case "close":
      return undefined;
    case "drop_oldest":
      return new BoundedQueue(maxBytes, counts, false);
    case "conflate":
      return new BoundedQueue(maxBytes, counts, true);
    default:
      return policy satisfies never;
  }
}

/** A map keeps the order in which its keys came, so the first entry is the oldest. */
class BoundedQueue implements SlowQueue {
  readonly #maxBytes: number;
  readonly #counts: SlowCounts;
  readonly #isConflating: boolean;
  readonly #lines = new Map<string, Line>();
  #bytes = 0;
  #sequence = 0;

  constructor(maxBytes: number, counts: SlowCounts, isConflating: boolean) {
    this.#maxBytes = maxBytes;
    this.#counts = counts;
    this.#isConflating = isConflating;
  }

  get size(): number {
    return this.#lines.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(line: Line, key: string): void {
    const place = this.#isConflating ? key : String(++this.#sequence);
    if (this.#take(place)) this.#counts.publicationsConflated++;
    this.#lines.set(place, line);
    this.#bytes += line.size;
    while (this.#bytes > this.#maxBytes && this.#lines.size > 1) {
      this.shift();
      this.#counts.publicationsDropped++;
    }
  }

  shift(): Line | undefined {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    this.#take(first[0]);
    return first[1];
  }

  #take(place: string): boolean {
    const line = this.#lines.get(place);
    if (line === undefined) return false;
    this.#bytes -= line.size;
    return this.#lines.delete(place);
  }
}
