/** The Universal Scalability Law: X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)). */

/** Its parameters. */
export interface UslCurve {
  /** What one instance alone does. */
  readonly lambda: number;
  /** Contention: the share of work that has to queue up; at least 0. */
  readonly sigma: number;
  /** Coherency: what each pair of instances costs; at least 0. */
  readonly kappa: number;
}

/** What N instances do. */
export function uslThroughput({ lambda, sigma, kappa }: UslCurve, instances: number): number {
  return lambda * instances / (1 + sigma * (instances - 1) + kappa * instances * (instances - 1));
}

/** The number of instances with the highest throughput; infinite without coherency cost, at least 1. */
export function uslPeak({ sigma, kappa }: UslCurve): number {
  if (kappa <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.sqrt(Math.max(0, 1 - sigma) / kappa));
}

/** What holds a cluster of `instances` back most. */
export type DominantTerm = "contention" | "coherency" | "neither";

/** Below this share of the ideal neither term is worth a name. */
const NEGLIGIBLE = 0.02;

/** Names the larger of the two costs at `instances`; neither when both together take less than 2 %. */
export function dominantTerm({ sigma, kappa }: UslCurve, instances: number): DominantTerm {
  const contention = sigma * (instances - 1);
  const coherency = kappa * instances * (instances - 1);
  if (contention + coherency < NEGLIGIBLE) return "neither";
  return contention >= coherency ? "contention" : "coherency";
}
