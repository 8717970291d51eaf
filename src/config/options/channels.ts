/** Options of channels: of those without a namespace, and of each namespace. */
import * as z from "zod";
import { optionalBoolean, optionInfo } from "../option.ts";

const NAMESPACE_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_NAMESPACES = 1000;

const channelShape = {
  allow_subscribe_for_client: optionalBoolean(
    "Every client may subscribe. Default: true in open mode, else false.",
  ),
  allow_publish_for_client: optionalBoolean(
    "Every client may publish. Default: true in open mode, else false.",
  ),
  allow_publish_for_subscriber: optionalBoolean(
    "A subscriber of the channel may publish in it. Default: false.",
  ),
  publisher_info: optionalBoolean(
    "Publications of clients carry `info`: user, client id, `conn_info`. Default: true in a namespace, false in " +
      "channels without one.",
  ),
};

const namespaceName = z.string().regex(NAMESPACE_NAME).register(optionInfo, {
  kind: "text",
  wants: "1 to 64 letters, digits, dots, dashes or underscores, used once",
  text: "The namespace: it holds the channels named `<name>:...`.",
});

/** Zod schema of a channel's options. */
export const channelSchema = z.strictObject(channelShape);

/** Zod schema of a namespace: its name and its channels' options. */
export const namespaceSchema = z.strictObject({ name: namespaceName, ...channelShape });

/** What clients may do in channels. */
export const channels = {
  channel: channelSchema.default({}).register(optionInfo, {
    kind: "object",
    wants: "a JSON object of channel options",
    text: "Options of channels without a namespace.",
  }),
  namespaces: z.array(namespaceSchema).max(MAX_NAMESPACES).default(() => []).register(optionInfo, {
    kind: "objects",
    wants: `a JSON list of at most ${MAX_NAMESPACES} objects, each with a name and channel options`,
    text: "Namespaces: channels named `<name>:...` and their options.",
  }),
};
