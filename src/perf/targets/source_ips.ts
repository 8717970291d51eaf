/** Local addresses to connect from: named by the caller, or as many loopback addresses as the ports demand. */
import type { Scenario } from "../scenario/scenario.ts";
import { UsageError } from "../usage_error.ts";
import type { MachineLimits } from "./capacity.ts";
import { isLoopback } from "./loopback.ts";
import type { Target } from "./target.ts";

/** Stands for "as many as needed" in a list of addresses. */
const AUTO = "auto";
/** Some ports belong to others. */
const USABLE_PORTS = 0.8;
const USUAL_PORTS = 28_232;

/** The addresses; empty for the system's choice. Throws {@linkcode UsageError}. */
export function chooseSourceIps(
  load: { readonly sourceIps: readonly string[]; readonly scenario: Scenario },
  targets: readonly Target[],
  { ports = USUAL_PORTS }: Pick<MachineLimits, "ports">,
): readonly string[] {
  if (!load.sourceIps.includes(AUTO)) return load.sourceIps;
  const { connections } = load.scenario;
  const usable = ports * USABLE_PORTS;
  // The system's own choice shares a port between targets; a named address gives each connection one for itself.
  if (Math.ceil(connections / targets.length) <= usable) return [];
  const count = Math.ceil(connections / usable);
  if (!targets.every(isLoopback)) {
    throw new UsageError(
      `Cannot choose ${count} local addresses for targets elsewhere: name addresses of this machine in --source-ips`,
    );
  }
  return Array.from({ length: count }, (_, at) => `127.0.0.${at + 2}`);
}
