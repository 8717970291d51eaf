/**
 * Who may do what. Pure, and the one place that decides: commands, the server API for clients and services ask here. A
 * question is answered with undefined for yes, or with the reason why not.
 *
 * Rights add up: what the channel's options let everybody do, and what the capabilities of the token add. The signs in
 * a name (`$`, `#`) take away, except from whoever has a subscription token for that very channel. In open mode, where
 * nobody is known, only the options count.
 */
import type { Capabilities } from "./capabilities.ts";
import type { ChannelOptions } from "./options.ts";

/** Who asks. */
export interface Subject {
  /** Nobody is asked for a token: names and signs mean nothing. */
  readonly isOpen: boolean;
  /** "" for anonymous. */
  readonly user: string;
  readonly caps: Capabilities;
}

/** What is asked about a channel. */
export interface ChannelQuestion {
  readonly action: "sub" | "pub" | "prs" | "hst";
  readonly channel: string;
  readonly options: ChannelOptions;
  /** The subject's connection is subscribed to it. */
  readonly isSubscribed: boolean;
}

/** Why not; undefined is yes. */
export type Refusal = string | undefined;

/** Begins the name of a private channel. */
const PRIVATE = "$";
/** Stands before the users to whom a channel is limited. */
const USERS = "#";
const BETWEEN_USERS = ",";

/** Whether `subject` may act on a channel without a subscription token for it. */
export function refusalOnChannel(subject: Subject, question: ChannelQuestion): Refusal {
  const { channel, action } = question;
  if (!subject.isOpen) {
    const users = usersOf(channel);
    if (users !== undefined && !isListed(users, subject.user)) return "the channel is for other users";
    if (isPrivate(channel) && !mayEnterPrivate(subject, question)) {
      return action === "sub"
        ? "the channel is private: subscribe with a subscription token"
        : "the channel is private: subscribe first";
    }
  }
  if (isAllowedToAll(question) || isOwn(subject, question)) return undefined;
  return subject.caps.allows(action, channel) ? undefined : refusalTexts[action];
}

/** Whether `subject` may call methods that the application registered. */
export function refusalOfRpc(subject: Subject, isAllowedToAll: boolean): Refusal {
  if (subject.isOpen || isAllowedToAll || subject.caps.has("rpc")) return undefined;
  return 'the token allows no "rpc"';
}

/** Whether `subject` may send direct messages and list clients. */
export function refusalOfMessages(subject: Subject): Refusal {
  return subject.isOpen || subject.caps.has("msg") ? undefined : 'the token allows no "msg"';
}

/** Whether `subject` may offer, list and call services at all. */
export function refusalOfServices(subject: Subject): Refusal {
  return subject.isOpen || subject.caps.has("srv") ? undefined : 'the token allows no "srv"';
}

/** Whether `subject` may see and call one function of a service. */
export function refusalOfFunction(subject: Subject, service: string, name: string): Refusal {
  if (subject.isOpen || subject.caps.allowsFunction(`${service}.${name}`)) return undefined;
  return 'the token allows no "srv" for this function';
}

/** True for a channel that needs a subscription token. */
export function isPrivate(channel: string): boolean {
  return channel.startsWith(PRIVATE);
}

/** The users that `channel` is limited to; undefined when it is not. */
export function usersOf(channel: string): readonly string[] | undefined {
  const at = channel.indexOf(USERS);
  return at < 0 ? undefined : channel.slice(at + 1).split(BETWEEN_USERS);
}

const refusalTexts = {
  sub: "neither the channel's options nor the token allow to subscribe",
  pub: "neither the channel's options nor the token allow to publish",
  prs: "neither the channel's options nor the token allow to ask who is present",
  hst: "neither the channel's options nor the token allow to read the history",
} as const;

function isListed(users: readonly string[], user: string): boolean {
  return user !== "" && users.includes(user);
}

/** Whoever is in has shown a token for it, or was put there by the server. */
function mayEnterPrivate({ caps }: Subject, { action, channel, isSubscribed }: ChannelQuestion): boolean {
  return action !== "sub" && (isSubscribed || caps.allows(action, channel));
}

function isAllowedToAll({ action, options, isSubscribed }: ChannelQuestion): boolean {
  switch (action) {
    case "sub":
      return options.allowSubscribeForClient;
    case "pub":
      return options.allowPublishForClient || (options.allowPublishForSubscriber && isSubscribed);
    case "prs":
      return options.allowPresenceForClient;
    case "hst":
      return options.allowHistoryForClient;
    default:
      return action satisfies never;
  }
}

/** A user-limited channel opens for its users where the namespace says so; that it is for others was ruled out. */
function isOwn({ isOpen }: Subject, { action, channel, options }: ChannelQuestion): boolean {
  return !isOpen && action === "sub" && options.allowUserLimitedChannels && usersOf(channel) !== undefined;
}
