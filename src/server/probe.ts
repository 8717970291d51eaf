/**
 * Whether what this node publishes comes back. TCP may stand while delivery is dead, so readiness asks for the
 * round trip, not for the connection.
 */
import type { Bus } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import type { NodeId } from "../core/ids.ts";
import { decodeProbe, encodeProbe } from "../protocol/envelope.ts";

/** Sends probes and remembers when one last came back. */
export class Probe {
  readonly #bus: Pick<Bus, "sendToNode">;
  readonly #node: NodeId;
  readonly #clock: Clock;
  #sequence = 0;
  #sentMs = 0;
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
    this.#sentMs = this.#clock.monotonicMs();
    this.#bus.sendToNode(this.#node, encodeProbe(++this.#sequence)).catch(() => {}); // absence is the signal
  }

  /** Takes a message of this node's own channel; true when it was a probe. */
  take(message: string): boolean {
    const sequence = decodeProbe(message);
    if (sequence === undefined) return false;
    this.#returnedMs = this.#clock.monotonicMs();
    if (sequence === this.#sequence) this.#latencyMs = this.#returnedMs - this.#sentMs;
    return true;
  }
}
