import { type Config, secretsOf } from "../config/mod.ts";
import { systemClock } from "../core/clock.ts";
import { createLogger, type Logger } from "../core/log.ts";
import { redactor } from "../core/redact.ts";
import { HUB_SECRET_VARIABLE } from "../core/supervision.ts";

/** A logger to standard output; `auto` is readable on a terminal and JSON elsewhere. Writes no secret of `config`. */
export function consoleLogger(config: Config): Logger {
  const { logLevel, logFormat } = config;
  const hubSecret = Deno.env.get(HUB_SECRET_VARIABLE) ?? "";
  return createLogger({
    level: logLevel,
    format: logFormat === "auto" ? (Deno.stdout.isTerminal() ? "pretty" : "json") : logFormat,
    clock: systemClock,
    write: (line) => console.log(line),
    redact: redactor([...secretsOf(config), hubSecret]),
    later: (callback, delayMs) => Deno.unrefTimer(setTimeout(callback, delayMs)),
  });
}
