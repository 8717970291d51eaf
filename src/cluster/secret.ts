/** Secrets between processes of one machine. */

/** 32 random bytes as 64 hex digits. */
export function randomSecret(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}
