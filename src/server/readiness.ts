import type { Session } from "./session.ts";

/** Whether clients should come to this node. */
export interface Readiness {
  readonly isReady: boolean;
  /** Why not, for people. */
  readonly cause: string | undefined;
}

/** Ready: not draining, and what is published comes back. */
export function readinessOf(isDraining: boolean, session: Session, probeTimeoutMs: number): Readiness {
  const cause = causeOf(isDraining, session, probeTimeoutMs);
  return { isReady: cause === undefined, cause };
}

function causeOf(isDraining: boolean, session: Session, probeTimeoutMs: number): string | undefined {
  const { backend, probe, membership, formats } = session;
  if (isDraining) return "draining";
  if (backend.state !== "ready") return `backend ${backend.state}: ${backend.trouble ?? "no details"}`;
  if (!membership.mayWrite) return `no beat was acknowledged for ${membership.fenceMs} ms`;
  if (formats.cause !== undefined) return formats.cause;
  if (!probe.isFresh(probeTimeoutMs)) return `nothing published came back within ${probeTimeoutMs} ms`;
  return undefined;
}
