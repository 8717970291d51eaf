import { ClientError, toClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { requirePayload } from "../../protocol/payload.ts";
import type { Client } from "../context.ts";
import type { ChannelOptions } from "../options.ts";

/** Publishes into a channel. Answered when the backend took it; what failed reaches nobody. */
export function publish(connection: Client, command: CommandOf<"publish">): void {
  const { channel } = command.request;
  const options = connection.context.rules.of(channel);
  checkPermission(connection, channel, options);
  const payload = requirePayload(command.rawData);
  const { context, identity } = connection;
  const fields = options.publisherInfo ? connection.publisherFields : "";
  context.publish(identity.workspace, channel, payload, fields, (error) => {
    if (error === undefined) connection.succeed(command, "{}");
    else connection.fail(command, toClientError(error));
  });
}

function checkPermission(connection: Client, channel: string, options: ChannelOptions): void {
  if (options.allowPublishForClient) return;
  if (options.allowPublishForSubscriber && connection.channels.get(channel) !== undefined) return;
  throw new ClientError("permissionDenied");
}
