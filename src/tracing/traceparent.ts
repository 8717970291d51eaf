/** The header and field by which a trace goes on at another process: W3C Trace Context, version 00. */
import type { SpanContext } from "@opentelemetry/api";

/** A later version may append fields, which a reader of this one passes over. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NOTHING = /^0+$/;
const MAX_CHARS = 256;
const OWN_VERSION = "00";

/** Reads a traceparent; undefined for none, and for whatever is not well-formed. */
export function parseTraceparent(text: string | null | undefined): SpanContext | undefined {
  if (text === null || text === undefined || text.length > MAX_CHARS) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || NOTHING.test(traceId) || NOTHING.test(spanId)) return undefined;
  if (version === OWN_VERSION && more !== undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** Writes a traceparent. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `${OWN_VERSION}-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}
