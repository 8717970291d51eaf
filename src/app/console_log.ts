import type { Config } from "../config/mod.ts";
import { systemClock } from "../core/clock.ts";
import { createLogger, type Logger } from "../core/log.ts";
import { redactor } from "../core/redact.ts";
import { HUB_SECRET_VARIABLE } from "../core/supervision.ts";

/** What of a configuration a logger needs: how it writes, and what it must never write. */
export type LogConfig = Pick<Config, "logLevel" | "logFormat" | "tokenHmacSecret" | "redisUrl">;

/** A logger to standard output; `auto` is readable on a terminal and JSON elsewhere. */
export function consoleLogger(config: LogConfig): Logger {
  const { logLevel, logFormat } = config;
  return createLogger({
    level: logLevel,
    format: logFormat === "auto" ? (Deno.stdout.isTerminal() ? "pretty" : "json") : logFormat,
    clock: systemClock,
    write: (line) => console.log(line),
    redact: redactor(secretsOf(config)),
    later: (callback, delayMs) => Deno.unrefTimer(setTimeout(callback, delayMs)),
  });
}

/** Every secret that this process was given. */
function secretsOf({ tokenHmacSecret, redisUrl }: LogConfig): readonly string[] {
  const password = URL.parse(redisUrl)?.password ?? "";
  const plain = password === "" ? "" : decoded(password);
  return [tokenHmacSecret, password, plain, Deno.env.get(HUB_SECRET_VARIABLE) ?? ""];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % stands for itself; the backend refuses such a URL with a message of its own
  }
}
