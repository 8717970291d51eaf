/** From layers to one resolved configuration, or to all of its faults. */
import * as z from "zod";
import { isOpenMode } from "./derive.ts";
import { ConfigError, type Fault, pathText, shownValue, unknownFault, valueFault } from "./fault.ts";
import { slowPolicies } from "./options/channels.ts";
import { type Camel, camelName, renameKeys, snakeName } from "./names.ts";
import { nearest } from "./nearest.ts";
import { breaches } from "./rules.ts";
import { configSchema, fieldsAt, infoAt, infoOf, type OptionName, optionNames } from "./schema.ts";
import { type Given, type Layer, objectLayer } from "./source.ts";

type Parsed = z.output<typeof configSchema>;

/** What clients may do in channels of one kind. */
export interface ChannelConfig {
  readonly allowSubscribeForClient: boolean;
  readonly allowPublishForClient: boolean;
  readonly allowPublishForSubscriber: boolean;
  /** `#` in a name opens the channel for the users after it. */
  readonly allowUserLimitedChannels: boolean;
  readonly publisherInfo: boolean;
  /** Publications that are kept; 0 is no history. */
  readonly historySize: number;
  /** Seconds. */
  readonly historyTtl: number;
  readonly forcePositioning: boolean;
  readonly forceRecovery: boolean;
  readonly allowHistoryForClient: boolean;
  readonly presence: boolean;
  readonly allowPresenceForClient: boolean;
  readonly joinLeave: boolean;
  readonly forcePushJoinLeave: boolean;
  readonly delta: boolean;
  /** Publications a second of one connection; 0 is no limit. */
  readonly publishRate: number;
  /** Subscribers of one channel on one node; 0 is no limit. */
  readonly maxSubscribers: number;
  readonly slowPolicy: (typeof slowPolicies)[number];
}

/** Channels named `<name>:...`. */
export interface NamespaceConfig extends ChannelConfig {
  readonly name: string;
}

/** The resolved configuration: every option, in camelCase, judged, with nothing left to choose. */
export interface Config extends Camel<Omit<Parsed, "channel" | "namespaces">> {
  /** Of channels without a namespace. */
  readonly channel: ChannelConfig;
  readonly namespaces: readonly NamespaceConfig[];
}

/** What a caller in TypeScript may pass: any option, in camelCase. */
export type ConfigOptions = Camel<z.input<typeof configSchema>>;

/** Where each option that is not its default came from: `--port`, `PORT`, `shoal.json`. */
export type Origins = ReadonlyMap<OptionName, string>;

/** A usable configuration, or all that is wrong with it. */
export type Resolution =
  | { readonly isUsable: true; readonly config: Config; readonly origins: Origins }
  | { readonly isUsable: false; readonly faults: readonly Fault[] };

/** Resolves layers, the strongest first. An option is taken whole from the strongest layer that gives it. */
export function resolveLayers(layers: readonly Layer[]): Resolution {
  const given = strongest(layers);
  const faults = layers.flatMap((layer) => layer.faults);
  const values: Record<string, unknown> = {};
  for (const name of optionNames) {
    const result = configSchema.shape[name].safeParse(given.get(name)?.value);
    if (result.success) values[name] = result.data;
    else faults.push(...optionFaults(name, given.get(name), result.error));
  }
  for (const { name, problem } of breaches(values)) {
    faults.push(breachFault(name, values[name], given, problem));
  }
  if (faults.length > 0) return { isUsable: false, faults };
  return { isUsable: true, config: finished(configSchema.parse(values)), origins: originsOf(given) };
}

/** Resolves options given in TypeScript over the defaults. Throws {@linkcode ConfigError} with all faults. */
export function configOf(options: ConfigOptions = {}): Config {
  const resolution = resolveLayers([objectLayer(renameKeys(options, snakeName), "options")]);
  if (!resolution.isUsable) throw new ConfigError(resolution.faults);
  return resolution.config;
}

function strongest(layers: readonly Layer[]): Map<OptionName, Given> {
  return new Map(layers.toReversed().flatMap((layer) => [...layer.given]));
}

function originsOf(given: ReadonlyMap<OptionName, Given>): Origins {
  return new Map(optionNames.flatMap((name) => {
    const source = given.get(name)?.source;
    return source === undefined ? [] : [[name, source] as const];
  }));
}

function optionFaults(name: OptionName, given: Given | undefined, error: z.ZodError): readonly Fault[] {
  const source = given?.source ?? "default";
  // Two checks may fail on one value; its wanted range is said once.
  const faults = new Map<string, Fault>();
  for (const issue of error.issues) {
    const path = [name, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const full = pathText([...path, key]);
        faults.set(full, unknownFault(full, source, nearest(key, fieldsAt(path))));
      }
    } else faults.set(pathText(path), issueFault(path, source, valueAt(given?.value, issue.path)));
  }
  return [...faults.values()];
}

function issueFault(path: readonly PropertyKey[], source: string, value: unknown): Fault {
  const info = infoAt(path);
  const isItem = info?.kind === "list" && path.length > 1;
  const wants = isItem ? info.wants.replace(/^.* each /, "") : info?.wants;
  const missing = value === undefined ? "it is missing, " : "";
  return valueFault(
    { path: pathText(path), source, shown: shownValue(value, info) },
    `${missing}want ${wants}`,
  );
}

function breachFault(
  name: OptionName,
  value: unknown,
  given: ReadonlyMap<OptionName, Given>,
  problem: string,
): Fault {
  const source = given.get(name)?.source ?? "default";
  // Some shells export the machine's name as HOST, which nobody meant for us.
  const hint = source === "HOST" ? ", or SHOAL_HOST=127.0.0.1 if HOST was not meant for it" : "";
  return valueFault({ path: name, source, shown: shownValue(value, infoOf(name)) }, problem + hint);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, step) => {
    if (typeof at !== "object" || at === null) return undefined;
    return Reflect.get(at, step);
  }, value);
}

function finished(parsed: Parsed): Config {
  const { channel, namespaces, ...rest } = parsed;
  // The one place where names change: `parsed` is judged, and the mapping is the type's own.
  const config = renameKeys(rest, camelName) as Camel<typeof rest>;
  const isOpen = isOpenMode(config);
  return {
    ...config,
    channel: channelConfig(channel, isOpen, false),
    namespaces: [...namespaces, ...predefined(namespaces, isOpen)].map((namespace) => ({
      name: namespace.name,
      ...channelConfig(namespace, isOpen, true),
    })),
  };
}

/** In open mode there is one namespace with everything on, so that it can be tried without any configuration. */
const durable = {
  name: "durable",
  history_size: 1000,
  history_ttl: 300,
  force_recovery: true,
  presence: true,
  join_leave: true,
  delta: true,
};

function predefined(given: Parsed["namespaces"], isOpen: boolean): Parsed["namespaces"] {
  return isOpen && !given.some(({ name }) => name === durable.name) ? [durable] : [];
}

function channelConfig(options: Parsed["channel"], isOpen: boolean, isNamespace: boolean): ChannelConfig {
  return {
    allowSubscribeForClient: options.allow_subscribe_for_client ?? isOpen,
    allowPublishForClient: options.allow_publish_for_client ?? isOpen,
    allowPublishForSubscriber: options.allow_publish_for_subscriber ?? false,
    allowUserLimitedChannels: options.allow_user_limited_channels ?? false,
    publisherInfo: options.publisher_info ?? isNamespace,
    historySize: options.history_size ?? 0,
    historyTtl: options.history_ttl ?? 300,
    forcePositioning: options.force_positioning ?? false,
    forceRecovery: options.force_recovery ?? false,
    allowHistoryForClient: options.allow_history_for_client ?? isOpen,
    presence: options.presence ?? false,
    allowPresenceForClient: options.allow_presence_for_client ?? isOpen,
    joinLeave: options.join_leave ?? false,
    forcePushJoinLeave: options.force_push_join_leave ?? false,
    delta: options.delta ?? false,
    publishRate: options.publish_rate ?? 0,
    maxSubscribers: options.max_subscribers ?? 0,
    slowPolicy: options.slow_policy ?? "close",
  };
}
