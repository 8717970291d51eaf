import { ClientError, toClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { requirePayload } from "../../protocol/payload.ts";
import type { Client } from "../context.ts";

/** Publishes into a channel. Answered when the backend took it; what failed reaches nobody. */
export function publish(connection: Client, command: CommandOf<"publish">): void {
  const { channel } = command.request;
  checkPermission(connection, channel);
  const payload = requirePayload(command.rawData);
  const { context, identity, publisherFields } = connection;
  context.publish(identity.workspace, channel, payload, publisherFields, (error) => {
    if (error === undefined) connection.succeed(command, "{}");
    else connection.fail(command, toClientError(error));
  });
}

function checkPermission(connection: Client, channel: string): void {
  const options = connection.context.rules.of(channel);
  if (options.allowPublishForClient) return;
  if (options.allowPublishForSubscriber && connection.channels.get(channel) !== undefined) return;
  throw new ClientError("permissionDenied");
}
