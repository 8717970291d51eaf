/** `shoal start`: one node in the foreground, until a signal, its supervisor or its backend ends it. */
import { type Config, isOpenMode } from "../config/mod.ts";
import type { Logger } from "../core/log.ts";
import {
  HUB_ADDRESS_VARIABLE,
  HUB_SECRET_VARIABLE,
  OVERLAP_VARIABLE,
  SUPERVISED_VARIABLE,
} from "../core/supervision.ts";
import type { HubLocation } from "./backends.ts";
import { consoleLogger } from "./console_log.ts";
import { openNode, type ShoalNode } from "./create_node.ts";
import { endOfStdin, onSignals } from "./signals.ts";
import { onUncaught } from "./uncaught.ts";

/** Exit codes of `start`. */
const OK = 0, FAILED = 1;

/** Runs a node to its end and answers the exit code: 0 after an orderly end, 1 when it could not start or go on. */
export async function start(config: Config): Promise<number> {
  const log = consoleLogger(config);
  const isSupervised = isOn(SUPERVISED_VARIABLE);
  let node: ShoalNode;
  try {
    node = await openNode(config, { log }, { hub: hubLocation(), mayOverlap: isOn(OVERLAP_VARIABLE) });
  } catch (error) {
    log.error("The node could not start", { error });
    return FAILED;
  }
  announce(node, config, log);
  if (!isSupervised) warnOfOpenMode(config, log); // the supervisor's banner says it once for all nodes
  let hasFailed = false;
  const end = endInOrder(node, log, isSupervised);
  onUncaught((error) => {
    hasFailed = true;
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("Nobody caught an error: the node ends, because nobody knows what else it broke", {
      error,
      stack,
    });
    end("an error that nobody caught");
  });
  const howEnded = await node.ended;
  await node.close();
  log.info("The node has ended");
  return howEnded === "closed" && !hasFailed ? OK : FAILED;
}

/**
 * Drains at the first signal, or when the supervisor is gone, or when the returned function is called; ends at once at
 * a later signal.
 */
function endInOrder(node: ShoalNode, log: Logger, isSupervised: boolean): (why: string) => void {
  let isEnding = false;
  const end = (why: string) => {
    if (isEnding) return;
    isEnding = true;
    log.info("Draining", { why });
    void node.drain().then(() => node.close());
  };
  onSignals({ first: end, again: () => void node.close() }, isSupervised);
  if (isSupervised) void endOfStdin().then(() => end("the supervisor has ended"));
  return end;
}

function isOn(variable: string): boolean {
  return Deno.env.get(variable) === "1";
}

function hubLocation(): HubLocation | undefined {
  const address = Deno.env.get(HUB_ADDRESS_VARIABLE);
  const secret = Deno.env.get(HUB_SECRET_VARIABLE);
  return address && secret ? { address, secret } : undefined;
}

function announce(node: ShoalNode, config: Config, log: Logger): void {
  log.info("The node listens", {
    node: node.id,
    address: node.address,
    sharedPort: config.sharedPort || undefined,
    transport: config.transport,
    backend: node.health().backend.kind,
  });
}

function warnOfOpenMode(config: Config, log: Logger): void {
  if (!isOpenMode(config)) return;
  if (config.insecure) log.warn("INSECURE: everybody who reaches this address may do everything");
  else {
    log.warn(
      "Open mode: whoever reaches this node from this machine may do everything, and a proxy that leaves no mark " +
        "looks like this machine. Set token_hmac_secret to close it",
    );
  }
}
