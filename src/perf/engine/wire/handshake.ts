/** The HTTP part of a WebSocket: the upgrade request, and what the server may answer to it. */
import type { ErrorClass } from "../../truth/error_classes.ts";

/** What a server answered. */
export type UpgradeAnswer =
  /** The head is not complete yet. */
  | { readonly kind: "more" }
  /** The connection is a WebSocket; frames begin at `end`. */
  | { readonly kind: "open"; readonly end: number }
  | { readonly kind: "refused"; readonly errorClass: ErrorClass; readonly message: string };

/** A head larger than this is no answer, bytes. */
const MAX_HEAD_BYTES = 16_384;

/** The request for `path` on `host`. All connections of a process may use the same key: no cache is to be fooled. */
export function upgradeRequest(host: string, path: string, key: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nUser-Agent: shoal-perf\r\n\r\n`;
}

/** A random key in base64. */
export function newUpgradeKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

/** Where the head in `bytes` (0 to `end`) is over, or -1. */
export function headEnd(bytes: Uint8Array, end: number, from = 0): number {
  for (let at = bytes.indexOf(13, from); at >= 0 && at + 3 < end; at = bytes.indexOf(13, at + 1)) {
    if (bytes[at + 1] === 10 && bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
  }
  return -1;
}

/** Reads the answer to an upgrade request whose key asks for `accept`. */
export function readUpgrade(bytes: Uint8Array, end: number, accept: string): UpgradeAnswer {
  const headTo = headEnd(bytes, end);
  const text = new TextDecoder().decode(bytes.subarray(0, headTo < 0 ? end : headTo));
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
  if (status === undefined && (end >= 12 || !"HTTP/1.1 ".startsWith(text.slice(0, 9)))) {
    return refused("upgrade_invalid", `the answer is not HTTP: ${JSON.stringify(text.slice(0, 40))}`);
  }
  if (headTo < 0) {
    return end > MAX_HEAD_BYTES ? refused("upgrade_invalid", "an endless head") : { kind: "more" };
  }
  if (status !== "101") return refused(classOfStatus(Number(status)), statusText(text));
  const given = /^sec-websocket-accept:\s*(\S+)\s*$/im.exec(text)?.[1];
  return given === accept
    ? { kind: "open", end: headTo }
    : refused("upgrade_invalid", "101 without the right Sec-WebSocket-Accept");
}

function refused(errorClass: ErrorClass, message: string): UpgradeAnswer {
  return { kind: "refused", errorClass, message };
}

function classOfStatus(status: number): ErrorClass {
  if (status >= 400 && status < 500) return "upgrade_status_4xx";
  return status >= 500 ? "upgrade_status_5xx" : "upgrade_invalid";
}

function statusText(head: string): string {
  return `the upgrade was answered ${head.slice(9, head.indexOf("\r")).trim()}`;
}
