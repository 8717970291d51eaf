/**
 * Who may speak to a node, decided before anything else looks at a request. Pure and plain: it runs on every request,
 * `/health` included, so it allocates nothing unless it refuses.
 */

import { type IpRange, isInRanges, parseIp } from "../core/ip_address.ts";

/** The part of a web `Headers` that is read here. */
export interface HeaderView {
  /** The value of a header, or null; the name is given in lower case. */
  get(name: string): string | null;
  /** Visits all headers, names in lower case. (Deno's iterators over `Headers` take 20 us for a dozen, this 2 us.) */
  forEach(visit: (value: string, name: string) => void): void;
}

/** What is known of a request before it is routed. */
export interface RequestFacts {
  /** Peer address without port. */
  readonly remoteAddress: string;
  readonly headers: HeaderView;
}

/** Which requests a node takes. */
export interface AccessPolicy {
  /**
   * True where a node has no key and so trusts everybody on this machine: then only loopback peers, hosts and origins
   * without proxy marks are served, and the list below is not looked at.
   */
  readonly isOpen: boolean;
  /** Origins, like `https://app.example`, that may open a WebSocket besides the node's own; `*` allows each. */
  readonly allowedOrigins: readonly string[];
  /** Proxies whose X-Forwarded-For, or PROXY header, is believed; none without it. */
  readonly trustedProxies?: readonly IpRange[];
}

/** Why a request was refused; `message` names the setting to change. */
export interface Refusal {
  readonly status: 403;
  readonly message: string;
}

const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const LOOPBACK_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/i;
const OPEN_MODE =
  "this node has no token key and so serves this machine only: set token_hmac_secret (SHOAL_TOKEN_HMAC_SECRET)";

/** Checks any HTTP request. Undefined: it may go on. */
export function checkRequest(facts: RequestFacts, policy: AccessPolicy): Refusal | undefined {
  return policy.isOpen ? checkOpen(facts) : undefined;
}

/**
 * Checks who wants to become a client, by WebSocket or by HTTP, once {@linkcode checkRequest} let the request through:
 * browsers open WebSockets for any page without a preflight, so a foreign origin is refused here.
 */
export function checkOrigin(facts: RequestFacts, policy: AccessPolicy): Refusal | undefined {
  const origin = facts.headers.get("origin");
  if (policy.isOpen || origin === null) return undefined;
  if (policy.allowedOrigins.includes("*") || policy.allowedOrigins.includes(origin)) return undefined;
  if (isSameOrigin(origin, facts.headers.get("host"))) return undefined;
  return refuse(
    `Cannot take a client for origin ${quote(origin)}: add it to allowed_origins (SHOAL_ALLOWED_ORIGINS)`,
  );
}

/**
 * Address of the client behind the proxies that are trusted: the rightmost of X-Forwarded-For that is none of them.
 * Without trust, or where an entry is no address, that is whoever the last trusted one spoke to: at first the peer.
 */
export function clientAddress(facts: RequestFacts, { trustedProxies = [] }: AccessPolicy): string {
  let address = facts.remoteAddress;
  if (trustedProxies.length === 0 || !isTrusted(address, trustedProxies)) return address;
  const hops = facts.headers.get("x-forwarded-for")?.split(",") ?? [];
  for (const hop of hops.reverse()) {
    const next = withoutPort(hop.trim());
    if (parseIp(next) === undefined) return address;
    address = next;
    if (!isTrusted(address, trustedProxies)) return address;
  }
  return address;
}

/** True for a peer that may say for whom it speaks. */
export function isTrustedProxy(address: string, { trustedProxies = [] }: AccessPolicy): boolean {
  return trustedProxies.length > 0 && isTrusted(address, trustedProxies);
}

function isTrusted(address: string, proxies: readonly IpRange[]): boolean {
  const ip = parseIp(address);
  return ip !== undefined && isInRanges(ip, proxies);
}

/** `[::1]:80`, `[::1]` and `10.0.0.1:80` name an address as well. */
function withoutPort(hop: string): string {
  return /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
}

/** True for a peer on this machine whose request passed no proxy that leaves a mark. */
export function isLocal(facts: RequestFacts): boolean {
  return LOOPBACK_ADDRESS.test(facts.remoteAddress) && isDirect(facts);
}

/** True for a request that passed no proxy that leaves a mark. */
export function isDirect(facts: Pick<RequestFacts, "headers">): boolean {
  return proxyMark(facts.headers) === undefined;
}

function checkOpen(facts: RequestFacts): Refusal | undefined {
  const { headers, remoteAddress } = facts;
  if (!LOOPBACK_ADDRESS.test(remoteAddress)) {
    return refuse(`Cannot serve peer ${remoteAddress}: ${OPEN_MODE}`);
  }
  const host = headers.get("host");
  if (host === null || !LOOPBACK_HOST.test(host)) {
    return refuse(`Cannot serve host ${quote(host)}: ${OPEN_MODE}`);
  }
  const origin = headers.get("origin");
  if (origin !== null && !LOOPBACK_ORIGIN.test(origin)) {
    return refuse(
      `Cannot serve origin ${quote(origin)}: ${OPEN_MODE} and allowed_origins (SHOAL_ALLOWED_ORIGINS)`,
    );
  }
  const mark = proxyMark(headers);
  return mark === undefined
    ? undefined
    : refuse(`Cannot serve a proxied request (header ${mark}): ${OPEN_MODE}`);
}

function proxyMark(headers: HeaderView): string | undefined {
  let mark: string | undefined;
  headers.forEach((_value, name) => {
    if (isProxyMark(name)) mark = name;
  });
  return mark;
}

function isProxyMark(name: string): boolean {
  return name.startsWith("x-forwarded-") || name === "forwarded" || name === "x-real-ip" || name === "via";
}

function isSameOrigin(origin: string, host: string | null): boolean {
  const url = URL.parse(origin);
  // The WHATWG host leaves a default port out, so that "a.example:443" and "https://a.example" compare equal.
  return url !== null && host !== null && URL.parse(`${url.protocol}//${host}`)?.host === url.host;
}

function quote(value: string | null): string {
  return value === null ? "(none)" : JSON.stringify(value.slice(0, 100));
}

function refuse(message: string): Refusal {
  return { status: 403, message };
}
