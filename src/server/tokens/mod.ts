/**
 * Tokens of clients.
 *
 * @module
 */
export { verifierOf } from "./configured.ts";
export { mintToken, type SigningKey, signingKey, type TokenClaims } from "./mint.ts";
