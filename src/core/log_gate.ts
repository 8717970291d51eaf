import { type RepeatLimit, Repeats } from "./log_repeats.ts";

/** How much is said; each level includes those after it. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** The levels, most talkative first. */
export const logLevels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** Of one message, as many may be written in ten seconds. Who asks for `debug` or `trace` gets all of it. */
const DEFAULT_LIMIT: RepeatLimit = { perInterval: 20, intervalMs: 10_000 };
const UNLIMITED: ReadonlySet<LogLevel> = new Set(["trace", "debug"]);

/** Records of one message that were left out. */
export interface SuppressedRecords {
  readonly level: LogLevel;
  readonly message: string;
  readonly count: number;
}

/** Decides what a logger and its children write: by level, which may be changed at any time, and by repetition. */
export class LogGate {
  readonly #limit: RepeatLimit;
  readonly #repeats: Repeats;
  readonly #records = new Map<LogLevel, number>();
  #level: LogLevel;
  #lowest: number;

  constructor(level: LogLevel, limit: RepeatLimit = DEFAULT_LIMIT) {
    this.#limit = limit;
    this.#repeats = new Repeats(limit);
    this.#level = level;
    this.#lowest = logLevels.indexOf(level);
  }

  /** The lowest level that is written. */
  get level(): LogLevel {
    return this.#level;
  }

  set level(level: LogLevel) {
    this.#level = level;
    this.#lowest = logLevels.indexOf(level);
  }

  /** Over how long repetitions are counted, in milliseconds. */
  get repeatIntervalMs(): number {
    return this.#limit.intervalMs;
  }

  /** Records that were written, by level. */
  get records(): ReadonlyMap<LogLevel, number> {
    return this.#records;
  }

  /** How many records were left out because they repeated too fast. */
  get suppressed(): number {
    return this.#repeats.total;
  }

  /** Whether records of `level` are written at all. */
  lets(level: LogLevel): boolean {
    return logLevels.indexOf(level) >= this.#lowest;
  }

  /** Whether this record is written, and counts it; "first no" begins a series of records that are not. */
  admit(level: LogLevel, message: string, nowMs: number): "yes" | "no" | "first no" {
    const admission = UNLIMITED.has(level) ? "yes" : this.#repeats.admit(`${level} ${message}`, nowMs);
    if (admission === "yes") this.#records.set(level, (this.#records.get(level) ?? 0) + 1);
    return admission;
  }

  /** What was left out in the intervals that have ended; each is told once. */
  takeSuppressed(nowMs: number): readonly SuppressedRecords[] {
    return this.#repeats.takeEnded(nowMs).map(({ key, count }) => {
      const space = key.indexOf(" ");
      const level = logLevels.find((each) => each === key.slice(0, space)) ?? "warn";
      return { level, message: key.slice(space + 1), count };
    });
  }
}

/** Reads a level; undefined when the text is none. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return logLevels.find((level) => level === text);
}
