/** Hooks that ask the team's backend over HTTP, in the words of the wire. */
import type { Clock } from "../../core/clock.ts";
import { ClientError, CloseError } from "../../core/errors.ts";
import { Slots } from "../../core/slots.ts";
import type { HookAnswer, HookKind, HookResult } from "../../protocol/hook_answers.ts";
import type { NodeSettings } from "../options.ts";
import { HookHttpClient } from "./hook_client.ts";
import type { HookClient, Hooks } from "./hooks.ts";

/** So many may wait for each that is under way. */
const WAITING_FOR_EACH = 16;

type HookSettings = Pick<
  NodeSettings,
  | "hooksConnectUrl"
  | "hooksRefreshUrl"
  | "hooksSubscribeUrl"
  | "hooksPublishUrl"
  | "hooksRpcUrl"
  | "hooksSecret"
  | "hooksTimeoutMs"
  | "hooksMaxConcurrent"
>;

type Ask<K extends HookKind> = (
  context: HookClient & { readonly signal: AbortSignal },
  more: Readonly<Record<string, unknown>>,
) => Promise<HookResult<K> | undefined>;

/** The hooks that have a URL in `settings`. */
export function httpHooks(settings: HookSettings, clock: Pick<Clock, "monotonicMs">): Hooks {
  const most = settings.hooksMaxConcurrent;
  const slots = new Slots(most, most * WAITING_FOR_EACH);
  const asker = <K extends HookKind>(kind: K, url: string): Ask<K> | undefined => {
    if (url === "") return undefined;
    const { hooksSecret: secret, hooksTimeoutMs: timeoutMs } = settings;
    return askerOf(new HookHttpClient({ kind, url, secret, timeoutMs, clock, slots }));
  };
  return {
    onConnect: connectHook(asker("connect", settings.hooksConnectUrl)),
    onRefresh: refreshHook(asker("refresh", settings.hooksRefreshUrl)),
    onSubscribe: subscribeHook(asker("subscribe", settings.hooksSubscribeUrl)),
    onPublish: publishHook(asker("publish", settings.hooksPublishUrl)),
    onRpc: rpcHook(asker("rpc", settings.hooksRpcUrl)),
  };
}

function askerOf<K extends HookKind>(http: HookHttpClient<K>): Ask<K> {
  return async ({ client, user, workspace, signal }, more) =>
    resultOf(await http.ask({ client, user, workspace, ...more }, signal));
}

/** Throws what the answer wants the client to meet. */
function resultOf<K extends HookKind>(
  { result, error, disconnect }: HookAnswer<K>,
): HookResult<K> | undefined {
  if (disconnect !== undefined) throw new CloseError(disconnect);
  if (error === undefined) return result;
  const { code, message, temporary: isTemporary } = error;
  throw new ClientError({ code, message, isTemporary, status: 403 });
}

function connectHook(ask: Ask<"connect"> | undefined): Hooks["onConnect"] {
  return ask && (async (context) => {
    const { hasToken, name, version, data, headers } = context;
    const result = await ask(context, { has_token: hasToken, name, version, data, headers });
    return result && withExpiry(result);
  });
}

function refreshHook(ask: Ask<"refresh"> | undefined): Hooks["onRefresh"] {
  return ask && (async (context) => {
    const result = await ask(context, {});
    return result && withExpiry(result);
  });
}

function subscribeHook(ask: Ask<"subscribe"> | undefined): Hooks["onSubscribe"] {
  return ask && (async (context) => {
    const { channel, data, isAllowed } = context;
    const result = await ask(context, { channel, data, allowed: isAllowed });
    return result && withExpiry(result);
  });
}

function publishHook(ask: Ask<"publish"> | undefined): Hooks["onPublish"] {
  return ask && ((context) => {
    const { channel, data, isAllowed } = context;
    return ask(context, { channel, data, allowed: isAllowed });
  });
}

function rpcHook(ask: Ask<"rpc"> | undefined): Hooks["onRpc"] {
  return ask && ((context) => {
    const { method, data } = context;
    return ask(context, { method, data }).then((result) => result && { data: result.data ?? null });
  });
}

/** The wire speaks of seconds. */
function withExpiry<R extends { readonly expire_at?: number | undefined }>({ expire_at, ...rest }: R) {
  return { ...rest, expiresAtMs: expire_at === undefined ? undefined : expire_at * 1000 };
}
