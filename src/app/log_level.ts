import type { Logger } from "../core/log.ts";
import { logLevels, parseLogLevel } from "../core/log_gate.ts";

/**
 * Changes what a node logs, from the next record on. Throws `RangeError` when `level` is none, and `TypeError` when the
 * node logs to a logger of the application's own. Safe to call at any time.
 */
export function setLogLevel({ gate, info }: Logger, level: string | undefined): void {
  if (gate === undefined) {
    throw new TypeError("Cannot set the log level: this node logs to the application's own logger");
  }
  const known = parseLogLevel(String(level));
  if (known === undefined) {
    throw new RangeError(`Cannot set the log level to "${level}": want one of ${logLevels.join(", ")}`);
  }
  info("The log level changes", { from: gate.level, to: known });
  gate.level = known;
}
