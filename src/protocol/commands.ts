/** The commands of the client protocol: their shapes, and nothing of what they do. */
import { z } from "zod"; // zod: shapes are declared once and give both the check and the type

const text = z.string();
const offset = z.number().int().nonnegative();
const data = z.unknown();

/** A `subscribe` without its channel, as `connect.subs` carries it. */
const subscribeOptions = {
  token: text.optional(),
  data: data.optional(),
  recover: z.boolean().optional(),
  epoch: text.optional(),
  offset: offset.optional(),
  positioned: z.boolean().optional(),
  recoverable: z.boolean().optional(),
  join_leave: z.boolean().optional(),
  delta: text.optional(),
  /** A tag filter; `server/tag_filter.ts` judges it, for a wrong one is no reason to close. */
  tf: data.optional(),
  flag: z.number().int().nonnegative().optional(),
};

/** Requests by the name under which a command carries them. Unknown fields are dropped. */
export const requestSchemas = {
  connect: z.object({
    token: text.optional(),
    data: data.optional(),
    name: text.optional(),
    version: text.optional(),
    headers: z.record(text, text).optional(),
    subs: z.record(text, z.object(subscribeOptions)).optional(),
  }),
  subscribe: z.object({ channel: text, ...subscribeOptions }),
  unsubscribe: z.object({ channel: text }),
  publish: z.object({ channel: text }),
  presence: z.object({ channel: text }),
  presence_stats: z.object({ channel: text }),
  history: z.object({
    channel: text,
    limit: z.number().int().optional(),
    since: z.object({ offset: offset.optional(), epoch: text.optional() }).optional(),
    reverse: z.boolean().optional(),
  }),
  rpc: z.object({ method: text.optional(), data: data.optional() }),
  send: z.object({ data: data.optional() }),
  refresh: z.object({ token: text.optional() }),
  sub_refresh: z.object({ channel: text, token: text.optional() }),
  ping: z.object({}),
} as const;

/** The name of a request. */
export type RequestKind = keyof typeof requestSchemas;

/** The fields of one kind of request. */
export type RequestOf<K extends RequestKind> = z.infer<(typeof requestSchemas)[K]>;

/** A command of one kind. `id` is 0 for `send` alone. */
export interface CommandOf<K extends RequestKind> {
  readonly kind: K;
  readonly id: number;
  readonly request: RequestOf<K>;
  /** Source text of `data`; only where application data travels on as it is (`publish`). */
  readonly rawData: K extends "publish" ? string | undefined : undefined;
  /** True when {@linkcode rawData} is a string of base64 in place of bytes that are no JSON. */
  readonly isBinary?: true;
}

/** Any command. */
export type Command = { readonly [K in RequestKind]: CommandOf<K> }[RequestKind];
