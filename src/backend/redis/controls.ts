import { backoffMs, randomFraction } from "../../core/backoff.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import { type Control, type ControlClient, messageOf } from "./control.ts";
import { sleep } from "./keep_trying.ts";
import { refusalOf } from "./refusal.ts";
import { asList } from "./reply.ts";
import type { Route } from "./route.ts";

const RETRY = { baseMs: 10, maxMs: 200 };

/** Commands for one Redis; run again from their beginning when the Redis said that it did not run the last of them. */
export type Commands<T> = (redis: ControlClient, control: Control) => Promise<T>;

/**
 * The control connections of all shards, picked by place. On a Cluster a command that met a slot on the move is tried
 * again for up to `commandTimeoutMs`. It is not sent after the slot (ASK): what a script publishes over there, nobody
 * would hear before the slot has arrived.
 */
export class Controls {
  readonly #route: Route;
  readonly #commandTimeoutMs: number;
  readonly #clock: Clock;
  readonly #closing = new AbortController();

  constructor(route: Route, commandTimeoutMs: number, clock: Clock = systemClock) {
    this.#route = route;
    this.#commandTimeoutMs = commandTimeoutMs;
    this.#clock = clock;
  }

  /** Runs commands where `place` is. Rejects with a temporary {@linkcode ClientError} as {@linkcode Control.run}. */
  at<T>(place: number, commands: Commands<T>): Promise<T> {
    return this.#retried(
      () => this.#route.shardAt(place)?.control,
      (control) => control.run((redis) => commands(redis, control)),
    );
  }

  /** Runs commands of the registry. */
  inRegistry<T>(commands: Commands<T>): Promise<T> {
    return this.at(this.#route.controlPlace, commands);
  }

  /** Runs a beat: also while the layout is wrong, and readiness follows whether it could be written. */
  beat<T>(commands: Commands<T>): Promise<T> {
    return this.#retried(
      () => this.#route.shardAt(this.#route.controlPlace)?.control,
      (control) => control.write((redis) => commands(redis, control)),
    );
  }

  /** Asks how many listen on a node's own channel, where that is. */
  listeners(node: NodeId, channel: string): Promise<readonly unknown[]> {
    const subcommand = this.#route.isSharded ? "SHARDNUMSUB" : "NUMSUB";
    return this.#retried(
      () => this.#route.shardOfNode(node)?.control,
      (control) => control.run(async (redis) => asList(await redis.call("PUBSUB", subcommand, channel))),
    );
  }

  /** Whether the registry can be asked at the moment. */
  get hasRegistry(): boolean {
    return this.#route.shardAt(this.#route.controlPlace)?.control.isReady ?? false;
  }

  /** Where the registry is in doubt as a whole: the generation of its Redis, and the version of the route. */
  get generation(): string {
    const control = this.#route.shardAt(this.#route.controlPlace)?.control;
    return (control?.generation ?? "") + this.#route.version;
  }

  /** Sees of every shard but the registry's whether it takes writes; `write` names the command for a place. */
  async probeWrites(write: (redis: ControlClient, place: number) => Promise<unknown>): Promise<void> {
    const probes: Promise<unknown>[] = [];
    for (const place of this.#route.samplePlaces()) {
      const control = this.#route.shardAt(place)?.control;
      if (place === this.#route.controlPlace || !control?.isConnected) continue;
      probes.push(control.write((redis) => write(redis, place)));
    }
    // What a probe finds shows in the readiness of its shard.
    await Promise.allSettled(probes);
  }

  /** Ends all waits for another try. */
  close(): void {
    this.#closing.abort();
  }

  async #retried<T>(find: () => Control | undefined, run: (control: Control) => Promise<T>): Promise<T> {
    const endMs = this.#clock.monotonicMs() + this.#commandTimeoutMs;
    for (let attempt = 0;; attempt++) {
      try {
        const control = find();
        if (control === undefined) throw this.#unserved();
        return await run(control);
      } catch (thrown) {
        const refusal = refusalOf(messageOf(thrown));
        if (refusal?.kind !== "moved" && refusal?.kind !== "unsettled") throw thrown;
        this.#route.doubt(refusal);
        const waitMs = backoffMs(attempt, RETRY, randomFraction());
        if (this.#clock.monotonicMs() + waitMs > endMs || this.#closing.signal.aborted) throw thrown;
        await sleep(waitMs, this.#closing.signal);
      }
    }
  }

  #unserved(): ClientError {
    const reason = this.#closing.signal.aborted
      ? "The backend is closed"
      : `CLUSTERDOWN ${this.#route.trouble ?? "Nobody is known to serve this slot"}`;
    return new ClientError("internal", { cause: new Error(reason) });
  }
}
