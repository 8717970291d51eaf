/**
 * Whether what this node publishes comes back. TCP may stand while delivery is dead, so readiness asks for the
 * round trip, not for the connection.
 */
import type { Bus } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import type { NodeId } from "../core/ids.ts";
import { decodeProbe, encodeProbe } from "../protocol/envelope.ts";

/** A probe that is older than so many others is given up. */
const MAX_UNDER_WAY = 64;

/** Sends probes and remembers when one last came back. */
export class Probe {
  readonly #bus: Pick<Bus, "sendToNode">;
  readonly #node: NodeId;
  readonly #clock: Clock;
  #sequence = 0;
  /** When the probes that may still come back were sent, by their number. */
  readonly #sentMs = new Map<number, number>();
  #returnedMs: number | undefined;
  #latencyMs = 0;

  constructor(bus: Pick<Bus, "sendToNode">, node: NodeId, clock: Clock) {
    this.#bus = bus;
    this.#node = node;
    this.#clock = clock;
  }

  /** Round trip of the last probe, in milliseconds. */
  get latencyMs(): number {
    return this.#latencyMs;
  }

  /** True when a probe came back within the last `timeoutMs`. */
  isFresh(timeoutMs: number): boolean {
    return this.#returnedMs !== undefined && this.#clock.monotonicMs() - this.#returnedMs <= timeoutMs;
  }

  /** Sends the next probe; that it is lost shows by its absence. */
  send(): void {
    this.#sentMs.set(++this.#sequence, this.#clock.monotonicMs());
    this.#sentMs.delete(this.#sequence - MAX_UNDER_WAY);
    this.#bus.sendToNode(this.#node, encodeProbe(this.#sequence)).catch(() => {}); // absence is the signal
  }

  /** Takes a message of this node's own channel. Answers the latency of the probe that it was, in milliseconds; true
   * for one of unknown latency, false for any other message. */
  take(message: string): number | boolean {
    const sequence = decodeProbe(message);
    if (sequence === undefined) return false;
    this.#returnedMs = this.#clock.monotonicMs();
    const sentMs = this.#sentMs.get(sequence);
    if (sentMs === undefined) return true;
    this.#sentMs.delete(sequence);
    return this.#latencyMs = this.#returnedMs - sentMs;
  }
}
