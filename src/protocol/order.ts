/**
 * What one node asks of the connections that another holds, as the payload of a request between nodes: a line of JSON
 * that says whom and what, then the application's data as it was written.
 */
import { z } from "zod"; // zod: what comes from another node may be of another version
import { ClientError } from "../core/errors.ts";

const target = z.object({
  workspace: z.string(),
  client: z.string().optional(),
  user: z.string().optional(),
  /** A connection of the user that is left alone. */
  except: z.string().optional(),
});

const order = z.discriminatedUnion("kind", [
  /** Hands the data over as a message outside any channel. */
  z.object({ kind: z.literal("message") }),
  z.object({ kind: z.literal("disconnect"), code: z.number().int(), reason: z.string() }),
  z.object({ kind: z.literal("subscribe"), channel: z.string() }),
  z.object({
    kind: z.literal("unsubscribe"),
    channel: z.string(),
    code: z.number().int(),
    reason: z.string(),
  }),
  /** `expireAtMs`: wall clock; null: never. */
  z.object({ kind: z.literal("refresh"), expireAtMs: z.number().nullable() }),
]);

/** Whose connections are meant: one client, or all of a user, within one workspace. */
export type OrderTarget = Readonly<z.infer<typeof target>>;

/** What is to become of them. */
export type Order = Readonly<z.infer<typeof order>>;

/** An order on its way between nodes. */
export interface OrderEnvelope {
  readonly target: OrderTarget;
  readonly order: Order;
  /** Raw JSON for `message`, else "". */
  readonly data: string;
}

const head = z.object({ target, order });

/** Packs an order. */
export function encodeOrder({ target, order, data }: OrderEnvelope): string {
  return `${JSON.stringify({ target, order })}\n${data}`;
}

/** Unpacks an order. Throws 107 for anything else. */
export function decodeOrder(payload: string): OrderEnvelope {
  const newline = payload.indexOf("\n");
  const parsed = head.safeParse(jsonOf(payload.slice(0, Math.max(0, newline))));
  if (!parsed.success) {
    throw new ClientError("badRequest", { detail: "an order of an unknown form", cause: parsed.error });
  }
  return { ...parsed.data, data: payload.slice(newline + 1) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says no
  }
}
