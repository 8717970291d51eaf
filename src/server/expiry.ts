/** When a connection ends unless its token is refreshed, and when one of its subscriptions does. */
import type { Client } from "./context.ts";
import { EXPIRY_GRACE_MS } from "./identity.ts";
import { endSubscription } from "./subscribing.ts";

/** `expires` and `ttl` (seconds) of a connection whose client must refresh it; nothing for one that need not. */
export function expiryFields(connection: Client): { expires?: true; ttl?: number } {
  const { expiresAtMs, isRefreshedByHook } = connection.identity;
  if (expiresAtMs === undefined || isRefreshedByHook) return {};
  const leftMs = expiresAtMs - connection.context.clock.wallMs();
  return { expires: true, ttl: Math.max(1, Math.ceil(leftMs / 1000)) };
}

/** Nobody is looked at less often: what waits for a look far away would outlive its connection there. */
const LOOK_WITHIN_MS = 60_000;

/** Has the connection looked at, within a minute, when the first of its times, and the grace after it, have run out. */
export function watchExpiry(connection: Client): void {
  const { clock } = connection.context;
  const next = Math.min(
    connectionEndMs(connection),
    (connection.grants?.nextExpiryMs ?? Infinity) + EXPIRY_GRACE_MS,
  );
  if (next === Infinity) return;
  connection.lookAgainAt(clock.monotonicMs() + Math.min(next - clock.wallMs(), LOOK_WITHIN_MS));
}

/** Ends what has run out. Called when the time that {@linkcode watchExpiry} named has come. */
export function checkExpiry(connection: Client): void {
  const nowMs = connection.context.clock.wallMs();
  if (nowMs >= connectionEndMs(connection)) {
    if (!connection.identity.isRefreshedByHook) return connection.close("connectionExpired");
    void refreshByHook(connection);
  }
  for (const channel of connection.grants?.expiredAt(nowMs - EXPIRY_GRACE_MS) ?? []) {
    endSubscription(connection, channel, "subscriptionExpired");
  }
  watchExpiry(connection);
}

/** A client gets time to bring a new token; a hook is asked when the time has come. */
function connectionEndMs({ identity: { expiresAtMs = Infinity, isRefreshedByHook } }: Client): number {
  return expiresAtMs + (isRefreshedByHook ? 0 : EXPIRY_GRACE_MS);
}

async function refreshByHook(connection: Client): Promise<void> {
  const { client = "", identity, context } = connection;
  const { user, workspace } = identity;
  // While the hook thinks, the connection is not looked at again.
  connection.identity = { ...identity, expiresAtMs: undefined };
  try {
    const answer = await context.hooks.ask("onRefresh", { client, user, workspace });
    if (answer?.expired || answer?.expiresAtMs === undefined) return connection.close("connectionExpired");
    connection.identity = { ...connection.identity, expiresAtMs: answer.expiresAtMs };
    if (connection.phase === "open") watchExpiry(connection);
  } catch {
    // The hook's caller has logged it; the client comes back and is asked anew.
    connection.close("connectionExpired");
  }
}
