/** When a connection ends unless its token is refreshed. */
import type { Client } from "./context.ts";
import { EXPIRY_GRACE_MS } from "./identity.ts";

/** `expires` and `ttl` (seconds) of a connection that ends unless it is refreshed; nothing for one that does not. */
export function expiryFields(connection: Client): { expires?: true; ttl?: number } {
  const { expiresAtMs } = connection.identity;
  if (expiresAtMs === undefined) return {};
  const leftMs = expiresAtMs - connection.context.clock.wallMs();
  return { expires: true, ttl: Math.max(1, Math.ceil(leftMs / 1000)) };
}

/** Has the connection looked at when its token and the grace after it have run out. */
export function watchExpiry(connection: Client): void {
  const { expiresAtMs } = connection.identity;
  if (expiresAtMs === undefined) return;
  const { clock } = connection.context;
  const leftMs = expiresAtMs - clock.wallMs() + EXPIRY_GRACE_MS;
  connection.lookAgainAt(clock.monotonicMs() + leftMs);
}
