/** The methods of the server API: what each takes and answers. Code, checks and the OpenAPI document come from here. */
import { z } from "zod"; // zod: one declaration gives the check, the type and the OpenAPI document
import * as field from "./fields.ts";

const { channel, data, workspace } = field;

/** Most channels of one broadcast, and most commands of one batch. */
const MAX_MANY = 1_000;
const MAX_PAGE = 10_000;

function ofChannel() {
  return z.object({ workspace, channel });
}

const closeCode = z.number().int().min(3000).max(4999)
  .describe("Close code; official clients come back after 3000-3499 and 4000-4499.");
// A close frame holds 123 bytes, and a character may take three of them.
const reason = z.string().max(40);

/** One method. */
export interface ApiMethodShape {
  readonly summary: string;
  readonly request: z.ZodType;
  readonly result: z.ZodType;
}

/** Every method but `batch`, which is made of these. */
export const plainMethods = {
  publish: {
    summary: "Publishes into a channel; answers where it is kept, if the channel has history.",
    request: z.object({ workspace, channel, data, ...field.publishExtras }),
    result: field.position,
  },
  broadcast: {
    summary: "Publishes the same into several channels; one answer for each, in their order.",
    request: z.object({
      workspace,
      channels: z.array(channel).min(1).max(MAX_MANY),
      data,
      ...field.publishExtras,
    }),
    result: z.object({
      responses: z.array(z.object({
        result: field.position.optional(),
        error: z.object({ code: z.number().int(), message: z.string() }).optional(),
      })),
    }),
  },
  subscribe: {
    summary: "Subscribes a client, or all connections of a user.",
    request: z.object({ workspace, channel, ...field.target }).refine(field.oneTarget, field.ONE_TARGET),
    result: field.connections,
  },
  unsubscribe: {
    summary: "Ends a subscription of a client, or of all connections of a user.",
    request: z.object({
      workspace,
      channel,
      ...field.target,
      code: z.number().int().min(2000).max(2999).optional()
        .describe("From 2500 on, official clients subscribe again. Default: 2000."),
      reason: reason.optional(),
    }).refine(field.oneTarget, field.ONE_TARGET),
    result: field.connections,
  },
  disconnect: {
    summary: "Disconnects a client, or all connections of a user.",
    request: z.object({
      workspace,
      ...field.target,
      except: field.client.optional().describe("A connection of the user that stays."),
      code: closeCode.optional().describe("Default: 3503, after which official clients stay away."),
      reason: reason.optional(),
    }).refine(field.oneTarget, field.ONE_TARGET),
    result: field.connections,
  },
  refresh: {
    summary: "Moves the time at which connections expire.",
    request: z.object({
      workspace,
      ...field.target,
      expire_at: z.number().int().nonnegative().optional()
        .describe("Seconds since 1970; 0, or nothing: never."),
      expired: z.boolean().optional().describe("They have expired and are closed now."),
    }).refine(field.oneTarget, field.ONE_TARGET),
    result: field.connections,
  },
  revoke_user: {
    summary: "Refuses a user for a while, whatever token it has, and closes its connections.",
    request: z.object({
      workspace,
      user: field.user,
      for_s: z.number().int().min(1).max(10 * 366 * 86_400)
        .describe("Seconds; at least as long as the user's tokens are good."),
    }),
    result: z.object({
      connections: z.number().int().describe("On how many connections it took effect."),
      missing: z.number().int().describe("Nodes that did not confirm in time; they act once they are back."),
    }),
  },
  restore_user: {
    summary: "Lets a user that was refused come back.",
    request: z.object({ workspace, user: field.user }),
    result: field.empty,
  },
  presence: {
    summary: "Who is in a channel.",
    request: ofChannel(),
    result: z.object({ presence: z.record(z.string(), field.clientInfo) }),
  },
  presence_stats: {
    summary: "How many clients and how many users are in a channel.",
    request: ofChannel(),
    result: z.object({ num_clients: z.number().int(), num_users: z.number().int() }),
  },
  history: {
    summary: "A page of a channel's history, and where it stands.",
    request: z.object({
      workspace,
      channel,
      limit: z.number().int().min(-1).max(MAX_PAGE).optional()
        .describe("0, the default, answers the position alone; -1 as many as one answer may hold."),
      since: z.object({ offset: z.number().int().nonnegative(), epoch: z.string() }).optional(),
      reverse: z.boolean().optional(),
    }),
    result: z.object({
      publications: z.array(field.publication),
      epoch: z.string(),
      offset: z.number().int(),
    }),
  },
  history_remove: {
    summary: "Forgets the publications of a channel; its position goes on.",
    request: ofChannel(),
    result: field.empty,
  },
  channels: {
    summary: "Channels with subscribers, over the whole cluster.",
    request: z.object({
      workspace,
      pattern: z.string().max(255).optional().describe('Names to list, with "*" for any text.'),
    }),
    result: z.object({ channels: z.record(z.string(), z.object({ num_clients: z.number().int() })) }),
  },
  info: {
    summary: "The live nodes of the cluster.",
    request: z.object({ workspace }),
    result: z.object({
      nodes: z.array(z.object({
        uid: z.string(),
        name: z.string(),
        version: z.string(),
        num_clients: z.number().int(),
        num_channels: z.number().int(),
        uptime: z.number().int().describe("Seconds."),
        draining: z.boolean(),
      })),
    }),
  },
  send: {
    summary: "Hands a message to a client, or to all connections of a user. Error 404 when there is none.",
    request: z.object({ workspace, ...field.target, data }).refine(field.oneTarget, field.ONE_TARGET),
    result: z.object({ delivered: z.number().int().describe("To how many connections.") }),
  },
  rpc: {
    summary: "Calls a function of a service.",
    request: z.object({
      workspace,
      service: z.string().min(1).max(255),
      function: z.string().min(1).max(255),
      args: z.unknown().optional(),
      timeout_ms: z.number().int().min(1).max(600_000).optional(),
    }),
    result: z.object({ value: z.unknown() }),
  },
} as const satisfies Record<string, ApiMethodShape>;

/** The name of a method that may stand in a batch. */
export type PlainMethod = keyof typeof plainMethods;

/** A method's request once it is checked. */
export type ApiRequest<M extends PlainMethod> = Readonly<z.infer<(typeof plainMethods)[M]["request"]>>;

/** A method's answer. */
export type ApiResult<M extends PlainMethod> = z.infer<(typeof plainMethods)[M]["result"]>;

/** What went wrong, as it stands in answers. */
export const errorShape = z.object({
  code: z.number().int().describe("See docs/errors.md."),
  message: z.string(),
});

const batch = {
  summary: "Runs commands one after the other; one reply for each, in their order.",
  request: z.object({
    commands: z.array(z.record(z.string(), z.unknown())).min(1).max(MAX_MANY)
      .describe('Objects with one method\'s name and its request: {"publish": {...}}.'),
  }),
  result: z.object({ replies: z.array(z.record(z.string(), z.unknown())) }),
} as const satisfies ApiMethodShape;

/** Every method, by the name in its path. */
export const apiMethods = { ...plainMethods, batch } as const;

/** The name of a method. */
export type ApiMethod = keyof typeof apiMethods;

/** True when `name` is a method. */
export function isApiMethod(name: string): name is ApiMethod {
  return Object.hasOwn(apiMethods, name);
}

/** True when `name` is a method that may stand in a batch. */
export function isPlainMethod(name: string): name is PlainMethod {
  return Object.hasOwn(plainMethods, name);
}
