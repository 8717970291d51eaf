/** Who a client that connects is: by its token, by a hook, by both; and whether that somebody is still wanted. */
import { ClientError, CloseError } from "../core/errors.ts";
import { payloadOf } from "../protocol/payload.ts";
import type { RequestOf } from "../protocol/commands.ts";
import { readCaps } from "../protocol/token_claims.ts";
import { Capabilities } from "./capabilities.ts";
import type { Client } from "./context.ts";
import type { ConnectAnswer } from "./hooks/mod.ts";
import type { Identity } from "./identity.ts";

/** Why no token is good enough for a node without a key. */
export const NO_KEY = "the node has no key to verify it";

/** Who a client is, and raw JSON for the answer to its connect. */
export interface Identified {
  readonly identity: Identity;
  readonly data: string | undefined;
}

/**
 * Rejects with 101 when neither a token nor a hook says who it is, 109 when the token has expired, 100 when that cannot
 * be found out now; closes 3500 for a token that does not verify, 3507 for a workspace that is not the token's and for a
 * user who was revoked.
 */
export async function identify(connection: Client, request: RequestOf<"connect">): Promise<Identified> {
  const { verifier, hooks } = connection.context;
  const { token = "" } = request;
  if (token === "" && !hooks.has("onConnect")) {
    throw new ClientError("unauthorized", { detail: "the connect has no token" });
  }
  if (token !== "" && verifier === undefined) throw new CloseError("invalidToken", { detail: NO_KEY });
  const known = token === "" ? undefined : await verifier?.verifyConnection(token, connection.pathWorkspace);
  const answer = await askHook(connection, request, known);
  if (known === undefined && answer?.user === undefined && !connection.identity.isOpen) {
    throw new ClientError("unauthorized", { detail: "the connect hook does not say who it is" });
  }
  const identity = merged(known ?? connection.identity, answer, known !== undefined);
  await checkWanted(connection, identity);
  return { identity, data: answer?.data === undefined ? undefined : payloadOf(answer.data) };
}

async function askHook(
  connection: Client,
  { name = "", version = "", data, headers = {} }: RequestOf<"connect">,
  known: Identity | undefined,
): Promise<ConnectAnswer | undefined> {
  const { context, identity } = connection;
  if (!context.hooks.has("onConnect")) return undefined;
  const { user, workspace } = known ?? identity;
  const hasToken = known !== undefined;
  const client = connection.reserveId();
  return await context.hooks.ask("onConnect", {
    client,
    user,
    workspace,
    hasToken,
    name,
    version,
    data,
    headers,
  });
}

function merged(identity: Identity, answer: ConnectAnswer | undefined, hasToken: boolean): Identity {
  if (answer === undefined) return identity;
  const { user, info, channels = [], caps, expiresAtMs } = answer;
  return {
    ...identity,
    user: user ?? identity.user,
    connInfo: info === undefined ? identity.connInfo : payloadOf(info),
    channels: [...new Set([...identity.channels, ...channels])],
    caps: caps === undefined ? identity.caps : capabilitiesOf(caps),
    // Whoever was named by a hook is known, whatever the mode.
    isOpen: identity.isOpen && user === undefined,
    expiresAtMs: expiresAtMs ?? identity.expiresAtMs,
    isRefreshedByHook: !hasToken,
  };
}

function capabilitiesOf(caps: NonNullable<ConnectAnswer["caps"]>): Capabilities {
  const claims = readCaps(caps);
  if (claims === undefined) {
    throw new TypeError("Cannot use caps of the connect hook: they have a wrong shape");
  }
  return new Capabilities(claims);
}

async function checkWanted({ context }: Client, { workspace, user }: Identity): Promise<void> {
  if (user === "") return;
  if (await context.revocations.isRevoked(workspace, user)) throw new CloseError("permissionDenied");
}
