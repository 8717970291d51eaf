/** What lets a client into a channel: the channel's options, its capabilities, a subscription token, a hook. */
import { ClientError } from "../core/errors.ts";
import { payloadOf } from "../protocol/payload.ts";
import type { Client } from "./context.ts";
import { type Grant, noGrant } from "./grants.ts";
import type { ChannelOptions } from "./options.ts";
import { type Refusal, refusalOnChannel } from "./permissions.ts";
import type { SubscribeRequest } from "./subscribing.ts";
import type { SubscriptionGrant } from "./tokens/verify.ts";

/** Asks whether `connection` may subscribe. Throws or rejects with the reason why not; at once where nobody is asked. */
export function admit(
  connection: Client,
  channel: string,
  options: ChannelOptions,
  request: SubscribeRequest,
): Grant | Promise<Grant> {
  const { token = "" } = request;
  if (token !== "") return admitByToken(connection, channel, token, request);
  const refusal = refusalOnChannel(connection.identity, {
    action: "sub",
    channel,
    options,
    isSubscribed: false,
  });
  if (connection.context.hooks.has("onSubscribe")) {
    return askHook(connection, channel, request, refusal, noGrant);
  }
  if (refusal !== undefined) throw refused(refusal);
  return noGrant;
}

/**
 * What a subscription token gives `connection`. Rejects with 103 when it is of another channel, user or workspace,
 * whatever else would let the client in: who shows a wrong token means something that is not so.
 */
export async function grantOfToken(connection: Client, channel: string, token: string): Promise<Grant> {
  const { verifier } = connection.context;
  if (verifier === undefined) throw refused("no key is configured that could verify a subscription token");
  const grant = await verifier.verifySubscription(token);
  const problem = mismatchOf(grant, connection, channel);
  if (problem !== undefined) throw refused(problem);
  return { chanInfo: grant.chanInfo, expiresAtMs: grant.expiresAtMs, data: undefined };
}

async function admitByToken(
  connection: Client,
  channel: string,
  token: string,
  request: SubscribeRequest,
): Promise<Grant> {
  const grant = await grantOfToken(connection, channel, token);
  if (!connection.context.hooks.has("onSubscribe")) return grant;
  return await askHook(connection, channel, request, undefined, grant);
}

function mismatchOf(grant: SubscriptionGrant, { identity }: Client, channel: string): Refusal {
  if (grant.channel !== channel) return "the subscription token is for another channel";
  if (grant.user !== identity.user) return "the subscription token is for another user";
  if (grant.workspace !== identity.workspace) return "the subscription token is for another workspace";
  return undefined;
}

async function askHook(
  connection: Client,
  channel: string,
  { data }: SubscribeRequest,
  refusal: Refusal,
  grant: Grant,
): Promise<Grant> {
  const { client = "", identity: { user, workspace }, context } = connection;
  const isAllowed = refusal === undefined;
  const question = { client, user, workspace, channel, data, isAllowed };
  const answer = await context.hooks.ask("onSubscribe", question);
  if (!(answer?.allow ?? isAllowed)) throw refused(refusal ?? "the application refuses it");
  return {
    chanInfo: answer?.info === undefined ? grant.chanInfo : payloadOf(answer.info),
    expiresAtMs: answer?.expiresAtMs ?? grant.expiresAtMs,
    data: answer?.data === undefined ? undefined : payloadOf(answer.data),
  };
}

function refused(detail: string): ClientError {
  return new ClientError("permissionDenied", { detail });
}
