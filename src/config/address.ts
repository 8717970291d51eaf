/** What addresses and URLs in the configuration look like. All functions are pure. */
import * as z from "zod";

const LOOPBACK_V4 = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const HOST = /^[A-Za-z0-9._:%-]{1,253}$/;
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,]+$/;
const addressRange = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/**
 * True when a listener on `host` is reached from this machine only. Spellings that a resolver may read otherwise
 * (`127.1`, `localhost.`, mapped addresses) count as public: a wrong "no" costs a message, a wrong "yes" opens a node.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || LOOPBACK_V4.test(name);
}

/** True for an address or host name without port and brackets. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/** True for an IP address, or a range in CIDR notation. */
export function isAddressRange(text: string): boolean {
  return addressRange.safeParse(text).success;
}

/** True for a browser origin: scheme, host and perhaps a port, nothing after it; and for `*`, which is every origin. */
export function isOrigin(text: string): boolean {
  return text === "*" || ORIGIN.test(text);
}

/** True for a `redis://` or `rediss://` URL with a host. */
export function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === "redis:" || url.protocol === "rediss:") && url.hostname !== "";
}

/**
 * True for a URL of an HTTP server. With `least` "https", plain http is for loopback hosts alone: what comes from there
 * is believed.
 */
export function isServiceUrl(text: string, least: "http" | "https"): boolean {
  const url = URL.parse(text);
  if (url === null || url.hostname === "" || url.hash !== "") return false;
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" &&
    (least === "http" || isLoopbackHost(url.hostname.replace(/^\[|\]$/g, "")));
}

/** `text` without what may be a password: all before the last `@`, and a `password` in the query. */
export function maskPassword(text: string): string {
  const at = text.lastIndexOf("@");
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  const masked = at < 0 ? text : `${scheme}***${text.slice(at)}`;
  return masked.replace(/([?&](?:password|sentinelPassword)=)[^&]*/gi, "$1***");
}
