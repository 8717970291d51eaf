import { ClientError, toClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { requirePayload } from "../../protocol/payload.ts";
import type { Client } from "../context.ts";
import type { ChannelOptions } from "../options.ts";

/** Publishes into a channel. Answered when the backend took it; what failed reaches nobody. */
export function publish(connection: Client, command: CommandOf<"publish">): void {
  const { channel } = command.request;
  const { context, identity } = connection;
  const options = context.rules.of(channel);
  checkPermission(connection, channel, options);
  const payload = requirePayload(command.rawData);
  const publisher = options.publisherInfo ? connection.publisherFields : "";
  const { isBinary } = command;
  context.publish(
    options,
    { workspace: identity.workspace, channel, payload, publisher, isBinary },
    (error) => {
      if (error === undefined) connection.succeed(command, "{}");
      else connection.fail(command, toClientError(error));
    },
  );
}

function checkPermission(connection: Client, channel: string, options: ChannelOptions): void {
  const isSubscriber = options.allowPublishForSubscriber && connection.channels.get(channel) !== undefined;
  if (!options.allowPublishForClient && !isSubscriber) throw new ClientError("permissionDenied");
  if (options.publishRate === 0) return;
  const { context, publishRates } = connection;
  if (!publishRates.take(options, context.clock.monotonicMs())) throw new ClientError("tooManyRequests");
}
