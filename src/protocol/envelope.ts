/**
 * What nodes send each other. The first character is the format number: a node reads its own and the one before, and
 * drops what it cannot read. Publications are text and stay cheap: `1p<fields>\n<data>`, where `fields` are the JSON
 * fields that go beside `data`, ready to be copied into a push, and `data` is the payload as it was written.
 */

/** The format this version writes. */
export const FORMAT = "1";

const PUBLICATION = `${FORMAT}p`;
const PROBE = `${FORMAT}q`;

/** A publication on its way between nodes. */
export interface PublicationEnvelope {
  /** Raw JSON of the payload; one line. */
  readonly data: string;
  /** JSON fields that accompany it (`"info":{...}`), without braces, or "". */
  readonly fields: string;
}

/** Packs a publication. Neither part may hold a newline in `fields`; JSON text without pretty-printing never does. */
export function encodePublication(data: string, fields: string): string {
  return `${PUBLICATION}${fields}\n${data}`;
}

/** Unpacks a publication; undefined for anything else. */
export function decodePublication(message: string): PublicationEnvelope | undefined {
  if (!message.startsWith(PUBLICATION)) return undefined;
  const newline = message.indexOf("\n");
  if (newline < 0) return undefined;
  return { fields: message.slice(PUBLICATION.length, newline), data: message.slice(newline + 1) };
}

/** A message of a node to itself, to see that what it publishes comes back. */
export function encodeProbe(sequence: number): string {
  return `${PROBE}${sequence}`;
}

/** The number of a probe; undefined for anything else. */
export function decodeProbe(message: string): number | undefined {
  return message.startsWith(PROBE) ? Number(message.slice(PROBE.length)) : undefined;
}
