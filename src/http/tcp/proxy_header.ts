/** The PROXY protocol, versions 1 and 2: what a proxy below HTTP says of the connection that it passes on. Pure. */
import { latin1Text } from "../../core/latin1.ts";
import { parseIp } from "../../core/ip_address.ts";

/** - `none`: the connection does not begin with such a header; `more`: that cannot be said yet
 * - `read`: it does, and takes `size` bytes; without `source` the proxy speaks for itself, or does not know
 * - `malformed`: it begins like one and is none */
export type ProxyHeader =
  | { readonly state: "none" | "more" | "malformed" }
  | { readonly state: "read"; readonly size: number; readonly source: string | undefined };

type Bytes = Uint8Array<ArrayBuffer>;

const V1_START = "PROXY ";
/** By the specification: the longest line, its end included. */
const V1_MAX_BYTES = 107;
const V1_LINE = /^PROXY (?:UNKNOWN(?: [^\r\n]*)?|(TCP4|TCP6) (\S+) \S+ \d{1,5} \d{1,5})$/;
const V2_START = "\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED_BYTES = 16;
/** Addresses take at most 216 bytes; the rest is for extensions, which are passed over. */
const V2_MAX_REST_BYTES = 2_048;
const V2_PROXIED = 0x21;
const V2_LOCAL = 0x20;
const [TCP4, TCP6] = [0x11, 0x21];
const [V4_BYTES, V6_BYTES] = [12, 36];

const NONE: ProxyHeader = { state: "none" };
const MORE: ProxyHeader = { state: "more" };
const MALFORMED: ProxyHeader = { state: "malformed" };

/** Looks for a header at the start of what a connection has sent so far. */
export function readProxyHeader(bytes: Bytes): ProxyHeader {
  const start = latin1Text(bytes, 0, Math.min(bytes.length, V2_START.length));
  if (start.startsWith(V1_START)) return readV1(bytes);
  if (start === V2_START) return readV2(bytes);
  return V1_START.startsWith(start) || V2_START.startsWith(start) ? MORE : NONE;
}

function readV1(bytes: Bytes): ProxyHeader {
  const text = latin1Text(bytes, 0, Math.min(bytes.length, V1_MAX_BYTES));
  const end = text.indexOf("\r\n");
  if (end === -1) return text.length < V1_MAX_BYTES ? MORE : MALFORMED;
  const match = V1_LINE.exec(text.slice(0, end));
  if (match === null) return MALFORMED;
  const [, family, source] = match;
  if (source !== undefined && !isOfFamily(source, family === "TCP6")) return MALFORMED;
  return { state: "read", size: end + 2, source };
}

function isOfFamily(address: string, isV6: boolean): boolean {
  return parseIp(address) !== undefined && address.includes(":") === isV6;
}

function readV2(bytes: Bytes): ProxyHeader {
  if (bytes.length < V2_FIXED_BYTES) return MORE;
  const [command, family] = [bytes[12], bytes[13]];
  const restBytes = (bytes[14] ?? 0) << 8 | (bytes[15] ?? 0);
  const size = V2_FIXED_BYTES + restBytes;
  if ((command !== V2_PROXIED && command !== V2_LOCAL) || restBytes > V2_MAX_REST_BYTES) return MALFORMED;
  const isProxied = command === V2_PROXIED;
  if (isProxied && restBytes < (family === TCP4 ? V4_BYTES : family === TCP6 ? V6_BYTES : 0)) {
    return MALFORMED;
  }
  if (bytes.length < size) return MORE;
  return { state: "read", size, source: isProxied ? v2Source(bytes, family) : undefined };
}

function v2Source(bytes: Bytes, family: number | undefined): string | undefined {
  if (family === TCP4) return bytes.subarray(V2_FIXED_BYTES, V2_FIXED_BYTES + 4).join(".");
  if (family !== TCP6) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + V2_FIXED_BYTES, 16);
  return Array.from({ length: 8 }, (_, at) => view.getUint16(at * 2).toString(16)).join(":");
}
