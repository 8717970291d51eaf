/** Options of tokens: the keys they are checked by, and what they must say. */
import { parsePublicKeys } from "../../core/public_keys.ts";
import { isServiceUrl } from "../address.ts";
import { boolean, integer, text } from "../option.ts";

/** How clients prove who they are. */
export const tokens = {
  token_hmac_secret: text({
    initial: "",
    wants: "at least 32 bytes (`openssl rand -hex 32` makes one), or nothing",
    isWanted: (value) => value === "" || new TextEncoder().encode(value).length >= 32,
    secrecy: "whole",
    text:
      "Shared key of HS256, HS384 and HS512 tokens. Without any key a node is in open mode: clients need no " +
      "token, and only this machine is served.",
  }),
  token_public_keys: text({
    initial: "",
    wants: "1 to 8 public keys (RSA, EC, Ed25519) as PEM, or nothing",
    isWanted: (value) => value === "" || hasPublicKeys(value),
    mayBeFile: true,
    text:
      "Public keys of RS*, PS*, ES* and EdDSA tokens; the kind of a key decides which signatures it checks. " +
      "`SHOAL_TOKEN_PUBLIC_KEYS_FILE` names a file.",
  }),
  token_jwks_url: text({
    initial: "",
    wants: "an https URL (http only on a loopback host), or nothing",
    isWanted: (value) => value === "" || isServiceUrl(value, "https"),
    text:
      "JWKS with the public keys of tokens. Kept for 10 minutes, up to an hour while it cannot be fetched, and " +
      "fetched again when a token names an unknown key.",
  }),
  token_audience: text({
    initial: "",
    wants: "at most 255 characters",
    isWanted: (value) => value.length <= 255,
    text: "`aud` that every token must carry; empty asks for none.",
  }),
  token_issuer: text({
    initial: "",
    wants: "at most 255 characters",
    isWanted: (value) => value.length <= 255,
    text: "`iss` that every token must carry; empty asks for none.",
  }),
  token_leeway_s: integer({
    min: 0,
    max: 300,
    initial: 0,
    unit: "s",
    text: "By how much the clocks of those who sign tokens may differ from a node's.",
  }),
  allow_rpc_for_client: boolean({
    initial: true,
    text: "Every client may call the application's rpc methods; else the token must allow `rpc`.",
  }),
};

function hasPublicKeys(value: string): boolean {
  try {
    return parsePublicKeys(value).length > 0;
  } catch {
    return false; // the fault says what is wanted; the text may be a private key, so nothing of it is quoted
  }
}
