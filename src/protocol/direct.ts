/** The procedures `clients.send` and `clients.list`: their shapes, and the page that nodes ask each other for. */
import { z } from "zod"; // zod: shapes are declared once and give both the check and the type
import { ClientError } from "../core/errors.ts";

/** Most clients of one page. */
export const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

const id = z.string().min(1).max(255);

/** Data of `clients.send`: to one client, or to all connections of a user. */
export const sendRequest = z.object({ client: id.optional(), user: id.optional(), data: z.unknown() })
  .refine(({ client, user }) => (client === undefined) !== (user === undefined), {
    error: "want client or user",
  })
  .refine(({ data }) => data !== undefined, { error: "data is missing" });

/** Data of `clients.list`. */
export const listRequest = z.object({
  workspace: z.string().optional(),
  user: id.optional(),
  limit: z.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  cursor: z.string().max(255).default(""),
});

/** What one node is asked for: its clients that come after a place, the older first. */
export const pageRequest = z.object({
  workspace: z.string(),
  user: z.string().optional(),
  after: z.object({ node: z.string(), ordinal: z.number().int().nonnegative() }),
  // One more than a page tells whether there is a next one.
  limit: z.number().int().min(1).max(MAX_PAGE + 1),
});

const listed = z.object({
  client: z.string(),
  user: z.string(),
  name: z.string(),
  conn_info: z.unknown().optional(),
});

/** A node's answer to {@linkcode pageRequest}. */
export const pageAnswer = z.array(z.object({ ordinal: z.number().int(), shown: listed }));

/** Which clients are asked for. */
export type PageRequest = Readonly<z.infer<typeof pageRequest>>;

/** A connection and its place among those of its node. */
export interface PagedClient {
  readonly ordinal: number;
  readonly shown: ListedClient;
}

/** Where a page ended: a node, and a client of that node by its ordinal. */
export interface PageCursor {
  readonly node: string;
  readonly ordinal: number;
}

/** Reads a cursor; "" is the start. Throws 107. */
export function decodeCursor(text: string): PageCursor {
  if (text === "") return { node: "", ordinal: 0 };
  const match = /^([a-z0-5]{13})\.(\d{1,15})$/.exec(text);
  if (match === null) throw new ClientError("badRequest", { detail: "cursor: want one that an answer gave" });
  return { node: match[1] ?? "", ordinal: Number(match[2]) };
}

/** Writes a cursor. */
export function encodeCursor({ node, ordinal }: PageCursor): string {
  return `${node}.${ordinal}`;
}

/** A connection as `clients.list` shows it. */
export type ListedClient = Readonly<z.infer<typeof listed>>;

/** Reads `data` by `schema`. Throws 107 that names the first thing that is wrong. */
export function parseRequest<T>(schema: z.ZodType<T>, data: unknown): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".");
  throw new ClientError("badRequest", { detail: `${where ? `${where}: ` : ""}${issue?.message}` });
}

/** What a node is asked for by those who list channels. */
export const channelQuery = z.object({ workspace: z.string(), pattern: z.string() });

/** Its answer: channels and how many subscribe to each. */
export const channelCounts = z.array(z.tuple([z.string(), z.number().int().nonnegative()]));
