/** The closed set of what can go wrong on the client's side, and the account of what did. */

/** Every class an error can have. */
export const errorClasses = [
  "dns",
  "refused",
  "reset",
  "connect_timeout",
  "upgrade_status_4xx",
  "upgrade_status_5xx",
  "upgrade_invalid",
  "tls",
  "fd_limit",
  "port_limit",
  "server_close_1000",
  "server_close_1001",
  "server_close_1006",
  "server_close_1009",
  "server_close_1011",
  "server_close_1012",
  "server_close_1013",
  "server_close_other",
  "idle_timeout",
  "reply_timeout",
  "reply_error",
  "http_status",
  "send_on_closed",
  "buffer_overflow",
  "bad_payload",
  "lost",
  "duplicate",
  "reordered",
  "throttled",
  "internal",
] as const;

/** One class of {@linkcode errorClasses}. */
export type ErrorClass = (typeof errorClasses)[number];

const CONNECT_PATTERNS: readonly (readonly [RegExp, ErrorClass])[] = [
  [/invalid status code: 4\d\d/i, "upgrade_status_4xx"],
  [/invalid status code: 5\d\d/i, "upgrade_status_5xx"],
  [/invalid status code|upgrade|sec-websocket/i, "upgrade_invalid"],
  [/dns error|failed to lookup|name or service|enotfound|eai_again/i, "dns"],
  [/too many open files|os error 24|emfile/i, "fd_limit"],
  [/cannot assign requested address|os error 99|eaddrnotavail|eaddrinuse|^bind /i, "port_limit"],
  [/refused|os error 111/i, "refused"],
  [/certificate|corrupt message|tls|handshake/i, "tls"],
  [/timed out|timeout|etimedout|canceled/i, "connect_timeout"],
  [/reset|closed before|broken pipe|unexpected eof|os error 104/i, "reset"],
];

/** The class of a connection that did not come about, by the text of its error. */
export function classifyConnect(message: string): ErrorClass {
  return CONNECT_PATTERNS.find(([pattern]) => pattern.test(message))?.[1] ?? "internal";
}

const NAMED_CLOSES: readonly number[] = [1000, 1001, 1006, 1009, 1011, 1012, 1013];

/** The class of a connection that the server ended. A connection that just vanished (code 0 or none) is 1006. */
export function classifyClose(code: number): ErrorClass {
  if (code === 0 || code === 1005) return "server_close_1006";
  const name = NAMED_CLOSES.includes(code) ? `server_close_${code}` : "server_close_other";
  return errorClasses.find((known) => known === name) ?? "server_close_other";
}

/** One class on one instance. */
export interface ErrorRow {
  readonly class: ErrorClass;
  readonly instance: string;
  readonly count: number;
  /** Since the run began, milliseconds. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** The text of the first one. */
  readonly sample: string;
}

/** Longest sample text that is kept. */
const MAX_SAMPLE_CHARS = 200;

/** Counts errors by class and instance: bounded, since both are. */
export class ErrorTally {
  readonly #rows = new Map<string, { -readonly [Field in keyof ErrorRow]: ErrorRow[Field] }>();

  /** Notes `count` errors at `nowMs` since the run began. */
  add(errorClass: ErrorClass, instance: string, sample: string, nowMs: number, count = 1): void {
    if (count <= 0) return;
    const key = `${errorClass} ${instance}`;
    const row = this.#rows.get(key);
    if (row !== undefined) {
      row.count += count;
      row.lastMs = nowMs;
      return;
    }
    const text = sample.slice(0, MAX_SAMPLE_CHARS);
    this.#rows.set(key, { class: errorClass, instance, count, firstMs: nowMs, lastMs: nowMs, sample: text });
  }

  /** Adds what another tally counted; its times move by `byMs`. */
  addRow(row: ErrorRow, byMs: number): void {
    const { lastMs, firstMs } = row;
    this.add(row.class, row.instance, row.sample, firstMs + byMs, row.count);
    const own = this.#rows.get(`${row.class} ${row.instance}`);
    if (own === undefined) return;
    own.firstMs = Math.min(own.firstMs, firstMs + byMs);
    own.lastMs = Math.max(own.lastMs, lastMs + byMs);
  }

  /** All rows, the most frequent first. */
  rows(): readonly ErrorRow[] {
    return [...this.#rows.values()].sort((a, b) => b.count - a.count);
  }
}
