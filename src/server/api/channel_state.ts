/** Methods that read and change what channels know: who is there, what was published. */
import { ClientError } from "../../core/errors.ts";
import type { ApiResult } from "../../protocol/api/methods.ts";
import { channelKey } from "../../protocol/channel_name.ts";
import { plainList, storedPublications } from "../publication.ts";
import type { ApiContext, ApiHandler } from "./api_call.ts";

export const presence: ApiHandler<"presence"> = async (context, workspace, { channel }) => {
  const members = await context.node.session.presenceReader.members(presenceKey(context, workspace, channel));
  // The info was written by a node as JSON of a ClientInfo.
  const entries = members.map(({ client, info }) => [client, JSON.parse(info)] as const);
  return { presence: Object.fromEntries(entries) };
};

export const presenceStats: ApiHandler<"presence_stats"> = async (context, workspace, { channel }) => {
  const key = presenceKey(context, workspace, channel);
  const { clients, users } = await context.node.session.presenceReader.stats(key);
  return { num_clients: clients, num_users: users };
};

export const history: ApiHandler<"history"> = async (context, workspace, request) => {
  const { channel, limit = 0, since, reverse = false } = request;
  const key = historyKey(context, workspace, channel);
  const page = await context.node.session.history.page(key, { limit, since, isReverse: reverse });
  if (since !== undefined && since.epoch !== "" && since.epoch !== page.position.epoch) {
    throw new ClientError("unrecoverablePosition");
  }
  // The list is JSON that this node wrote for its clients.
  const publications = JSON.parse(`[${plainList(storedPublications(page.messages)).join(",")}]`);
  return { publications, ...page.position } as ApiResult<"history">;
};

export const historyRemove: ApiHandler<"history_remove"> = async (context, workspace, { channel }) => {
  await context.node.session.backend.history.remove(historyKey(context, workspace, channel));
  return {};
};

export const channels: ApiHandler<"channels"> = async ({ node }, workspace, { pattern = "*" }) => {
  const found = await node.session.channelList.find(workspace, pattern);
  return {
    channels: Object.fromEntries(Array.from(found, ([name, count]) => [name, { num_clients: count }])),
  };
};

/** Throws 108 where the channel knows nobody. */
function presenceKey({ node }: ApiContext, workspace: string, channel: string): string {
  if (!node.rules.of(channel).presence) throw new ClientError("notAvailable", { detail: "presence is off" });
  return channelKey(workspace, channel);
}

/** Throws 108 where the channel remembers nothing. */
function historyKey({ node }: ApiContext, workspace: string, channel: string): string {
  if (node.rules.of(channel).historySize === 0) {
    throw new ClientError("notAvailable", { detail: "history is off" });
  }
  return channelKey(workspace, channel);
}
