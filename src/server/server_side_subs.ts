/**
 * Subscriptions that the server makes for a client: those of its token, its personal channel, and what an application
 * or an operator orders later. The client is told, never asked; no channel option stands in the way.
 */
import { type Close, CloseError } from "../core/errors.ts";
import { pushPrefix, subscribePush, unsubscribePush } from "../protocol/json_codec.ts";
import type { Client } from "./context.ts";
import type { Identity } from "./identity.ts";
import { endSubscription, openSubscription, type SubscribeRequest } from "./subscribing.ts";

/** Where the client was in each channel, as `connect.subs` carries it. */
export type Positions = Readonly<Record<string, SubscribeRequest>>;

/** The channels that `connection` is subscribed to without asking. */
export function serverChannels(connection: Client, identity: Identity): readonly string[] {
  const { userSubscribeToPersonal, userPersonalChannelNamespace } = connection.context.settings;
  if (!userSubscribeToPersonal || identity.user === "") return identity.channels;
  return [...new Set([...identity.channels, personalChannel(identity.user, userPersonalChannelNamespace)])];
}

/** The channel of one user alone: `#<user>`, or `<namespace>:#<user>`. */
export function personalChannel(user: string, namespace: string): string {
  return namespace === "" ? `#${user}` : `${namespace}:#${user}`;
}

/**
 * Opens all of `channels`; answers the results for the connect reply as JSON. Rejects when one of them cannot be had,
 * and then none is left; closes 3505 when they are too many.
 */
export async function openServerSubs(
  connection: Client,
  channels: readonly string[],
  positions: Positions = {},
): Promise<string> {
  if (channels.length > connection.context.settings.maxChannelsPerConnection) {
    throw new CloseError("channelLimit");
  }
  const results = new Map<string, string>();
  const opened = await Promise.allSettled(channels.map(async (channel) => {
    await open(connection, channel, positions[channel], (result) => results.set(channel, result));
  }));
  for (const outcome of opened) {
    if (outcome.status === "fulfilled") continue;
    for (const channel of channels) endSubscription(connection, channel);
    throw outcome.reason;
  }
  return `{${Array.from(results, ([channel, result]) => `${JSON.stringify(channel)}:${result}`).join(",")}}`;
}

/** Subscribes a connected client, which is told by a push. False when it is subscribed already. */
export async function subscribeByServer(connection: Client, channel: string): Promise<boolean> {
  if (connection.channels.has(channel)) return false;
  const prefix = pushPrefix(channel);
  await open(connection, channel, {}, (result) => connection.send(subscribePush(prefix, result)));
  return connection.phase !== "closed";
}

/** Ends a subscription of any kind; the client is told. False when there is none. */
export function unsubscribeByServer(connection: Client, channel: string, { code, reason }: Close): boolean {
  if (connection.channels.get(channel) === undefined) return false;
  endSubscription(connection, channel);
  connection.send(unsubscribePush(pushPrefix(channel), code, reason));
  return true;
}

/** Opens one channel; `answer` is called with the result right before its first publication. */
async function open(
  connection: Client,
  channel: string,
  position: SubscribeRequest | undefined,
  answer: (result: string) => void,
): Promise<void> {
  await openSubscription(connection, channel, position ?? {}, { isServerSide: true, answer });
}
