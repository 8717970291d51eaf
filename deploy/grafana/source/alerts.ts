/** Alerts: what is measured, from where on it is a reason to wake somebody, and which page says what to do. */
import { increase, metric, quantile, rate } from "./promql.ts";

/** One alert. It fires where `measure` is `op` `threshold` for as long as `lasts`. */
export interface AlertRule {
  readonly alert: string;
  readonly severity: "critical" | "warning" | "info";
  readonly measure: string;
  readonly op: ">" | "<" | "==";
  readonly threshold: number;
  readonly lasts: string;
  /** For people; may hold `{{ $labels.instance }}` and `{{ $value }}`. */
  readonly summary: string;
}

const NODE = "{{ $labels.instance }}";
const LONG = "5m";

/** The alerts of `alerts.yml`. */
export const alertRules: readonly AlertRule[] = [
  {
    alert: "ShoalNoNodeReady",
    severity: "critical",
    measure: `sum(${metric("shoal_ready")}) or vector(0)`,
    op: "==",
    threshold: 0,
    lasts: "15s",
    summary: "No node takes clients",
  },
  {
    alert: "ShoalNodeDown",
    severity: "critical",
    measure: 'up{job="shoal"}',
    op: "==",
    threshold: 0,
    lasts: "1m",
    summary: `${NODE} does not answer /metrics`,
  },
  {
    alert: "ShoalNodeNotReady",
    severity: "critical",
    measure: `${metric("shoal_ready")} + ${metric("shoal_draining")}`,
    op: "==",
    threshold: 0,
    lasts: "1m",
    summary: `${NODE} runs, but takes no clients and does not drain`,
  },
  {
    alert: "ShoalBackendLost",
    severity: "critical",
    measure: metric("shoal_backend_up"),
    op: "==",
    threshold: 0,
    lasts: "30s",
    summary: `${NODE} does not reach its backend`,
  },
  {
    alert: "ShoalBackendFlapping",
    severity: "warning",
    measure: increase("shoal_backend_losses_total", "", "15m"),
    op: ">",
    threshold: 2,
    lasts: "0s",
    summary: `${NODE} lost its backend {{ $value }} times in 15 minutes`,
  },
  {
    alert: "ShoalPubSubSlow",
    severity: "warning",
    measure: quantile(0.99, "shoal_pubsub_lag_seconds", { by: "instance", window: LONG }),
    op: ">",
    threshold: 0.25,
    lasts: "5m",
    summary: `p99 of pub/sub out and back on ${NODE} is {{ $value }} s`,
  },
  {
    alert: "ShoalBackendSlow",
    severity: "warning",
    measure: quantile(0.99, "shoal_backend_latency_seconds", { by: "instance", window: LONG }),
    op: ">",
    threshold: 0.25,
    lasts: "5m",
    summary: `p99 of a beat on ${NODE} is {{ $value }} s`,
  },
  {
    alert: "ShoalSubscriptionsUnconfirmed",
    severity: "warning",
    measure: `${metric("shoal_subscriptions_desired")} - ${metric("shoal_subscriptions_confirmed")}`,
    op: ">",
    threshold: 0,
    lasts: "2m",
    summary: `{{ $value }} channels of ${NODE} are wanted and not confirmed`,
  },
  {
    alert: "ShoalEventLoopBlocked",
    severity: "warning",
    measure: quantile(0.99, "shoal_eventloop_lag_seconds", { by: "instance", window: LONG }),
    op: ">",
    threshold: 0.1,
    lasts: "5m",
    summary: `p99 of the event-loop lag on ${NODE} is {{ $value }} s`,
  },
  {
    alert: "ShoalCpuSaturated",
    severity: "warning",
    measure: rate("process_cpu_seconds_total", "", LONG),
    op: ">",
    threshold: 0.9,
    lasts: "10m",
    summary: `${NODE} uses {{ $value }} cores; its JavaScript has one`,
  },
  {
    alert: "ShoalMemoryHigh",
    severity: "warning",
    measure: metric("node_memory_usage_bytes"),
    op: ">",
    threshold: 1.5e9,
    lasts: "10m",
    summary: `${NODE} uses {{ $value | humanize1024 }}B`,
  },
  {
    alert: "ShoalConnectionsNearLimit",
    severity: "warning",
    measure: `${metric("websocket_active_connections")} / ${metric("shoal_connection_limit")}`,
    op: ">",
    threshold: 0.85,
    lasts: "5m",
    summary: `${NODE} has {{ $value | humanizePercentage }} of the connections it may have`,
  },
  {
    alert: "ShoalConnectionsRefused",
    severity: "critical",
    measure: rate("shoal_connections_refused_total", "", LONG),
    op: ">",
    threshold: 0,
    lasts: "1m",
    summary: `${NODE} turns clients away: it is full`,
  },
  {
    alert: "ShoalDescriptorsNearLimit",
    severity: "warning",
    measure: `${metric("shoal_open_descriptors")} / ${metric("shoal_descriptor_limit")}`,
    op: ">",
    threshold: 0.92,
    lasts: "5m",
    summary: `${NODE} uses {{ $value | humanizePercentage }} of its descriptors`,
  },
  {
    alert: "ShoalListenerLost",
    severity: "warning",
    measure: increase("shoal_listeners_reopened_total", "", "15m"),
    op: ">",
    threshold: 0,
    lasts: "0s",
    summary: `${NODE} lost a listener and opened it again`,
  },
  {
    alert: "ShoalSlowClients",
    severity: "warning",
    measure: rate("shoal_connections_closed_total", '{code="3008"}', LONG),
    op: ">",
    threshold: 1,
    lasts: "5m",
    summary: `${NODE} closes {{ $value }} connections a second that do not read`,
  },
  {
    alert: "ShoalClientsVanish",
    severity: "warning",
    measure: rate("shoal_connections_closed_total", '{code="3012"}', LONG),
    op: ">",
    threshold: 5,
    lasts: "5m",
    summary: `${NODE} closes {{ $value }} connections a second that answer no ping`,
  },
  {
    alert: "ShoalInternalErrors",
    severity: "warning",
    measure: rate("shoal_command_errors_total", '{code="100"}', LONG),
    op: ">",
    threshold: 1,
    lasts: "5m",
    summary: `${NODE} answers {{ $value }} commands a second with an internal error`,
  },
  {
    alert: "ShoalRecoveriesFail",
    severity: "warning",
    measure: rate("shoal_recoveries_total", '{result="unrecovered"}', LONG),
    op: ">",
    threshold: 1,
    lasts: "5m",
    summary: `On ${NODE} {{ $value }} subscribers a second come back too late to get what they missed`,
  },
  {
    alert: "ShoalPositionsLost",
    severity: "warning",
    measure: rate("shoal_positions_lost_total", "", LONG),
    op: ">",
    threshold: 1,
    lasts: "5m",
    summary: `On ${NODE} {{ $value }} subscriptions a second miss a publication and start over`,
  },
  {
    alert: "ShoalUnevenConnections",
    severity: "info",
    measure: `max(${metric("websocket_active_connections")}) / clamp_min(avg(${
      metric("websocket_active_connections")
    }), 100)`,
    op: ">",
    threshold: 2,
    lasts: "30m",
    summary: "The fullest node has {{ $value }} times the average of connections",
  },
  {
    alert: "ShoalNodeReaped",
    severity: "warning",
    measure: increase("shoal_nodes_reaped_total", "", "15m"),
    op: ">",
    threshold: 0,
    lasts: "0s",
    summary: `A node died; ${NODE} cleaned up after it`,
  },
  {
    alert: "ShoalNodeBuriedAlive",
    severity: "warning",
    measure: increase("shoal_burials_total", "", "15m"),
    op: ">",
    threshold: 0,
    lasts: "0s",
    summary: `The cluster declared ${NODE} dead while it lived`,
  },
  {
    alert: "ShoalNodeRestarts",
    severity: "warning",
    measure: `changes(${metric("process_start_time_seconds")}[30m])`,
    op: ">",
    threshold: 2,
    lasts: "0s",
    summary: `${NODE} started {{ $value }} times more in 30 minutes`,
  },
  {
    alert: "ShoalLogsSuppressed",
    severity: "info",
    measure: increase("shoal_log_suppressed_total", "", "15m"),
    op: ">",
    threshold: 0,
    lasts: "0s",
    summary: `${NODE} left out {{ $value }} log records that repeated too fast`,
  },
];

/** The expression of an alert in Prometheus. */
export function exprOf({ measure, op, threshold }: AlertRule): string {
  return `(${measure}) ${op} ${threshold}`;
}

/** The page that says what to do, from the root of the repo; one heading an alert. */
export function runbookOf({ alert }: AlertRule): string {
  return `docs/operations.md#${alert.toLowerCase()}`;
}
