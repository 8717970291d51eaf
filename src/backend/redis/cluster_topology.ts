import { reasonOf } from "../../core/reason.ts";
import { ask } from "./ask.ts";
import type { RedisAddress } from "./redis_url.ts";
import { readSlotMap, type SlotMap } from "./slot_map.ts";

const ASK_TIMEOUT_MS = 1_000;

/**
 * The map of slots, from the server that was `hinted` at if that answers, else from the first of `servers` that does.
 * Rejects when nobody does who has a majority behind it: a server that was cut off knows old things only.
 */
export async function readTopology(
  servers: readonly RedisAddress[],
  hinted: RedisAddress | undefined,
  signal: AbortSignal,
): Promise<SlotMap> {
  const hintedMap = hinted && await askOne(hinted, signal).catch(() => undefined); // the others know it too, if later
  if (hintedMap !== undefined) return hintedMap;
  const reasons = new Map<string, string>();
  const asked = servers.map(async (server) => {
    try {
      return await askOne(server, signal);
    } catch (thrown) {
      reasons.set(server.text, reasonOf(thrown));
      throw thrown;
    }
  });
  try {
    return await Promise.any(asked);
  } catch {
    throw new Error([...reasons].map(([text, reason]) => `${text}: ${reason}`).join("; "));
  }
}

async function askOne(server: RedisAddress, signal: AbortSignal): Promise<SlotMap> {
  const questions = [["CLUSTER", "INFO"], ["CLUSTER", "SLOTS"]];
  const [info, slots] = await ask(server, questions, { timeoutMs: ASK_TIMEOUT_MS, signal });
  if (!String(info).includes("cluster_state:ok")) throw new Error("the cluster is down (cluster_state:fail)");
  return readSlotMap(slots, server);
}
