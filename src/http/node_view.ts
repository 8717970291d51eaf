/** What the endpoints of a node need to know of it; shapes are those that `GET /health` and `GET /stats` answer. */

/** Body of `GET /health`. */
export interface HealthReport {
  readonly status: "ok" | "draining" | "degraded";
  readonly node: string;
  readonly version: string;
  readonly uptime_s: number;
  readonly connections: number;
  readonly channels: number;
  readonly backend: { readonly kind: string; readonly state: string; readonly latency_ms: number | null };
  readonly draining: boolean;
}

/** Body of `GET /health/ready`; `cause` tells why a node is not. */
export interface ReadyReport {
  /** Who answers: while a node is replaced, two of them do. */
  readonly node?: string;
  readonly ready: boolean;
  readonly cause?: string;
}

/** One row of `GET /stats`. */
export interface NodeStats {
  readonly node: string;
  readonly address: string;
  readonly connections: number;
  readonly messages_in_per_s: number;
  readonly messages_out_per_s: number;
  readonly lag_ms: number;
  readonly rss_bytes: number;
  readonly cpu_percent: number;
}

/** Body of `GET /stats`: this node, and the live nodes of the cluster. */
export interface StatsReport {
  readonly node: NodeStats;
  readonly cluster: { readonly nodes: readonly NodeStats[] };
}

/** The node behind the endpoints. `health` and `ready` are asked at every probe, so they must be cheap. */
export interface NodeView {
  health(): HealthReport;
  ready(): ReadyReport;
  /** Rejects when the backend cannot say who is alive; answered as 503. */
  stats(): Promise<StatsReport>;
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
}
