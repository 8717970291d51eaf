import { ClientError } from "../../core/errors.ts";
import { channelKey } from "../../protocol/channel_name.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { refusalOnChannel } from "../permissions.ts";

/** Answers who is present; 106 when that is more than one answer may hold. */
export async function presence(connection: Client, command: CommandOf<"presence">): Promise<void> {
  const { context } = connection;
  const members = await context.presenceReader.members(keyOf(connection, command.request.channel));
  const entries = members.map(({ client, info }) => `${JSON.stringify(client)}:${info}`);
  const result = `{"presence":{${entries.join(",")}}}`;
  if (result.length > context.settings.outboxBytes / 2) {
    const detail = `${members.length} clients do not fit into one answer; ask for presence_stats`;
    throw new ClientError("limitExceeded", { detail });
  }
  connection.succeed(command, result);
}

/** Answers how many clients and how many different users are present. */
export async function presenceStats(connection: Client, command: CommandOf<"presence_stats">): Promise<void> {
  const key = keyOf(connection, command.request.channel);
  const { clients, users } = await connection.context.presenceReader.stats(key);
  connection.succeed(command, `{"num_clients":${clients},"num_users":${users}}`);
}

/** Throws 108 where the channel knows nobody, 103 where clients may not ask. */
function keyOf({ context, identity, channels }: Client, channel: string): string {
  const options = context.rules.of(channel);
  if (!options.presence) {
    throw new ClientError("notAvailable", { detail: "presence is off for this channel" });
  }
  const isSubscribed = channels.get(channel) !== undefined;
  const refusal = refusalOnChannel(identity, { action: "prs", channel, options, isSubscribed });
  if (refusal !== undefined) throw new ClientError("permissionDenied", { detail: refusal });
  return channelKey(identity.workspace, channel);
}
