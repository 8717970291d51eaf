/** Makes tokens; what verifies them reads the same claims. */
import { createPrivateKey, createPublicKey } from "node:crypto";
// jose: JWT signing and verifying on Web Crypto, for every algorithm that tokens may use.
import { importPKCS8, SignJWT } from "jose";
import { parsePublicKeys } from "../../core/public_keys.ts";
import type { CapClaim } from "../../protocol/token_claims.ts";

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
  /** What the client may do, in channels too; beside `allow`. */
  readonly caps?: readonly Partial<CapClaim>[];
  /** What others see of the client, or with `channel` of the subscription. */
  readonly info?: unknown;
  /** Empty is none. */
  readonly audience?: string;
  /** Empty is none. */
  readonly issuer?: string;
}

/** A key to sign with, and the algorithm that it is for. */
export interface SigningKey {
  readonly algorithm: string;
  readonly key: Parameters<SignJWT["sign"]>[0];
}

/**
 * Reads a key to sign with: a private key as PEM (PKCS #8, PKCS #1 or SEC 1), or else a shared secret whose bytes in
 * UTF-8 are the key. Rejects with `TypeError` on an empty secret and a key of a wrong kind.
 */
export async function signingKey(text: string): Promise<SigningKey> {
  if (text === "") throw new TypeError("Cannot mint token: the secret is empty");
  if (!text.includes("-----BEGIN ")) return { algorithm: "HS256", key: new TextEncoder().encode(text) };
  let pem: string;
  try {
    pem = String(createPrivateKey(text).export({ type: "pkcs8", format: "pem" }));
  } catch (cause) {
    throw new TypeError("Cannot mint token: want a private key as PEM, without a passphrase", { cause });
  }
  const algorithm = algorithmOf(text);
  return { algorithm, key: await importPKCS8(pem, algorithm) };
}

/** The first algorithm that the public half of the key is for. */
function algorithmOf(privatePem: string): string {
  const spki = createPublicKey(privatePem).export({ type: "spki", format: "pem" });
  const [known] = parsePublicKeys(String(spki));
  return known?.algorithms[0] ?? "";
}

/** Signs `claims`; `key` is what {@linkcode signingKey} reads. */
export async function mintToken(claims: TokenClaims, key: string | SigningKey): Promise<string> {
  const { algorithm, key: signer } = typeof key === "string" ? await signingKey(key) : key;
  const token = new SignJWT(ownClaims(claims))
    .setProtectedHeader({ alg: algorithm, typ: "JWT" })
    .setSubject(claims.user)
    .setIssuedAt(claims.issuedAtS)
    .setExpirationTime(claims.expiresAtS);
  if (claims.audience) token.setAudience(claims.audience);
  if (claims.issuer) token.setIssuer(claims.issuer);
  return await token.sign(signer);
}

function ownClaims({ workspace, channel, channels, info, ...rights }: TokenClaims): Record<string, unknown> {
  const caps = capsOf(rights);
  return {
    ...(channels === undefined ? {} : { channels }),
    ...(caps.length === 0 ? {} : { caps }),
    ...(workspace === undefined ? {} : { workspace }),
    ...(channel === undefined ? {} : { channel }),
    ...(info === undefined ? {} : { info }),
  };
}

function capsOf({ allow, caps = [] }: Pick<TokenClaims, "allow" | "caps">): readonly unknown[] {
  return allow === undefined ? caps : [{ allow }, ...caps];
}
