import type { Redis } from "ioredis";
import type { BackendTraffic } from "../backend.ts";

type Wire = Pick<Redis["stream"], "bytesRead" | "bytesWritten">;

/** What an ioredis client has carried, added up over its connections. */
export class ControlTraffic implements BackendTraffic {
  readonly countedPublications = 0;
  readonly nodesTouched = 0;
  commands = 0;
  #sentBefore = 0;
  #receivedBefore = 0;
  #wire: Wire | undefined;

  /** Counts from now on what `redis` does. */
  constructor(redis: Pick<Redis, "on" | "sendCommand" | "stream">) {
    const send = redis.sendCommand.bind(redis);
    redis.sendCommand = (...words) => {
      this.commands++;
      return send(...words);
    };
    redis.on("connect", () => this.#wire = redis.stream);
    redis.on("close", () => this.#close());
  }

  get connections(): number {
    return this.#wire === undefined ? 0 : 1;
  }

  get sentBytes(): number {
    return this.#sentBefore + (this.#wire?.bytesWritten ?? 0);
  }

  get receivedBytes(): number {
    return this.#receivedBefore + (this.#wire?.bytesRead ?? 0);
  }

  #close(): void {
    this.#sentBefore = this.sentBytes;
    this.#receivedBefore = this.receivedBytes;
    this.#wire = undefined;
  }
}
