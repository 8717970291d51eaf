/** Which targets are on this machine. */
import { addressOf, type Target } from "./target.ts";

/** Whether `target` listens on a loopback address. */
export function isLoopback(target: Target): boolean {
  const { hostname } = addressOf(target);
  return hostname === "localhost" || hostname === "::1" || hostname.startsWith("127.");
}
