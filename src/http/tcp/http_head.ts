/**
 * The head of an HTTP/1.1 request, read strictly: what two servers could read in two ways is refused, because a proxy
 * in front may have read it the other way (request smuggling).
 */
import type { HeaderView } from "../access.ts";

/** How the body of a request is delimited; `none` when there is none. */
export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

/** A request line and its headers, found sound. */
export interface ParsedHead {
  readonly method: string;
  /** Path and query, as sent; starts with `/`. */
  readonly target: string;
  readonly headers: HeaderList;
  readonly body: BodyFraming;
  /** False when the peer, or its HTTP/1.0, wants the connection closed after the answer. */
  readonly isKeptAlive: boolean;
  /** True when the peer waits for a word before it sends the body. */
  readonly expectsContinue: boolean;
  /** False for HTTP/1.0, whose peers know no chunks. */
  readonly knowsChunks: boolean;
}

/** Why a head was refused. */
export interface BadHead {
  readonly status: 400 | 417 | 431 | 501 | 505;
  readonly fault: string;
}

/** More headers than this are refused. */
const MAX_HEADERS = 100;
const NONE: BodyFraming = { kind: "none" };
const CHUNKED: BodyFraming = { kind: "chunked" };

// In the target no `#` and no backslash: a URL ends its path at the one, and takes the other for a slash.
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([!"$-[\]-~]+) HTTP\/(\d)\.(\d)\r\n/;
// One header with its line end. A space before the colon, a folded line, a bare CR or LF, and NUL do not match.
// deno-lint-ignore no-control-regex -- the point is to refuse control characters
const HEADER = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\x00-\x08\x0a-\x1f\x7f]*)\r\n/y;
/** Segments that a URL resolves: the path that is routed would not be the one that a proxy in front let through. */
const DOT_SEGMENT = /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i;
const LENGTH = /^\d{1,15}$/;
// A host name or address with or without port; what could be read as user, path or another header is not.
const HOST = /^(?:[0-9A-Za-z._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

/** Headers in the order in which they came. */
export class HeaderList implements HeaderView {
  /** Name in lower case, value, name, value, ... */
  readonly pairs: readonly string[];

  constructor(pairs: readonly string[]) {
    this.pairs = pairs;
  }

  get(name: string): string | null {
    const { pairs } = this;
    let found: string | null = null;
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at] !== name) continue;
      const value = pairs[at + 1] ?? "";
      found = found === null ? value : `${found}, ${value}`;
    }
    return found;
  }

  forEach(visit: (value: string, name: string) => void): void {
    const { pairs } = this;
    for (let at = 0; at < pairs.length; at += 2) visit(pairs[at + 1] ?? "", pairs[at] ?? "");
  }
}

/** Reads a head: Latin-1 text from the request line up to its empty line, both included. Pure. */
export function parseHead(text: string): ParsedHead | BadHead {
  const line = REQUEST_LINE.exec(text);
  if (line === null) return bad(400, "its request line is malformed");
  const [whole, method = "", target = "", major, minor] = line;
  if (major !== "1") return bad(505, "it is not HTTP/1");
  if (!target.startsWith("/")) return bad(400, "its target does not start with /");
  if (DOT_SEGMENT.test(target)) return bad(400, "its target holds a segment . or ..");
  const headers = parseHeaders(text, whole.length);
  if (!(headers instanceof HeaderList)) return headers;
  return interpret(method, target, headers, minor !== "0");
}

function parseHeaders(text: string, from: number): HeaderList | BadHead {
  const pairs: string[] = [];
  const end = text.length - 2;
  HEADER.lastIndex = from;
  for (let at = from; at < end; at = HEADER.lastIndex) {
    if (pairs.length >= MAX_HEADERS * 2) return bad(431, `it has more than ${MAX_HEADERS} headers`);
    const match = HEADER.exec(text);
    if (match === null) return bad(400, "a header is malformed");
    pairs.push((match[1] ?? "").toLowerCase(), trimmed(match[2] ?? ""));
  }
  return new HeaderList(pairs);
}

function interpret(
  method: string,
  target: string,
  headers: HeaderList,
  knowsChunks: boolean,
): ParsedHead | BadHead {
  const host = headers.get("host");
  if (host === null && knowsChunks) return bad(400, "it has no Host");
  // Two of them are joined by a comma and a space, and no host holds a space.
  if (host !== null && !HOST.test(host)) return bad(400, "its Host is malformed");
  const body = framing(headers, knowsChunks);
  if ("status" in body) return body;
  const expect = headers.get("expect");
  if (expect !== null && expect.toLowerCase() !== "100-continue") {
    return bad(417, "it expects what is unknown");
  }
  const isKeptAlive = knowsChunks && !hasToken(headers.get("connection"), "close");
  return {
    method,
    target,
    headers,
    body,
    isKeptAlive,
    expectsContinue: expect !== null && knowsChunks,
    knowsChunks,
  };
}

function framing(headers: HeaderList, knowsChunks: boolean): BodyFraming | BadHead {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== null) {
    if (length !== null) return bad(400, "it has both Transfer-Encoding and Content-Length");
    if (!knowsChunks) return bad(400, "HTTP/1.0 has no Transfer-Encoding");
    return coding.toLowerCase() === "chunked" ? CHUNKED : bad(501, "its Transfer-Encoding is not chunked");
  }
  if (length === null) return NONE;
  // Two lengths are joined by a comma, equal or not, and refused here with signs, spaces and what is too long.
  if (!LENGTH.test(length)) return bad(400, "its Content-Length is malformed");
  const bytes = Number(length);
  return bytes === 0 ? NONE : { kind: "length", bytes };
}

/** True when `list`, a header of comma-separated tokens, holds `token`. */
export function hasToken(list: string | null, token: string): boolean {
  if (list === null) return false;
  return list.toLowerCase().split(",").some((each) => trimmed(each) === token);
}

/** Without the spaces and tabs around it; other white space of Unicode is part of a value. */
function trimmed(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && isBlank(value.charCodeAt(from))) from++;
  while (to > from && isBlank(value.charCodeAt(to - 1))) to--;
  return value.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function bad(status: BadHead["status"], fault: string): BadHead {
  return { status, fault };
}
