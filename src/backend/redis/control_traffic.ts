import type { Redis } from "ioredis";
import type { BackendTraffic } from "../backend.ts";

type Wire = Pick<Redis["stream"], "bytesRead" | "bytesWritten">;

/** What ioredis clients have carried, added up over all of them. */
export class ControlTraffic implements BackendTraffic {
  readonly countedPublications = 0;
  readonly nodesTouched = 0;
  commands = 0;
  #sentBefore = 0;
  #receivedBefore = 0;
  readonly #wires = new Set<Wire>();

  /** Counts from now on what `redis` does as well. */
  watch(redis: Pick<Redis, "on" | "sendCommand" | "stream">): void {
    const send = redis.sendCommand.bind(redis);
    redis.sendCommand = (...words) => {
      this.commands++;
      return send(...words);
    };
    let wire: Wire | undefined;
    redis.on("connect", () => this.#wires.add(wire = redis.stream));
    redis.on("close", () => {
      if (wire !== undefined) this.#close(wire);
      wire = undefined;
    });
  }

  get connections(): number {
    return this.#wires.size;
  }

  get sentBytes(): number {
    return this.#sentBefore + sum(this.#wires, "bytesWritten");
  }

  get receivedBytes(): number {
    return this.#receivedBefore + sum(this.#wires, "bytesRead");
  }

  #close(wire: Wire): void {
    if (!this.#wires.delete(wire)) return;
    this.#sentBefore += wire.bytesWritten;
    this.#receivedBefore += wire.bytesRead;
  }
}

function sum(wires: Iterable<Wire>, field: keyof Wire): number {
  let bytes = 0;
  for (const wire of wires) bytes += wire[field];
  return bytes;
}
