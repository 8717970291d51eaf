/** Options of channels: of those without a namespace, and of each namespace. */
import * as z from "zod";
import { boolean, optionalBoolean, optionalChoice, optionalInteger, optionInfo, text } from "../option.ts";

const NAMESPACE_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_NAMESPACES = 1000;

/** What becomes of publications that a slow subscriber has no room for. */
export const slowPolicies = ["close", "drop_oldest", "conflate"] as const;

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
  allow_user_limited_channels: optionalBoolean(
    "Users named after a `#` in the channel's name may subscribe (`dialog#u1,u2`); nobody else ever may. Default: false.",
  ),
  publisher_info: optionalBoolean(
    "Publications of clients carry `info`: user, client id, `conn_info`. Default: true in a namespace, false in " +
      "channels without one.",
  ),
  history_size: optionalInteger({
    min: 1,
    max: 1_000_000,
    isZeroAllowed: true,
    unit: "publications",
    text: "Publications that a channel remembers; 0 is no history. Default: 0.",
  }),
  history_ttl: optionalInteger({
    min: 1,
    max: 365 * 24 * 3600,
    unit: "s",
    text: "A history is forgotten after so long without a publication. Default: 300.",
  }),
  force_positioning: optionalBoolean(
    "Every subscriber is told when it missed a publication, asked for or not; needs history. Default: false.",
  ),
  force_recovery: optionalBoolean(
    "Every subscriber recovers what it missed, asked for or not; needs history. Default: false.",
  ),
  allow_history_for_client: optionalBoolean(
    "Every client may read the history. Default: true in open mode, else false.",
  ),
  presence: optionalBoolean("The channel knows who is subscribed. Default: false."),
  allow_presence_for_client: optionalBoolean(
    "Every client may ask who is present. Default: true in open mode, else false.",
  ),
  join_leave: optionalBoolean("Subscribers who ask for it are told who joins and leaves. Default: false."),
  force_push_join_leave: optionalBoolean(
    "Every subscriber is told who joins and leaves; needs `join_leave`. Default: false.",
  ),
  delta: optionalBoolean(
    "Subscribers who ask for it get differences in place of whole payloads (Fossil). Default: false.",
  ),
  publish_rate: optionalInteger({
    min: 1,
    max: 1_000_000,
    isZeroAllowed: true,
    unit: "publications/s",
    text:
      "What one connection may publish in these channels together; more answers error 111. 0 is no limit. " +
      "Default: 0.",
  }),
  max_subscribers: optionalInteger({
    min: 1,
    max: 10_000_000,
    isZeroAllowed: true,
    unit: "subscribers",
    text: "Subscribers of one channel on one node; more get error 106. 0 is no limit. Default: 0.",
  }),
  slow_policy: optionalChoice(
    slowPolicies,
    "What becomes of publications that a slow subscriber has no room for: its connection is closed (3008), the " +
      "oldest that wait are dropped, or only the latest of each `key` waits. Other than `close` not together with " +
      "positioning, recovery or delta. Default: close.",
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
  user_subscribe_to_personal: boolean({
    initial: false,
    text: "Subscribes every user, by its token, to the channel `#<user>` of its own.",
  }),
  user_personal_channel_namespace: text({
    initial: "",
    wants: "the name of a namespace in `namespaces`, or nothing",
    isWanted: (value) => value === "" || NAMESPACE_NAME.test(value),
    text: "Namespace of personal channels, which are then `<namespace>:#<user>`.",
  }),
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
