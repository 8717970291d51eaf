/** Commands of a client whose replies leave by an HTTP stream: as they are posted, and as nodes hand them on. */
import { z } from "zod";

/** What a client says that has a stream somewhere in the cluster. */
export interface EmulationPost {
  /** What the stream's connect result said; whoever knows it is the client. */
  readonly session: string;
  /** The node that holds the stream. */
  readonly node: string;
  /** One frame of commands. */
  readonly data: string | Uint8Array<ArrayBuffer>;
}

const MAX_ID_CHARS = 64;
const schema = z.object({
  session: z.string().min(1).max(MAX_ID_CHARS),
  node: z.string().min(1).max(MAX_ID_CHARS),
  data: z.string(),
});

/** Reads the body of a post; undefined for anything else. */
export function parseEmulationPost(text: string): EmulationPost | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return schema.safeParse(value).data;
}

/** A post on its way to the node that holds the stream. */
export interface ForwardedPost extends Omit<EmulationPost, "node"> {
  /** The workspace that the URL named; undefined when it named none. */
  readonly workspace: string | undefined;
}

const FORWARDED = /^([a-z0-9]{1,64}) ([a-z0-9-]{0,64}) ([tb])\n/;

/** One text: a line of fields, then the frame, in base64 when it is binary. */
export function encodeForwardedPost({ session, workspace = "", data }: ForwardedPost): string {
  const [kind, text] = typeof data === "string" ? ["t", data] : ["b", data.toBase64()];
  return `${session} ${workspace} ${kind}\n${text}`;
}

/** Reads what {@linkcode encodeForwardedPost} wrote; undefined for anything else. */
export function decodeForwardedPost(text: string): ForwardedPost | undefined {
  const [head, session = "", workspace = "", kind] = FORWARDED.exec(text) ?? [];
  if (head === undefined) return undefined;
  const data = text.slice(head.length);
  return {
    session,
    workspace: workspace || undefined,
    data: kind === "t" ? data : Uint8Array.fromBase64(data),
  };
}
