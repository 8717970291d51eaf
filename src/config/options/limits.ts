/** Options that bound what peers can use. */
import { integer } from "../option.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bounds in bytes and numbers. */
export const limits = {
  descriptor_limit: integer({
    min: 64,
    // Container runtimes hand out limits of more than a thousand million.
    max: 2_147_483_647,
    isZeroAllowed: true,
    initial: 0,
    unit: "descriptors",
    text: "Open files that the process may have (`ulimit -n`); 0 learns it at start.",
  }),
  max_connections: integer({
    min: 1,
    max: 10_000_000,
    isZeroAllowed: true,
    initial: 0,
    unit: "connections",
    text: "More are refused with 503; 0 is 90 % of `descriptor_limit`.",
  }),
  connects_per_s: integer({
    min: 1,
    max: 1_000_000,
    isZeroAllowed: true,
    initial: 0,
    unit: "connections/s",
    text: "New WebSockets of one node; more answer 503. 0 is no limit.",
  }),
  max_connections_per_address: integer({
    min: 1,
    max: 10_000_000,
    isZeroAllowed: true,
    initial: 0,
    unit: "connections",
    text:
      "WebSockets of one client address (of IPv6, of one /64) on one node; more answer 429. 0 is no limit.",
  }),
  max_connections_per_user: integer({
    min: 1,
    max: 1_000_000,
    isZeroAllowed: true,
    initial: 0,
    unit: "connections",
    text: "Connections of one user on one node; more are closed with 3504. 0 is no limit.",
  }),
  max_connections_per_workspace: integer({
    min: 1,
    max: 100_000_000,
    isZeroAllowed: true,
    initial: 0,
    unit: "connections",
    text:
      "Connections of one workspace on all nodes; more are closed with 3504. Costs each connect a round trip to " +
      "Redis. 0 is no limit.",
  }),
  commands_per_s: integer({
    min: 1,
    max: 1_000_000,
    isZeroAllowed: true,
    initial: 0,
    unit: "commands/s",
    text:
      "Commands of one connection; more answer error 111, and more than twice as many close it with 3013. 0 is no " +
      "limit.",
  }),
  bytes_per_s: integer({
    min: KIB,
    max: 1024 * MIB,
    isZeroAllowed: true,
    initial: 0,
    unit: "bytes/s",
    text: "What one connection may send; more closes it with 3013. 0 is no limit.",
  }),
  max_message_bytes: integer({
    min: KIB,
    max: 16 * MIB,
    initial: 64 * KIB,
    unit: "bytes",
    text: "Largest frame a client may send. At most `outbox_bytes`.",
  }),
  max_body_bytes: integer({
    min: KIB,
    max: 64 * MIB,
    initial: MIB,
    unit: "bytes",
    text: "Largest body of an HTTP request; more answers 413.",
  }),
  max_header_bytes: integer({
    min: 4 * KIB,
    max: MIB,
    initial: 16 * KIB,
    unit: "bytes",
    text: "All headers of a request; more answer 431.",
  }),
  outbox_bytes: integer({
    min: 16 * KIB,
    max: 1024 * MIB,
    initial: MIB,
    unit: "bytes",
    text: "What may wait for one slow connection; more closes it with 3008.",
  }),
  pending_connect_bytes: integer({
    min: KIB,
    max: 16 * MIB,
    initial: 64 * KIB,
    unit: "bytes",
    text: "Commands of one connection that may wait for its connect to be answered.",
  }),
  max_channels_per_connection: integer({
    min: 1,
    max: 65_536,
    initial: 128,
    unit: "channels",
    text: "Subscriptions of one connection; more answer error 106.",
  }),
  max_channel_name_length: integer({
    min: 1,
    max: 255,
    initial: 255,
    unit: "characters",
    text: "Longest name of a channel; longer ones answer error 107.",
  }),
  max_commands_in_flight: integer({
    min: 1,
    max: 65_536,
    initial: 1024,
    unit: "commands",
    text: "Commands of one connection that may be under way; more answer error 111.",
  }),
  recovery_max_publications: integer({
    min: 1,
    max: 1_000_000,
    initial: 10_000,
    unit: "publications",
    text: "A subscriber that missed more, or more than half of `outbox_bytes`, is told `recovered: false`.",
  }),
  history_max_page: integer({
    min: 1,
    max: 1_000_000,
    initial: 1000,
    unit: "publications",
    text: "Most publications of one answer to `history`; the client pages on.",
  }),
  memory_limit_mb: integer({
    min: 64,
    max: 1_048_576,
    isZeroAllowed: true,
    initial: 0,
    unit: "MB",
    text: "`cluster` drains and replaces a node that uses more; 0 is no limit.",
  }),
};

/** Bounds in time. */
export const times = {
  connect_timeout_ms: integer({
    min: 100,
    max: 600_000,
    initial: 10_000,
    unit: "ms",
    text: "A connection that has not sent connect by then is closed with 3502.",
  }),
  ping_interval_ms: integer({
    min: 100,
    max: 600_000,
    initial: 25_000,
    unit: "ms",
    text: "How often the server pings a connection.",
  }),
  pong_timeout_ms: integer({
    min: 50,
    max: 600_000,
    initial: 8000,
    unit: "ms",
    text: "A connection without a pong by then is closed with 3012. Less than `ping_interval_ms`.",
  }),
  header_timeout_ms: integer({
    min: 100,
    max: 600_000,
    initial: 10_000,
    unit: "ms",
    text: "The head of a request must be complete by then.",
  }),
  request_timeout_ms: integer({
    min: 100,
    max: 600_000,
    initial: 30_000,
    unit: "ms",
    text: "A whole request must have arrived by then.",
  }),
  position_check_interval_ms: integer({
    min: 100,
    max: 3_600_000,
    initial: 30_000,
    unit: "ms",
    text: "How often a node compares a quiet channel with the backend's history, if subscribers rely on it.",
  }),
  drain_rate_per_s: integer({
    min: 1,
    max: 1_000_000,
    initial: 500,
    unit: "connections/s",
    text: "A node that ends closes at least so many connections a second, and more to keep `drain_max_ms`.",
  }),
  drain_max_ms: integer({
    min: 0,
    max: 600_000,
    initial: 20_000,
    unit: "ms",
    text: "A node that ends has closed its connections by then.",
  }),
};
