/** What a hook over HTTP answers: one JSON object, a result, an error for the client, or the end of the connection. */
import { z } from "zod"; // zod: answers of another program, which may err

const name = z.string().min(1).max(255);
const seconds = z.number().int().positive();
/** Close frames hold 123 bytes, of which a character may take three. */
const reason = z.string().max(40).default("");

const caps = z.array(z.object({
  channels: z.array(z.string().max(255)).max(128).optional(),
  match: z.enum(["exact", "wildcard", "regex"]).optional(),
  allow: z.array(z.string().max(32)).max(32),
})).max(64);

const results = {
  connect: z.object({
    user: z.string().max(255).optional(),
    info: z.unknown().optional(),
    channels: z.array(name).max(1_000).optional(),
    caps: caps.optional(),
    expire_at: seconds.optional(),
    data: z.unknown().optional(),
  }),
  refresh: z.object({ expire_at: seconds.optional(), expired: z.boolean().optional() }),
  subscribe: z.object({
    allow: z.boolean().optional(),
    info: z.unknown().optional(),
    expire_at: seconds.optional(),
    data: z.unknown().optional(),
  }),
  publish: z.object({ allow: z.boolean().optional(), data: z.unknown().optional() }),
  rpc: z.object({ data: z.unknown() }),
} as const;

const error = z.object({
  code: z.number().int().min(100).max(1_999),
  message: z.string().min(1).max(255),
  temporary: z.boolean().default(false),
});
const disconnect = z.object({ code: z.number().int().min(3_000).max(4_999), reason });

/** What is asked over HTTP. */
export type HookKind = keyof typeof results;

/** The result of one kind of question. */
export type HookResult<K extends HookKind> = Readonly<z.infer<(typeof results)[K]>>;

/** A whole answer; nothing in it: no opinion. */
export interface HookAnswer<K extends HookKind> {
  readonly result?: HookResult<K> | undefined;
  readonly error?: Readonly<z.infer<typeof error>> | undefined;
  readonly disconnect?: Readonly<z.infer<typeof disconnect>> | undefined;
}

const schemas = {
  connect: whole(results.connect),
  refresh: whole(results.refresh),
  subscribe: whole(results.subscribe),
  publish: whole(results.publish),
  rpc: whole(results.rpc),
};

function whole<T extends z.ZodType>(result: T) {
  return z.object({ result: result.optional(), error: error.optional(), disconnect: disconnect.optional() });
}

/** Reads an answer. Throws an `Error` that says what is wrong with it. */
export function readHookAnswer<K extends HookKind>(kind: K, value: unknown): HookAnswer<K> {
  const parsed = schemas[kind].safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TypeError(`the answer is malformed: ${issue?.path.join(".") || "it"}: ${issue?.message}`);
  }
  // The schema is that of the kind, which the compiler cannot follow through the index.
  return parsed.data as HookAnswer<K>;
}
