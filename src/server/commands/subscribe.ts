import { ClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Channel } from "../channels.ts";
import type { Client } from "../context.ts";

/** Subscribes to a channel. Answered once the backend confirmed it, and before the channel's first push. */
export function subscribe(connection: Client, command: CommandOf<"subscribe">): void | Promise<void> {
  const name = command.request.channel;
  checkPermission(connection, name);
  const { context, identity } = connection;
  const { channel, confirmed } = context.channels.join(identity.workspace, name);
  connection.channels.set(name, undefined);
  if (confirmed === undefined) return attach(connection, command, channel);
  return confirmed.then(
    () => attach(connection, command, channel),
    (error) => {
      detach(connection, channel);
      throw error;
    },
  );
}

function checkPermission(connection: Client, name: string): void {
  const { rules, settings } = connection.context;
  if (!rules.of(name).allowSubscribeForClient) throw new ClientError("permissionDenied");
  if (connection.channels.has(name)) throw new ClientError("alreadySubscribed");
  if (connection.channels.size >= settings.maxChannelsPerConnection) throw new ClientError("limitExceeded");
}

function attach(connection: Client, command: CommandOf<"subscribe">, channel: Channel): void {
  if (connection.phase === "closed") return detach(connection, channel);
  connection.channels.set(channel.name, channel);
  connection.context.channels.add(channel, connection);
  connection.succeed(command, "{}");
}

function detach(connection: Client, channel: Channel): void {
  connection.channels.delete(channel.name);
  connection.context.channels.cancel(channel, connection.context.clock.monotonicMs());
}
