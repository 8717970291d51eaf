/** Fields that several methods of the server API share. */
import { z } from "zod"; // zod: one declaration gives the check, the type and the OpenAPI document

/** The workspace; the first of the key's without it. */
export const workspace = z.string().regex(/^[a-z0-9-]{1,64}$/).optional()
  .describe("Workspace; the first of the API key's when left out.");

export const channel = z.string().min(1).max(255).describe("Channel name, namespace included.");

export const data = z.unknown().describe("Any JSON value.");

export const client = z.string().min(1).max(255).describe("Client id.");

export const user = z.string().min(1).max(255).describe("User id.");

/** Whose connections are meant; one of the two. */
export const target = { client: client.optional(), user: user.optional() };

/** Refuses a request that does not name exactly one of client and user. */
export function oneTarget(request: { readonly client?: unknown; readonly user?: unknown }): boolean {
  return (request.client === undefined) !== (request.user === undefined);
}

export const ONE_TARGET = { error: "want client or user, and not both" };

export const publishExtras = {
  tags: z.record(z.string(), z.string()).optional().describe("Tags, for filters of subscribers."),
  key: z.string().max(255).optional().describe(
    "What the publication is about; the latest of a key stands for all.",
  ),
  idempotency_key: z.string().min(1).max(255).optional()
    .describe("A repeated call with the same key within five minutes publishes nothing. Needs history."),
  skip_history: z.boolean().optional().describe("Reaches subscribers without being kept."),
};

/** Where a publication is kept. */
export const position = z.object({ offset: z.number().int(), epoch: z.string() }).partial();

export const clientInfo = z.object({
  user: z.string().optional(),
  client: z.string().optional(),
  conn_info: z.unknown().optional(),
  chan_info: z.unknown().optional(),
});

export const publication = z.object({
  data: z.unknown(),
  offset: z.number().int().optional(),
  info: clientInfo.optional(),
  tags: z.record(z.string(), z.string()).optional(),
  time: z.number().optional(),
  key: z.string().optional(),
});

/** On how many connections an order took effect. */
export const connections = z.object({
  connections: z.number().int().describe("On how many connections it took effect."),
});

export const empty = z.object({});
