import type { Clock } from "../../core/clock.ts";
import type { NodeSettings } from "../options.ts";
import { JwksKeys } from "./jwks.ts";
import { type KeySource, PemKeys, SecretKey } from "./keys.ts";
import { TokenVerifier } from "./verify.ts";

type TokenSettings = Pick<
  NodeSettings,
  "tokenHmacSecret" | "tokenPublicKeys" | "tokenJwksUrl" | "tokenAudience" | "tokenIssuer" | "tokenLeewayS"
>;

/** A verifier with every key that `settings` name; undefined without any. */
export function verifierOf(settings: TokenSettings, clock: Clock): TokenVerifier | undefined {
  const { tokenHmacSecret, tokenPublicKeys, tokenJwksUrl } = settings;
  const keys: readonly KeySource[] = [
    ...(tokenHmacSecret === "" ? [] : [new SecretKey(tokenHmacSecret)]),
    ...(tokenPublicKeys === "" ? [] : [new PemKeys(tokenPublicKeys)]),
    ...(tokenJwksUrl === "" ? [] : [new JwksKeys(tokenJwksUrl, clock)]),
  ];
  if (keys.length === 0) return undefined;
  const { tokenAudience: audience, tokenIssuer: issuer, tokenLeewayS: leewayS } = settings;
  return new TokenVerifier({ keys, audience, issuer, leewayS, clock });
}
