import { randomText } from "../core/ids.ts";
import type { HeaderView } from "./access.ts";

const PLAUSIBLE = /^[\w.:-]{1,128}$/;

/** The id under which a request is logged: that of the proxy in front (`X-Request-ID`) when it looks like one, else a
 * new one. */
export function requestIdOf(headers: HeaderView): string {
  const given = headers.get("x-request-id");
  return given !== null && PLAUSIBLE.test(given) ? given : randomText(16);
}
