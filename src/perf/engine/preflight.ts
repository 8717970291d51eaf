/** One connection to each target before the run: a fault that all connections would have is told once, with a way out. */
import type { Clock } from "../../core/clock.ts";
import type { Target } from "../targets/target.ts";
import type { ErrorClass } from "../truth/error_classes.ts";
import { ClientFactory } from "./client_factory.ts";
import { ConnectError } from "./connect_error.ts";
import type { LoadOptions } from "./load_options.ts";
import { newPayloadPool } from "./payload_pool.ts";
import { routingOf } from "./routing.ts";
import type { ClientListener } from "./virtual_client.ts";

/** A target that cannot be used. */
export interface DeadTarget {
  readonly target: Target;
  readonly errorClass: ErrorClass;
  /** What the system or the server said. */
  readonly cause: string;
}

const TIMEOUT_MS = 5_000;

const deaf: ClientListener = {
  onAnswer: () => {},
  onDelivery: () => {},
  onGarbage: () => {},
  onLost: () => {},
};

/** Tries every target of `options`; answers those that fail. */
export async function preflight(options: LoadOptions, clock: Clock): Promise<readonly DeadTarget[]> {
  // Without subscriptions: only the connection itself is tried.
  const routing = routingOf({ kind: "echo" }, options.targets.length);
  const payloads = newPayloadPool({ kind: "fixed", bytes: 0 }, options.seed);
  const factory = new ClientFactory(options, routing, payloads, deaf, clock);
  const timeoutMs = Math.min(TIMEOUT_MS, options.scenario.ramp.connectTimeoutMs);
  const tries = options.targets.map(async (target, at): Promise<readonly DeadTarget[]> => {
    const client = factory.make(at);
    try {
      await client.connect(timeoutMs);
      return [];
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      return [{ target, errorClass: error.errorClass, cause: error.message }];
    } finally {
      client.close();
      await client.closed(TIMEOUT_MS);
    }
  });
  return (await Promise.all(tries)).flat();
}
