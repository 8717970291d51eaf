/** IP addresses as numbers: in one form, for ranges, and grouped by who holds them. All functions are pure. */

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;
const GROUPS = 8;
const BITS = 128;
/** Where IPv4 lies in IPv6 (`::ffff:0:0/96`). */
const MAPPED = 0xffff_0000_0000n;
const MAPPED_BITS = 96;
/** A network gives a customer of IPv6 at least so much: addresses in it are one party's. */
const V6_GROUP_BITS = 64;

/** An address as a number of 128 bits, IPv4 in its place in IPv6; undefined for what is none. A zone is left out. */
export function parseIp(text: string): bigint | undefined {
  const bare = text.split("%", 1)[0] ?? "";
  return bare.includes(":") ? parseV6(bare) : mapped(parseV4(bare));
}

/** A set of addresses: those that begin with the same `bits` bits as `first`. */
export interface IpRange {
  readonly first: bigint;
  readonly bits: number;
}

/** Reads an address, or a range in CIDR notation. Throws `TypeError` when `text` is neither. */
export function parseIpRange(text: string): IpRange {
  const [address = "", length, ...rest] = text.split("/");
  const first = parseIp(address);
  const room = address.includes(":") ? BITS : BITS - MAPPED_BITS;
  const wanted = length === undefined ? room : /^\d{1,3}$/.test(length) ? Number(length) : Infinity;
  if (first === undefined || rest.length > 0 || wanted > room) {
    throw new TypeError(`Cannot read "${text}": want an IP address or a CIDR range`);
  }
  return { first, bits: BITS - room + wanted };
}

/** True when `address` lies in one of `ranges`. */
export function isInRanges(address: bigint, ranges: readonly IpRange[]): boolean {
  return ranges.some(({ first, bits }) => (address ^ first) >> BigInt(BITS - bits) === 0n);
}

/**
 * What addresses of one party have in common: an IPv4 address itself, of an IPv6 address its network of 64 bits. What
 * is no address stands for itself.
 */
export function addressParty(text: string): string {
  const address = parseIp(text);
  if (address === undefined) return text;
  const isV4 = address >> 32n === MAPPED >> 32n;
  return isV4 ? `4:${address & 0xffff_ffffn}` : `6:${(address >> BigInt(V6_GROUP_BITS)).toString(16)}`;
}

function mapped(v4: bigint | undefined): bigint | undefined {
  return v4 === undefined ? undefined : MAPPED | v4;
}

function parseV4(text: string): bigint | undefined {
  const parts = V4.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum << 8n | BigInt(part), 0n);
}

function parseV6(text: string): bigint | undefined {
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  if (!tail.includes(".")) return parseGroups(text);
  const v4 = parseV4(tail);
  if (v4 === undefined) return undefined;
  const words = `${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  return parseGroups(text.slice(0, lastColon + 1) + words);
}

function parseGroups(text: string): bigint | undefined {
  const [head = "", tail, ...rest] = text.split("::");
  if (rest.length > 0) return undefined;
  const before = groupsOf(head), after = groupsOf(tail ?? "");
  const missing = GROUPS - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(missing).fill("0"), ...after];
  if (!groups.every((group) => GROUP.test(group))) return undefined;
  return groups.reduce((sum, group) => sum << 16n | BigInt(`0x${group}`), 0n);
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
