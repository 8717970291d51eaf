import { ClientError } from "../../core/errors.ts";
import { channelKey } from "../../protocol/channel_name.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { refusalOnChannel } from "../permissions.ts";
import { plainList, storedPublications } from "../publication.ts";

/** Answers a page of a history and where it stands. 112 when the client goes on from an epoch that has ended. */
export async function history(connection: Client, command: CommandOf<"history">): Promise<void> {
  const { channel, limit = 0, since, reverse = false } = command.request;
  const { context, identity } = connection;
  const options = context.rules.of(channel);
  if (options.historySize === 0) {
    throw new ClientError("notAvailable", { detail: "history is off: history_size of this channel is 0" });
  }
  const isSubscribed = connection.channels.get(channel) !== undefined;
  const refusal = refusalOnChannel(identity, { action: "hst", channel, options, isSubscribed });
  if (refusal !== undefined) throw new ClientError("permissionDenied", { detail: refusal });
  const from = since === undefined ? undefined : { offset: since.offset ?? 0, epoch: since.epoch ?? "" };
  const key = channelKey(identity.workspace, channel);
  const { position, messages } = await context.history.page(key, { limit, since: from, isReverse: reverse });
  if (from !== undefined && from.epoch !== "" && from.epoch !== position.epoch) {
    throw new ClientError("unrecoverablePosition");
  }
  const list = plainList(storedPublications(messages)).join(",");
  const publications = list === "" ? "" : `"publications":[${list}],`;
  const { epoch, offset } = position;
  connection.succeed(command, `{${publications}"epoch":${JSON.stringify(epoch)},"offset":${offset}}`);
}
