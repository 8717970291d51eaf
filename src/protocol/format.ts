/**
 * The format of what nodes send each other and of what they keep in Redis or the hub. Nodes of two versions run side by
 * side while a cluster is changed node by node, so each must read what the other writes. A new format takes two
 * releases: one that reads it and goes on writing the old, and then one that writes it.
 */

/** A format in whole numbers, as a node writes one and reads some. */
export interface Formats {
  /** What it writes. */
  readonly writes: number;
  readonly readsFrom: number;
  readonly readsTo: number;
}

/** The format this version writes. */
export const FORMAT = 1;

/** What this version writes and reads: its own format and the one before, where there was one. */
export const FORMATS: Formats = { writes: FORMAT, readsFrom: Math.max(1, FORMAT - 1), readsTo: FORMAT };

const ZERO = "0".charCodeAt(0);

/** Whether `message` is of this kind, a single letter, in a format that this version reads. */
export function isKind(message: string, kind: string): boolean {
  const format = message.charCodeAt(0) - ZERO;
  return message.charAt(1) === kind && format >= FORMATS.readsFrom && format <= FORMATS.readsTo;
}

/** Characters of what {@linkcode isKind} looks at: one digit and one letter. */
export const KIND_CHARS = 2;

/** Of versions that did not say: before formats were numbered. */
export const UNNUMBERED: Formats = { writes: 0, readsFrom: 0, readsTo: 0 };

/** Why two nodes cannot understand each other, seen from `own`; undefined when each reads what the other writes. */
export function formatConflict(own: Formats, other: Formats): string | undefined {
  if (other.writes < own.readsFrom) {
    return `it writes the older format ${other.writes}, ${readWords("this node", own)}`;
  }
  if (other.writes > own.readsTo) {
    return `it writes the newer format ${other.writes}, ${readWords("this node", own)}`;
  }
  if (own.writes >= other.readsFrom && own.writes <= other.readsTo) return undefined;
  return `this node writes format ${own.writes}, ${readWords("it", other)}`;
}

function readWords(who: string, { readsFrom, readsTo }: Formats): string {
  return readsFrom === readsTo ? `${who} reads ${readsTo} only` : `${who} reads ${readsFrom} to ${readsTo}`;
}

/** The formats in a record; {@linkcode UNNUMBERED} where there are none or they are not whole numbers. */
export function readFormats(value: unknown): Formats {
  if (typeof value !== "object" || value === null) return UNNUMBERED;
  const [writes, readsFrom, readsTo] = ["writes", "readsFrom", "readsTo"].map((name) =>
    Reflect.get(value, name)
  );
  if (!isFormat(writes) || !isFormat(readsFrom) || !isFormat(readsTo)) return UNNUMBERED;
  return { writes, readsFrom, readsTo };
}

function isFormat(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
