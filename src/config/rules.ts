/** What options demand of each other. */
import type * as z from "zod";
import { isLoopbackHost } from "./address.ts";
import type { configSchema, OptionName } from "./schema.ts";

/** Options after zod, in snake_case; those with faults of their own are missing. */
export type Values = Partial<z.output<typeof configSchema>>;

/** A demand that is not met: the option to blame, and what it should be. */
export interface Breach {
  readonly name: OptionName;
  readonly problem: string;
}

const OPEN_DANGER = "without a token key only this machine may be served; set SHOAL_TOKEN_HMAC_SECRET " +
  "(token_hmac_secret), or insecure to serve anyone";

/** All demands between options that `values` break; a demand on an option that is missing waits for its repair. */
export function breaches(values: Values): readonly Breach[] {
  return [
    ...ordered(values, "pong_timeout_ms", "ping_interval_ms"),
    ...ordered(values, "node_suspect_ms", "node_dead_ms"),
    ...ordered(values, "beat_interval_ms", "node_suspect_ms"),
    ...messageBreaches(values),
    ...portBreaches(values),
    ...redisBreaches(values),
    ...openBreaches(values),
    ...hookBreaches(values),
    ...namespaceBreaches(values),
    ...channelBreaches(values),
    ...personalBreaches(values),
    ...keyBreaches(values),
  ];
}

type NumberOption = {
  [Key in OptionName]-?: Values[Key] extends number | undefined ? Key : never;
}[OptionName];

function ordered(values: Values, small: NumberOption, large: NumberOption): readonly Breach[] {
  const [less, more] = [values[small], values[large]];
  if (less === undefined || more === undefined || less < more) return [];
  return [{ name: small, problem: `want less than ${large}, which is ${more}` }];
}

function messageBreaches({ max_message_bytes: message, outbox_bytes: outbox }: Values): readonly Breach[] {
  if (message === undefined || outbox === undefined || message <= outbox) return [];
  // A larger message would close each of its subscribers as slow.
  return [{ name: "max_message_bytes", problem: `want at most outbox_bytes, which is ${outbox}` }];
}

function portBreaches({ port, shared_port: shared }: Values): readonly Breach[] {
  if (!shared || shared !== port) return [];
  return [{ name: "shared_port", problem: "want another port than port, or 0 for none" }];
}

/** One place for Redis. With sentinels `redis_url` only says how to log in. */
function redisBreaches(values: Values): readonly Breach[] {
  const [first, second] = (["redis_urls", "redis_cluster", "redis_sentinels"] as const)
    .filter((name) => values[name]?.length);
  const other = second ?? (values.redis_url && first !== "redis_sentinels" ? "redis_url" : undefined);
  if (first === undefined || other === undefined) return [];
  return [{ name: first, problem: `want none beside ${other}: each says which Redis to use` }];
}

function openBreaches(values: Values): readonly Breach[] {
  // A key or a switch that is itself at fault says nothing of what is meant.
  const keys = [
    values.token_hmac_secret,
    values.token_public_keys,
    values.token_jwks_url,
    values.hooks_connect_url,
  ];
  if (keys.some((key) => key !== "") || values.insecure !== false) return [];
  const found: Breach[] = [];
  if (values.host !== undefined && !isLoopbackHost(values.host)) {
    found.push({ name: "host", problem: OPEN_DANGER });
  }
  if (values.trusted_proxies?.length) found.push({ name: "trusted_proxies", problem: OPEN_DANGER });
  return found;
}

function hookBreaches({ hooks_refresh_url: refresh, hooks_connect_url: connect }: Values): readonly Breach[] {
  if (!refresh || connect !== "") return [];
  return [{
    name: "hooks_refresh_url",
    problem: "want hooks_connect_url too: it is what lets such connections in",
  }];
}

function namespaceBreaches({ namespaces = [] }: Values): readonly Breach[] {
  const names = namespaces.map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twice].map((name) => ({
    name: "namespaces",
    problem: `want each name once: "${name}" is there twice`,
  }));
}

function channelBreaches({ channel, namespaces = [] }: Values): readonly Breach[] {
  const own = channel === undefined ? [] : channelProblems(channel);
  return [
    ...own.map((problem) => ({ name: "channel" as const, problem })),
    ...namespaces.flatMap((namespace) =>
      channelProblems(namespace).map((problem) => ({
        name: "namespaces" as const,
        problem: `namespace "${namespace.name}": ${problem}`,
      }))
    ),
  ];
}

type ChannelValues = NonNullable<Values["channel"]>;

function channelProblems(options: ChannelValues): readonly string[] {
  const wantsPosition = options.force_recovery || options.force_positioning;
  const found: string[] = [];
  if (wantsPosition && !options.history_size) {
    found.push("want history_size above 0 where force_recovery or force_positioning is on");
  }
  if (options.force_push_join_leave && !options.join_leave) {
    found.push("want join_leave where force_push_join_leave is on");
  }
  // A subscriber that is promised everything, or gets differences, cannot skip a publication.
  if ((options.slow_policy ?? "close") !== "close" && (wantsPosition || options.delta)) {
    found.push(`want slow_policy "close" where force_recovery, force_positioning or delta is on`);
  }
  return found;
}

function personalBreaches(
  { user_personal_channel_namespace: wanted, namespaces = [] }: Values,
): readonly Breach[] {
  if (!wanted || namespaces.some(({ name }) => name === wanted)) return [];
  return [{ name: "user_personal_channel_namespace", problem: "want the name of a namespace in namespaces" }];
}

/** Two keys of one name cannot be told apart in logs, and of two equal keys only one would count. */
function keyBreaches({ api_keys: keys = [] }: Values): readonly Breach[] {
  const isTwice = (values: readonly string[]) => new Set(values).size < values.length;
  const found: Breach[] = [];
  if (isTwice(keys.map(({ name }) => name))) {
    found.push({ name: "api_keys", problem: "want each name once" });
  }
  if (isTwice(keys.map(({ key }) => key))) found.push({ name: "api_keys", problem: "want each key once" });
  return found;
}
