import type { History } from "../backend.ts";

type AppendOptions = Parameters<History["publish"]>[2];

/** A publish with history, as it was asked for. */
export interface AppendRequest {
  readonly message: string;
  readonly options: AppendOptions;
}

/** Packs the second text of an `append` frame: `<size> <ttlMs> <idempotencyTtlMs or -> <key as JSON or nothing>`, a
 * newline, the message. */
export function encodeAppend(message: string, options: AppendOptions): string {
  const { size, ttlMs, idempotencyKey: key, idempotencyTtlMs } = options;
  const keyJson = key === undefined ? "" : JSON.stringify(key);
  return `${size} ${ttlMs} ${idempotencyTtlMs ?? "-"} ${keyJson}\n${message}`;
}

/** Unpacks it. Believes what it reads, as {@linkcode runCall} does. */
export function decodeAppend(text: string): AppendRequest {
  const newline = text.indexOf("\n");
  const [size, ttlMs, keyTtlMs = "-", ...keyJson] = text.slice(0, newline).split(" ");
  const message = text.slice(newline + 1);
  const limits = { size: Number(size), ttlMs: Number(ttlMs) };
  // A key may hold spaces.
  const json = keyJson.join(" ");
  if (json === "") return { message, options: limits };
  const keyTtl = keyTtlMs === "-" ? {} : { idempotencyTtlMs: Number(keyTtlMs) };
  return { message, options: { ...limits, ...keyTtl, idempotencyKey: String(JSON.parse(json)) } };
}
