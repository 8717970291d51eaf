/**
 * What an application says before a node does what a client wants. A hook may answer at once or later, but before
 * `hooks_timeout_ms`; it throws a `ClientError` to refuse with an error, a `CloseError` to end the connection, and
 * whatever else it throws is logged and answered with 100. Hooks of different commands run side by side; those of one
 * connection on one channel run one after the other, in the order of its commands.
 */

/** The client that a hook is about. */
export interface HookClient {
  /** Its id. */
  readonly client: string;
  /** "" for anonymous. */
  readonly user: string;
  readonly workspace: string;
}

/** What comes with every call that waits for an answer. */
interface Asked {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A client that wants in. */
export interface ConnectContext extends HookClient, Asked {
  /** A token of this user has been verified; else nothing is known of the client but what it says itself. */
  readonly hasToken: boolean;
  /** What the client calls itself, and its version. */
  readonly name: string;
  readonly version: string;
  /** What the client sent with its connect. */
  readonly data: unknown;
  /** Headers that the client's library emulates. Nobody has checked them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One capability, as in a token. */
export interface CapabilityGrant {
  readonly channels?: readonly string[] | undefined;
  readonly match?: "exact" | "wildcard" | "regex" | undefined;
  readonly allow: readonly string[];
}

/** What a client gets when it is let in; what is left out stays as its token says. */
export interface ConnectAnswer {
  /** Who it is. Without a token a client is only let in if this is set; "" lets it in as anonymous. */
  readonly user?: string | undefined;
  /** What others see as `conn_info`. */
  readonly info?: unknown;
  /** More channels that it is subscribed to. */
  readonly channels?: readonly string[] | undefined;
  /** In place of those of the token. */
  readonly caps?: readonly CapabilityGrant[] | undefined;
  /** When the connection expires; milliseconds since 1970. */
  readonly expiresAtMs?: number | undefined;
  /** For the client, in the answer to its connect. */
  readonly data?: unknown;
}

/** A connection without a token is about to expire. */
export interface RefreshContext extends HookClient, Asked {}

/** Whether it may stay. */
export interface RefreshAnswer {
  /** Until then; milliseconds since 1970. */
  readonly expiresAtMs?: number | undefined;
  /** It may not, and is closed (3005). So it is without `expiresAtMs`. */
  readonly expired?: boolean | undefined;
}

/** A client that wants to subscribe. */
export interface SubscribeContext extends HookClient, Asked {
  readonly channel: string;
  /** What the client sent with its subscribe. */
  readonly data: unknown;
  /** What options, capabilities and subscription token say; the answer may overrule it. */
  readonly isAllowed: boolean;
}

/** What a subscriber gets. */
export interface SubscribeAnswer {
  /** Overrules what options and tokens say; without it, that stands. */
  readonly allow?: boolean | undefined;
  /** What others see as `chan_info`. */
  readonly info?: unknown;
  /** When the subscription expires; milliseconds since 1970. */
  readonly expiresAtMs?: number | undefined;
  /** For the client, in the answer to its subscribe. */
  readonly data?: unknown;
}

/** A client that wants to publish. */
export interface PublishContext extends HookClient, Asked {
  readonly channel: string;
  readonly data: unknown;
  /** What options and capabilities say; the answer may overrule it. */
  readonly isAllowed: boolean;
}

/** What becomes of a publication. */
export interface PublishAnswer {
  /** Overrules what options and capabilities say; without it, that stands. */
  readonly allow?: boolean | undefined;
  /** Published in place of what the client sent. */
  readonly data?: unknown;
}

/** A client that calls a method. */
export interface RpcContext extends HookClient, Asked {
  readonly method: string;
  readonly data: unknown;
}

/** The result of a call. */
export interface RpcAnswer {
  readonly data: unknown;
}

/** A connection that has ended. */
export interface DisconnectContext extends HookClient {
  /** Close code. */
  readonly code: number;
  readonly reason: string;
}

/** No answer: things stand as they were. */
type Hook<C, A> = (context: C) => A | undefined | void | Promise<A | undefined | void>;

/** What an application may answer; all are optional. */
export interface Hooks {
  readonly onConnect?: Hook<ConnectContext, ConnectAnswer> | undefined;
  readonly onRefresh?: Hook<RefreshContext, RefreshAnswer> | undefined;
  readonly onSubscribe?: Hook<SubscribeContext, SubscribeAnswer> | undefined;
  readonly onPublish?: Hook<PublishContext, PublishAnswer> | undefined;
  /** Answers calls of methods that nobody registered; without an answer they are refused with 104. */
  readonly onRpc?: Hook<RpcContext, RpcAnswer> | undefined;
  /** Is told, and not waited for. */
  readonly onDisconnect?: ((context: DisconnectContext) => void | Promise<void>) | undefined;
  /** Whether the client sees, and may call, a function of a service that its token allows. */
  readonly isFunctionVisible?:
    | ((caller: HookClient, target: { readonly service: string; readonly function: string }) => boolean)
    | undefined;
}

/** Names of the hooks that are asked and waited for. */
export type AskedHook = "onConnect" | "onRefresh" | "onSubscribe" | "onPublish" | "onRpc";

/** What a hook is told, but for the signal. */
export type Question<N extends AskedHook> = Omit<Parameters<NonNullable<Hooks[N]>>[0], "signal">;

/** What a hook answers. */
export type AnswerOf<N extends AskedHook> = Exclude<Awaited<ReturnType<NonNullable<Hooks[N]>>>, void>;
