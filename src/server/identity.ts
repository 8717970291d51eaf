import { clientInfoJson } from "../protocol/client_info.ts";

/** Whom a connection speaks for, once its connect was accepted. */
export interface Identity {
  /** "" for anonymous. */
  readonly user: string;
  readonly workspace: string;
  /** Raw JSON that other clients see as `conn_info`. */
  readonly connInfo: string | undefined;
  /** Channels it is subscribed to without asking. */
  readonly channels: readonly string[];
  /** What it may do beside channels: `msg`, direct messages; `srv`, services. */
  readonly grants: ReadonlySet<string>;
  /** Wall clock in milliseconds at which the connection expires unless it is refreshed; undefined: never. */
  readonly expiresAtMs: number | undefined;
}

/** The workspace of those who name none. */
export const DEFAULT_WORKSPACE = "default";

/** A client may refresh its token for this long after it has expired. */
export const EXPIRY_GRACE_MS = 25_000;

const noGrants: ReadonlySet<string> = new Set();

/** Somebody without a token. */
export function anonymous(workspace: string): Identity {
  return { user: "", workspace, connInfo: undefined, channels: [], grants: noGrants, expiresAtMs: undefined };
}

/** What goes beside the data of a client's publications: `"info":{...}`. */
export function publisherFields(identity: Identity, client: string): string {
  return `"info":${clientInfoJson({ user: identity.user, client, connInfo: identity.connInfo })}`;
}
