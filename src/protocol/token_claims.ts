/** Claims of a connection token that say what its connection gets. */
import { z } from "zod"; // zod: a token is signed, and may yet be written wrongly

const connectionClaims = z.object({
  /** Server-side subscriptions. */
  channels: z.array(z.string()).default([]),
  /** The same by name; what is said of each channel is left for later versions. */
  subs: z.record(z.string(), z.unknown()).default({}),
  caps: z.array(z.object({ allow: z.array(z.string()).default([]) })).default([]),
});

/** The claims that are read beside the registered ones. */
export type ConnectionClaims = Readonly<z.infer<typeof connectionClaims>>;

/** Reads them from the payload of a verified token; undefined when one has a wrong shape. */
export function readConnectionClaims(payload: unknown): ConnectionClaims | undefined {
  const result = connectionClaims.safeParse(payload);
  return result.success ? result.data : undefined;
}
