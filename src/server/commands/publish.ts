import { ClientError, toClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { parseExact } from "../../protocol/exact_json.ts";
import { payloadOf, requirePayload } from "../../protocol/payload.ts";
import type { Client } from "../context.ts";
import { publisherFields } from "../identity.ts";
import type { ChannelOptions } from "../options.ts";
import type { PublishRequest } from "../publisher.ts";
import { type Refusal, refusalOnChannel } from "../permissions.ts";

/** Publishes into a channel. Answered when the backend took it; what failed reaches nobody. */
export function publish(connection: Client, command: CommandOf<"publish">): void | Promise<void> {
  const { channel } = command.request;
  const { context, identity } = connection;
  const options = context.rules.of(channel);
  const isSubscribed = connection.channels.get(channel) !== undefined;
  const refusal = refusalOnChannel(identity, { action: "pub", channel, options, isSubscribed });
  const hasHook = context.hooks.has("onPublish");
  if (refusal !== undefined && !hasHook) throw new ClientError("permissionDenied", { detail: refusal });
  checkRate(connection, options);
  const payload = requirePayload(command.rawData);
  const { isBinary } = command;
  if (hasHook) return publishByHook(connection, command, { options, payload, refusal });
  handOn(connection, command, options, { payload, isBinary });
}

async function publishByHook(
  connection: Client,
  command: CommandOf<"publish">,
  { options, payload, refusal }: { options: ChannelOptions; payload: string; refusal: Refusal },
): Promise<void> {
  const { client = "", identity: { user, workspace }, context } = connection;
  const { channel } = command.request;
  const isAllowed = refusal === undefined;
  const question = { client, user, workspace, channel, data: parseExact(payload), isAllowed };
  const answer = await context.hooks.ask("onPublish", question);
  if (!(answer?.allow ?? isAllowed)) {
    throw new ClientError("permissionDenied", { detail: refusal ?? "the application refuses it" });
  }
  if (connection.phase === "closed") return;
  // What the hook says is JSON; bytes that are none were shown to it as a text in base64.
  const own = { payload, isBinary: command.isBinary };
  handOn(
    connection,
    command,
    options,
    answer?.data === undefined ? own : { payload: payloadOf(answer.data) },
  );
}

function handOn(
  connection: Client,
  command: CommandOf<"publish">,
  options: ChannelOptions,
  content: Pick<PublishRequest, "payload" | "isBinary">,
): void {
  const { channel } = command.request;
  const { workspace } = connection.identity;
  const publisher = options.publisherInfo ? publisherOf(connection, channel) : "";
  connection.context.publish(options, { workspace, channel, publisher, ...content }, (error) => {
    if (error === undefined) connection.succeed(command, "{}");
    else connection.fail(command, toClientError(error));
  });
}

function publisherOf(connection: Client, channel: string): string {
  const chanInfo = connection.grants?.get(channel)?.chanInfo;
  if (chanInfo === undefined) return connection.publisherFields;
  return publisherFields(connection.identity, connection.client ?? "", chanInfo);
}

function checkRate({ context, publishRates }: Client, options: ChannelOptions): void {
  if (options.publishRate === 0) return;
  if (!publishRates.take(options, context.clock.monotonicMs())) throw new ClientError("tooManyRequests");
}
