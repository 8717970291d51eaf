/** Structured logs: one record a line, as JSON for machines or in a readable form for people. Pure but for `write`. */
import type { Clock } from "./clock.ts";
import { LogGate, type LogLevel } from "./log_gate.ts";

export type { LogLevel } from "./log_gate.ts";

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
  /** What decides what is written, shared with all children; undefined for a logger that decides by itself. */
  readonly gate?: LogGate | undefined;
}

/** How and where a logger writes. */
export interface LogOptions {
  /** Decides what is written; a level stands for a gate of that level. */
  readonly level: LogLevel | LogGate;
  readonly format: "json" | "pretty";
  readonly clock: Clock;
  /** Takes one finished line without its newline. */
  readonly write: (line: string) => void;
  /** Masks what must not be written; see `redact.ts`. */
  readonly redact?: (line: string) => string;
  /** Runs a callback after some milliseconds. Without it, what was suppressed is told with the next record only. */
  readonly later?: (callback: () => void, delayMs: number) => void;
}

/** Makes a logger. */
export function createLogger(options: LogOptions, context: LogFields = {}): Logger {
  const gate = typeof options.level === "string" ? new LogGate(options.level) : options.level;
  return loggerOf(new Writer(options, gate), gate, context);
}

function loggerOf(writer: Writer, gate: LogGate, context: LogFields): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (gate.lets(level)) writer.write(level, message, { ...context, ...fields });
  };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => loggerOf(writer, gate, { ...context, ...fields }),
    gate,
  };
}

/** Brings records that the gate lets through into their form. */
class Writer {
  readonly #options: LogOptions;
  readonly #gate: LogGate;

  constructor(options: LogOptions, gate: LogGate) {
    this.#options = options;
    this.#gate = gate;
  }

  write(level: LogLevel, message: string, fields: LogFields): void {
    this.#tellSuppressed();
    const admission = this.#gate.admit(level, message, this.#options.clock.monotonicMs());
    if (admission === "yes") this.#put(level, message, fields);
    else if (admission === "first no") this.#tellLater();
  }

  #tellLater(): void {
    this.#options.later?.(() => this.#tellSuppressed(), this.#gate.repeatIntervalMs);
  }

  #tellSuppressed(): void {
    for (const { level, message, count } of this.#gate.takeSuppressed(this.#options.clock.monotonicMs())) {
      this.#put(level, "Records that repeated too fast were left out", {
        repeated: message,
        suppressed: count,
      });
    }
  }

  #put(level: LogLevel, message: string, fields: LogFields): void {
    const { format, clock, redact, write } = this.#options;
    const render = format === "json" ? jsonRecord : prettyRecord;
    const line = render(clock.wallMs(), level, message, fields);
    write(redact === undefined ? line : redact(line));
  }
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

/** Longer values are cut. */
const MAX_VALUE_LENGTH = 4_096;
const MAX_CAUSES = 8;
const NOT_SHOWN = '"(a value that JSON cannot show)"';

function jsonRecord(wallMs: number, level: LogLevel, message: string, fields: LogFields): string {
  const time = new Date(wallMs).toISOString();
  // A field cannot take the place of what the logger itself says.
  const record = { time, level, message: cut(message), ...mapValues(fields, plain) };
  return oneLine(safeJson({ ...record, time, level, message: cut(message) }));
}

function prettyRecord(wallMs: number, level: LogLevel, message: string, fields: LogFields): string {
  const time = new Date(wallMs).toISOString().slice(11, 23);
  const pairs = Object.entries(mapValues(fields, plain))
    // As in JSON.
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${oneLine(key)}=${pretty(value)}`);
  return `${time} ${level.toUpperCase().padEnd(5)} ${oneLine(cut(message))}${pairs.join("")}`;
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return cut(errorText(value, MAX_CAUSES));
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return cut(value);
  if (typeof value !== "object" || value === null) return value;
  const json = safeJson(value);
  // A value that JSON cannot show, or a huge one, must cost its own place in the record and not the record.
  return json.length > MAX_VALUE_LENGTH || json === NOT_SHOWN ? cut(json) : value;
}

function errorText(error: Error, causes: number): string {
  const { message, cause } = error;
  if (cause === undefined || causes === 0) return message;
  return `${message}: ${cause instanceof Error ? errorText(cause, causes - 1) : plain(cause)}`;
}

function cut(text: string): string {
  return text.length <= MAX_VALUE_LENGTH
    ? text
    : `${text.slice(0, MAX_VALUE_LENGTH)}... (${text.length} characters)`;
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
    return NOT_SHOWN;
  }
}
