/** Connection tokens: JSON Web Tokens signed by the team's own backend. */
import { errors, jwtVerify } from "jose"; // jose: the JWT library of its field; verification is no place for our own
import { ClientError, CloseError } from "../../core/errors.ts";
import { WORKSPACE_ID } from "../../protocol/channel_name.ts";
import { DEFAULT_WORKSPACE, type Identity } from "../identity.ts";
import { grantsOf } from "./grants.ts";

/** What a token is held against. */
export interface TokenOptions {
  readonly hmacSecret: string;
  /** Required `aud`; "" takes any. */
  readonly audience: string;
  /** Required `iss`; "" takes any. */
  readonly issuer: string;
}

/** Checks tokens with one HMAC key. Safe to call concurrently. */
export class TokenVerifier {
  readonly #key: Uint8Array;
  readonly #options: TokenOptions;

  constructor(options: TokenOptions) {
    this.#key = new TextEncoder().encode(options.hmacSecret);
    this.#options = options;
  }

  /**
   * Whom `token` speaks for. `pathWorkspace` is the workspace that the URL named, if any.
   * Throws 109 when the token has expired; closes 3500 when it does not verify, 3507 when it is for another workspace.
   */
  async verify(token: string, pathWorkspace: string | undefined): Promise<Identity> {
    const { payload } = await this.#verified(token);
    // A subscription token is signed with the same key, and is no way in.
    if (payload.channel !== undefined) throw new CloseError("invalidToken");
    const workspace = payload.workspace ?? DEFAULT_WORKSPACE;
    if (typeof workspace !== "string" || !WORKSPACE_ID.test(workspace)) throw new CloseError("invalidToken");
    if (pathWorkspace !== undefined && pathWorkspace !== workspace) throw new CloseError("permissionDenied");
    return {
      user: payload.sub ?? "",
      workspace,
      connInfo: payload.info === undefined ? undefined : JSON.stringify(payload.info),
      ...grantsOf(payload),
      expiresAtMs: payload.exp === undefined ? undefined : payload.exp * 1000,
    };
  }

  async #verified(token: string): ReturnType<typeof jwtVerify> {
    const { audience, issuer } = this.#options;
    try {
      return await jwtVerify(token, this.#key, {
        algorithms: ["HS256", "HS384", "HS512"],
        ...(audience === "" ? {} : { audience }),
        ...(issuer === "" ? {} : { issuer }),
      });
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new ClientError("tokenExpired", { cause });
      throw new CloseError("invalidToken", { cause });
    }
  }
}
