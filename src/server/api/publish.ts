import { ClientError, toClientError } from "../../core/errors.ts";
import type { ApiRequest } from "../../protocol/api/methods.ts";
import { namespaceOf } from "../../protocol/channel_name.ts";
import type { ApiContext, ApiHandler } from "./api_call.ts";

/** Namespace of what plain apps listen to, such as `app:counter`. */
const APPS = "app";

type Publication = Omit<ApiRequest<"publish">, "channel" | "workspace">;

/** Publishes into one channel. */
export const publish: ApiHandler<"publish"> = async (context, workspace, { channel, ...publication }) => {
  return await publishInto(context, workspace, channel, publication);
};

/** Publishes into several; what fails in one says nothing of the others. */
export const broadcast: ApiHandler<"broadcast"> = async (
  context,
  workspace,
  { channels, ...publication },
) => {
  const responses = await Promise.all(channels.map(async (channel) => {
    try {
      return { result: await publishInto(context, workspace, channel, publication) };
    } catch (thrown) {
      const { code, message } = toClientError(thrown);
      return { error: { code, message } };
    }
  }));
  return { responses };
};

async function publishInto(
  { node }: ApiContext,
  workspace: string,
  channel: string,
  publication: Publication,
) {
  const { data, tags, key, idempotency_key: idempotencyKey, skip_history: skipHistory } = publication;
  if (data === undefined) throw new ClientError("badRequest", { detail: "data is missing" });
  // The channels of plain apps are in no configuration; any other unknown namespace is a slip of the pen.
  if (namespaceOf(channel) !== APPS) node.rules.of(channel);
  const options = { workspace, tags, key, idempotencyKey, skipHistory };
  return await node.publish(channel, data, options) ?? {};
}
