/** The one schema of the configuration, put together from its groups. */
import * as z from "zod";
import { api } from "./options/api.ts";
import { backend, membership } from "./options/backend.ts";
import { channels } from "./options/channels.ts";
import { limits, times } from "./options/limits.ts";
import { hooks } from "./options/hooks.ts";
import { access, listen, logging } from "./options/listen.ts";
import { tokens } from "./options/tokens.ts";
import { type OptionInfo, optionInfo } from "./option.ts";

/** All options. Unknown names are faults. */
export const configSchema = z.strictObject({
  ...listen,
  ...access,
  ...tokens,
  ...hooks,
  ...api,
  ...logging,
  ...backend,
  ...membership,
  ...limits,
  ...times,
  ...channels,
});

/** The name of an option, in snake_case. */
export type OptionName = keyof typeof configSchema.shape;

/** Groups of options, as the docs show them. */
export const optionGroups: readonly { readonly title: string; readonly names: readonly string[] }[] = [
  { title: "Listening", names: Object.keys(listen) },
  { title: "Access", names: Object.keys(access) },
  { title: "Tokens", names: Object.keys(tokens) },
  { title: "Hooks", names: Object.keys(hooks) },
  { title: "Server API", names: Object.keys(api) },
  { title: "Logging", names: Object.keys(logging) },
  { title: "Backend", names: Object.keys(backend) },
  { title: "Membership", names: Object.keys(membership) },
  { title: "Limits", names: Object.keys(limits) },
  { title: "Times", names: Object.keys(times) },
  { title: "Channels", names: Object.keys(channels) },
];

/** Every option's name, in the order of the docs. */
export const optionNames: readonly OptionName[] = Object.keys(configSchema.shape).filter(isOptionName);

/** True when `name` is an option. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(configSchema.shape, name);
}

/** What is known of an option. Throws `TypeError` when its builder forgot to register it. */
export function infoOf(name: OptionName): OptionInfo {
  const info = optionInfo.get(configSchema.shape[name]);
  if (info === undefined) throw new TypeError(`Cannot describe option "${name}": it is not registered`);
  return info;
}

/** What is known of the value at `path`: of the deepest registered schema on the way. */
export function infoAt(path: readonly PropertyKey[]): OptionInfo | undefined {
  let schema: unknown = configSchema;
  let found: OptionInfo | undefined;
  for (const step of path) {
    schema = inside(schema, step);
    if (!(schema instanceof z.ZodType)) break;
    found = optionInfo.get(schema) ?? found;
  }
  return found;
}

/** Names of the fields that the object at `path` may have; empty when there is no object. */
export function fieldsAt(path: readonly PropertyKey[]): readonly string[] {
  const schema = unwrapped(path.reduce<unknown>(inside, configSchema));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function inside(schema: unknown, step: PropertyKey): unknown {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray && typeof step === "number") return inner.element;
  if (inner instanceof z.ZodObject && typeof step === "string") return inner.shape[step];
  return undefined;
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}
