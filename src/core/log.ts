/** Structured logs: one record a line, as JSON for machines or in a readable form for people. Pure but for `write`. */
import type { Clock } from "./clock.ts";

/** How much is said; each level includes those after it. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** Values that accompany a message. An `Error` is shown with its cause. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes records at or above its level. Safe to call from anywhere; never throws. */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose records all carry `fields` too. */
  child(fields: LogFields): Logger;
}

/** How and where a logger writes. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  readonly clock: Clock;
  /** Takes one finished line without its newline. */
  readonly write: (line: string) => void;
}

const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** Makes a logger. */
export function createLogger(options: LogOptions, context: LogFields = {}): Logger {
  const lowest = LEVELS.indexOf(options.level);
  const render = options.format === "json" ? jsonRecord : prettyRecord;
  const at = (level: LogLevel) => {
    if (LEVELS.indexOf(level) < lowest) return () => {};
    return (message: string, fields?: LogFields) =>
      options.write(render(options.clock.wallMs(), level, message, { ...context, ...fields }));
  };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => createLogger(options, { ...context, ...fields }),
  };
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

function jsonRecord(wallMs: number, level: LogLevel, message: string, fields: LogFields): string {
  const time = new Date(wallMs).toISOString();
  return safeJson({ time, level, message, ...mapValues(fields, plain) });
}

function prettyRecord(wallMs: number, level: LogLevel, message: string, fields: LogFields): string {
  const time = new Date(wallMs).toISOString().slice(11, 23);
  const pairs = Object.entries(mapValues(fields, plain)).map(([key, value]) => ` ${key}=${pretty(value)}`);
  return `${time} ${level.toUpperCase().padEnd(5)} ${oneLine(message)}${pairs.join("")}`;
}

function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return typeof value === "bigint" ? value.toString() : value;
  const cause = value.cause === undefined ? "" : `: ${plain(value.cause)}`;
  return `${value.message}${cause}`;
}

function mapValues(fields: LogFields, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value)]));
}

/** Quotes what could be mistaken for more than one value, so that no input can forge a record. */
function pretty(value: unknown): string {
  if (typeof value === "string" && /^[\w.:/@*-]+$/.test(value)) return value;
  return oneLine(safeJson(value));
}

// deno-lint-ignore no-control-regex -- control characters are what must not reach a terminal
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;

function oneLine(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "undefined";
  } catch {
    return '"(a value that JSON cannot show)"';
  }
}
