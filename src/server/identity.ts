import { clientInfoJson } from "../protocol/client_info.ts";
import { type Capabilities, noCapabilities } from "./capabilities.ts";

/** Whom a connection speaks for, once its connect was accepted. */
export interface Identity {
  /** "" for anonymous. */
  readonly user: string;
  readonly workspace: string;
  /** Raw JSON that other clients see as `conn_info`. */
  readonly connInfo: string | undefined;
  /** Channels it is subscribed to without asking. */
  readonly channels: readonly string[];
  /** What it may do beyond what everybody may. */
  readonly caps: Capabilities;
  /** Nobody was asked who it is. */
  readonly isOpen: boolean;
  /** Wall clock in milliseconds at which the connection expires unless it is refreshed; undefined: never. */
  readonly expiresAtMs: number | undefined;
  /** A hook is asked whether it may stay, in place of the client for a new token. */
  readonly isRefreshedByHook: boolean;
}

/** The workspace of those who name none. */
export const DEFAULT_WORKSPACE = "default";

/** A client may refresh its token for this long after it has expired. */
export const EXPIRY_GRACE_MS = 25_000;

/** Somebody without a token; `isOpen` where nobody needs one. */
export function anonymous(workspace: string, isOpen: boolean): Identity {
  return {
    user: "",
    workspace,
    connInfo: undefined,
    channels: [],
    caps: noCapabilities,
    isOpen,
    expiresAtMs: undefined,
    isRefreshedByHook: false,
  };
}

/** What goes beside the data of a client's publications: `"info":{...}`. */
export function publisherFields(identity: Identity, client: string, chanInfo?: string): string {
  const { user, connInfo } = identity;
  return `"info":${clientInfoJson({ user, client, connInfo, chanInfo })}`;
}
