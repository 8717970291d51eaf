/**
 * Tokens: JSON Web Tokens signed by the team's own backend. There are two kinds, and neither passes for the other: a
 * connection token lets in and says as whom, a subscription token opens one channel to one user.
 */
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose"; // jose: the JWT library of its field
import type { Clock } from "../../core/clock.ts";
import { ClientError, CloseError } from "../../core/errors.ts";
import { WORKSPACE_ID } from "../../protocol/channel_name.ts";
import { readConnectionClaims, readSubscriptionClaims } from "../../protocol/token_claims.ts";
import { Capabilities } from "../capabilities.ts";
import { DEFAULT_WORKSPACE, type Identity } from "../identity.ts";
import type { KeySource, TokenKey } from "./keys.ts";

/** Longer ones are refused before anything is computed. */
const MAX_TOKEN_LENGTH = 16_384;

/** What a token is held against. */
export interface TokenOptions {
  /** No two of them are for the same algorithm, or a token may be signed by either. */
  readonly keys: readonly KeySource[];
  /** Required `aud`; "" takes any. */
  readonly audience: string;
  /** Required `iss`; "" takes any. */
  readonly issuer: string;
  /** By how much clocks may differ, seconds. */
  readonly leewayS: number;
  readonly clock: Pick<Clock, "wallMs">;
}

/** What a subscription token gives. */
export interface SubscriptionGrant {
  readonly user: string;
  readonly workspace: string;
  readonly channel: string;
  /** Raw JSON that others see as `chan_info`. */
  readonly chanInfo: string | undefined;
  /** Wall clock, milliseconds; undefined: never. */
  readonly expiresAtMs: number | undefined;
}

/** Checks tokens. Safe to call concurrently. */
export class TokenVerifier {
  readonly #options: TokenOptions;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /**
   * Whom a connection token speaks for. `pathWorkspace` is the workspace that the URL named, if any.
   * Rejects with 109 when the token has expired, 100 when its key cannot be had now; closes 3500 when it does not
   * verify or is of the other kind, 3507 when it is for another workspace.
   */
  async verifyConnection(token: string, pathWorkspace: string | undefined): Promise<Identity> {
    const payload = await this.#verified(token);
    if (payload.channel !== undefined) throw invalid("it is a subscription token");
    const claims = readConnectionClaims(payload);
    if (claims === undefined) throw invalid("its claims cannot be read");
    const workspace = claims.workspace ?? DEFAULT_WORKSPACE;
    if (!WORKSPACE_ID.test(workspace)) throw invalid("its workspace is no name of one");
    if (pathWorkspace !== undefined && pathWorkspace !== workspace) {
      throw new CloseError("permissionDenied", { detail: `the token is for workspace "${workspace}"` });
    }
    return {
      user: payload.sub ?? "",
      workspace,
      connInfo: rawJson(payload.info),
      channels: [...new Set([...claims.channels, ...Object.keys(claims.subs)])],
      caps: capabilitiesOf(claims.caps),
      isOpen: false,
      expiresAtMs: millisecondsOf(payload.exp),
      isRefreshedByHook: false,
    };
  }

  /**
   * What a subscription token gives. Rejects with 109 when it has expired, 103 when it does not verify or is of the
   * other kind, 100 when its key cannot be had now.
   */
  async verifySubscription(token: string): Promise<SubscriptionGrant> {
    const payload = await this.#verified(token).catch(refuseSubscription);
    const claims = readSubscriptionClaims(payload);
    if (claims === undefined) throw wrongSubscription("it is no subscription token");
    return {
      user: payload.sub ?? "",
      workspace: claims.workspace ?? DEFAULT_WORKSPACE,
      channel: claims.channel,
      chanInfo: rawJson(payload.info),
      expiresAtMs: millisecondsOf(payload.exp),
    };
  }

  async #verified(token: string): Promise<JWTPayload> {
    if (token.length > MAX_TOKEN_LENGTH) throw invalid("it is too long");
    const header = headerOf(token);
    const source = this.#options.keys.find(({ algorithms }) => algorithms.includes(header.alg));
    if (source === undefined) throw invalid(`no key is for its algorithm, ${header.alg.slice(0, 16)}`);
    const sources = this.#options.keys.filter(({ algorithms }) => algorithms.includes(header.alg));
    const keys = (await Promise.all(sources.map((each) => each.keysFor(header)))).flat();
    return await this.#verifiedByAny(token, header.alg, keys);
  }

  /** Keys that the token does not name are tried one after the other; there are few. */
  async #verifiedByAny(token: string, algorithm: string, keys: readonly TokenKey[]): Promise<JWTPayload> {
    for (const key of keys) {
      try {
        return await this.#verifiedBy(token, algorithm, key);
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw presentable(error);
      }
    }
    throw invalid("no key verifies its signature");
  }

  async #verifiedBy(token: string, algorithm: string, key: TokenKey): Promise<JWTPayload> {
    const { audience, issuer, leewayS, clock } = this.#options;
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      clockTolerance: leewayS,
      currentDate: new Date(clock.wallMs()),
      ...(audience === "" ? {} : { audience }),
      ...(issuer === "" ? {} : { issuer }),
    });
    return payload;
  }
}

function headerOf(token: string): { readonly alg: string } & ReturnType<typeof decodeProtectedHeader> {
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch (cause) {
    throw invalid("it is no JWT", cause);
  }
  if (typeof header.alg !== "string") throw invalid("it names no algorithm");
  return { ...header, alg: header.alg };
}

function presentable(error: unknown): ClientError | CloseError {
  if (error instanceof errors.JWTExpired) return new ClientError("tokenExpired", { cause: error });
  return invalid(error instanceof Error ? error.message : "it does not verify", error);
}

function invalid(detail: string, cause?: unknown): CloseError {
  return new CloseError("invalidToken", { detail, cause });
}

/** A wrong subscription token costs the subscription, not the connection. */
function refuseSubscription(error: unknown): never {
  if (error instanceof CloseError) throw wrongSubscription("the subscription token does not verify", error);
  throw error;
}

function wrongSubscription(detail: string, cause?: unknown): ClientError {
  return new ClientError("permissionDenied", { detail, cause });
}

function capabilitiesOf(claims: ConstructorParameters<typeof Capabilities>[0]): Capabilities {
  try {
    return new Capabilities(claims);
  } catch (cause) {
    // A pattern that cannot be read: better no way in than a way with fewer rights than was meant.
    throw invalid("its capabilities cannot be read", cause);
  }
}

function rawJson(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function millisecondsOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
