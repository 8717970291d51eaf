import type { Config } from "../config/mod.ts";
import { systemClock } from "../core/clock.ts";
import { createLogger, type Logger } from "../core/log.ts";

/** A logger to standard output; `auto` is readable on a terminal and JSON elsewhere. */
export function consoleLogger({ logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">): Logger {
  const format = logFormat === "auto" ? (Deno.stdout.isTerminal() ? "pretty" : "json") : logFormat;
  return createLogger({ level: logLevel, format, clock: systemClock, write: (line) => console.log(line) });
}
