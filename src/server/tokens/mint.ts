/** Makes tokens; what verifies them reads the same claims. */
// jose: JWT signing and verifying on Web Crypto, for every algorithm that tokens may use.
import { SignJWT } from "jose";

/** What a token says. With `channel` it is a subscription token, else a connection token. */
export interface TokenClaims {
  readonly user: string;
  /** Seconds since 1970. */
  readonly issuedAtS: number;
  /** Seconds since 1970. */
  readonly expiresAtS: number;
  readonly workspace?: string;
  readonly channel?: string;
  /** Server-side subscriptions. */
  readonly channels?: readonly string[];
  /** What the client may do beside channels: `msg` (direct messages), `srv` (services). */
  readonly allow?: readonly string[];
  /** Empty is none. */
  readonly audience?: string;
  /** Empty is none. */
  readonly issuer?: string;
}

/** Signs `claims` with HS256; the bytes of `secret` in UTF-8 are the key. Throws `TypeError` on an empty secret. */
export async function mintToken(claims: TokenClaims, secret: string): Promise<string> {
  if (secret === "") throw new TypeError("Cannot mint token: the secret is empty");
  const token = new SignJWT(ownClaims(claims))
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(claims.user)
    .setIssuedAt(claims.issuedAtS)
    .setExpirationTime(claims.expiresAtS);
  if (claims.audience) token.setAudience(claims.audience);
  if (claims.issuer) token.setIssuer(claims.issuer);
  return await token.sign(new TextEncoder().encode(secret));
}

function ownClaims({ workspace, channel, channels, allow }: TokenClaims): Record<string, unknown> {
  return {
    ...(channels === undefined ? {} : { channels }),
    ...(allow === undefined ? {} : { caps: [{ allow }] }),
    ...(workspace === undefined ? {} : { workspace }),
    ...(channel === undefined ? {} : { channel }),
  };
}
