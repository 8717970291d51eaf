/**
 * Tokens of clients.
 *
 * @module
 */
export { mintToken, type TokenClaims } from "./mint.ts";
