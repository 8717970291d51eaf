import { reasonOf } from "../../core/reason.ts";
import { ask } from "./ask.ts";
import type { Locator } from "./locator.ts";
import { watchSentinels } from "./sentinel_watch.ts";
import type { RedisAddress } from "./redis_url.ts";
import { ownerText } from "./slot_map.ts";

const ASK_TIMEOUT_MS = 1_000;

/** Where sentinels are, and what they watch. */
export interface SentinelOptions {
  /** Each with the login that it wants of us. */
  readonly sentinels: readonly RedisAddress[];
  /** The name under which they know the master. */
  readonly master: string;
  /** Login, database and TLS of the Redis itself. */
  readonly redis: Omit<RedisAddress, "hostname" | "port" | "text">;
}

/** The Redis that sentinels call the master. They are asked in turn; the one that answered is asked first next time. */
export function sentinelLocator({ sentinels, master, redis }: SentinelOptions): Locator {
  let order = [...sentinels];
  const locate = async (signal: AbortSignal): Promise<RedisAddress> => {
    const failures: string[] = [];
    for (const sentinel of order) {
      try {
        const { hostname, port } = await masterBy(sentinel, master, signal);
        order = [sentinel, ...order.filter((other) => other !== sentinel)];
        return { ...redis, hostname, port, text: ownerText({ hostname, port }) };
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        failures.push(`${sentinel.text}: ${reasonOf(thrown)}`);
      }
    }
    throw new Error(`no sentinel knows the master "${master}" (${failures.join("; ")})`);
  };
  return {
    text: `master "${master}" of ${sentinels.map(({ text }) => text).join(", ")}`,
    locate,
    watch: (onMove, signal) => watchSentinels(sentinels, master, onMove, signal),
  };
}

async function masterBy(
  sentinel: RedisAddress,
  master: string,
  signal: AbortSignal,
): Promise<{ readonly hostname: string; readonly port: number }> {
  const question = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", master];
  const [answer] = await ask(sentinel, [question], { timeoutMs: ASK_TIMEOUT_MS, signal });
  if (answer === null) throw new Error("it watches no master of that name");
  const [hostname, port] = Array.isArray(answer) ? answer : [];
  if (typeof hostname !== "string" || !/^\d{1,5}$/.test(String(port))) {
    throw new TypeError("its answer cannot be read");
  }
  return { hostname, port: Number(port) };
}
