/** The JSON fields beside the data of a publication, written once where it is made and copied from then on. */

/** What may accompany a publication. */
export interface PublicationExtras {
  /** `"info":{...}` of the client that published, or "". */
  readonly publisher?: string;
  /** What filters look at, and what applications like to know. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Of publications with one key a slow subscriber needs only the latest. */
  readonly key?: string | undefined;
  /** Wall clock, milliseconds. */
  readonly timeMs?: number | undefined;
  /** The payload is a string of base64 in place of bytes that are no JSON. */
  readonly isBinary?: boolean | undefined;
}

const BINARY_MARK = '"b64":true';

/** Writes `extras` as JSON fields without braces; "" when there are none. */
export function publicationFields(
  { publisher = "", tags, key, timeMs, isBinary = false }: PublicationExtras,
): string {
  // The usual, on the fast path.
  if (tags === undefined && key === undefined && timeMs === undefined && !isBinary) return publisher;
  const fields: string[] = isBinary ? [BINARY_MARK] : [];
  if (publisher !== "") fields.push(publisher);
  if (tags !== undefined) fields.push(`"tags":${JSON.stringify(tags)}`);
  if (key !== undefined) fields.push(`"key":${JSON.stringify(key)}`);
  if (timeMs !== undefined) fields.push(`"time":${timeMs}`);
  return fields.join(",");
}

/** Fields of a publication that a node itself looks at. */
export interface ReadFields {
  readonly tags: Readonly<Record<string, unknown>>;
  readonly key: string;
}

const none: ReadFields = { tags: {}, key: "" };

/** Reads what {@linkcode publicationFields} wrote. */
export function readPublicationFields(fields: string): ReadFields {
  if (!fields.includes('"tags":') && !fields.includes('"key":')) return none;
  // Written by a node of this cluster from checked values.
  const { tags = {}, key = "" } = JSON.parse(`{${fields}}`) as Partial<ReadFields>;
  return { tags, key };
}

/** Whether the payload stands for bytes that are no JSON. */
export function isBinaryPayload(fields: string): boolean {
  return fields.startsWith(BINARY_MARK);
}
