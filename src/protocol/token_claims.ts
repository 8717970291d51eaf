/** Claims of tokens that say what their bearer gets, beside the registered ones. */
import { z } from "zod"; // zod: a token is signed, and may yet be written wrongly

/** Capabilities of one token. */
const MAX_CAPS = 64;
/** Channel patterns of one capability. */
const MAX_CAP_CHANNELS = 128;
/** Channels to which one token subscribes. */
const MAX_CHANNELS = 1_000;
const MAX_NAME = 255;

const name = z.string().max(MAX_NAME);

const capClaim = z.object({
  /** Names or patterns; without them the capability is for what needs no channel. */
  channels: z.array(name).max(MAX_CAP_CHANNELS).default([]),
  match: z.enum(["exact", "wildcard", "regex"]).default("exact"),
  /** Names of actions; those of later versions are left alone. */
  allow: z.array(z.string().max(32)).max(32).default([]),
});

const capsClaim = z.array(capClaim).max(MAX_CAPS);

const connectionClaims = z.object({
  workspace: z.string().optional(),
  /** Server-side subscriptions. */
  channels: z.array(name).max(MAX_CHANNELS).default([]),
  /** The same by name; what is said of each channel is left for later versions. */
  subs: z.record(name, z.unknown()).default({})
    .refine((subs) => Object.keys(subs).length <= MAX_CHANNELS),
  caps: capsClaim.default([]),
});

const subscriptionClaims = z.object({ channel: name.min(1), workspace: z.string().optional() });

/** One capability as a token writes it. */
export type CapClaim = Readonly<z.infer<typeof capClaim>>;

/** What a connection token says beside the registered claims. */
export type ConnectionClaims = Readonly<z.infer<typeof connectionClaims>>;

/** What a subscription token says beside the registered claims. */
export type SubscriptionClaims = Readonly<z.infer<typeof subscriptionClaims>>;

/** Reads them from the payload of a verified connection token; undefined when one has a wrong shape. */
export function readConnectionClaims(payload: unknown): ConnectionClaims | undefined {
  return connectionClaims.safeParse(payload).data;
}

/** Reads them from the payload of a verified subscription token; undefined when one has a wrong shape. */
export function readSubscriptionClaims(payload: unknown): SubscriptionClaims | undefined {
  return subscriptionClaims.safeParse(payload).data;
}

/** Reads a list of capabilities, as `caps` of a token or of a hook's answer; undefined when it has a wrong shape. */
export function readCaps(value: unknown): readonly CapClaim[] | undefined {
  return capsClaim.safeParse(value).data;
}
