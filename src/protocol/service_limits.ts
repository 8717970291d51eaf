/** Numbers of the services that clients of any kind meet. */

/** A call without `timeout_ms` ends after this long, milliseconds; the official SDKs wait as long for an rpc. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** Longest `timeout_ms`. */
export const MAX_TIMEOUT_MS = 600_000;

/** A stream without `timeout_ms` ends when nothing moved in it for this long, milliseconds. */
export const DEFAULT_IDLE_MS = 30_000;

/** Items that a stream may send before its caller has granted any. */
export const FIRST_CREDIT = 64;

/** Items that a caller may have granted and not yet received; more is cut off. */
export const MAX_CREDIT = 4_096;
