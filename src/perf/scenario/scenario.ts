/** What a run does, complete: every field has its value. Presets, files and options are resolved into it. */
import type { PayloadSpec } from "./payload_spec.ts";

/** What one message is. */
export type Pattern =
  /** A request that brings its payload back: an rpc `echo` at Shoal, the message itself at plain servers. */
  | { readonly kind: "echo" }
  /** One channel; all connections are subscribed, the first `publishers` publish. */
  | { readonly kind: "broadcast"; readonly publishers: number }
  /** Channels of `size` members each; every member publishes. */
  | { readonly kind: "rooms"; readonly size: number }
  /** Every connection publishes into the channel of its neighbour, which is on another instance when there is one. */
  | { readonly kind: "direct" }
  /** An rpc with any method; an answer without error is enough. */
  | { readonly kind: "rpc"; readonly method: string }
  /** Messages of several kinds, by weight. */
  | {
    readonly kind: "mixed";
    readonly echo: number;
    readonly direct: number;
    readonly rooms: number;
    readonly size: number;
  }
  /** The matrix: a publisher and a subscriber on each instance, each subscriber on all channels. */
  | { readonly kind: "cross" };

/** What is spoken on a connection. */
export type Speech =
  /** Shoal's client protocol (Centrifugal JSON). */
  | { readonly kind: "shoal" }
  /** Any WebSocket: a message template and how its reply is known. */
  | {
    readonly kind: "plain";
    readonly message: string;
    readonly reply: ReplyRule;
    readonly hello: readonly string[];
  }
  /** Any HTTP URL: one request per message on connections that stay open. */
  | { readonly kind: "http"; readonly method: string; readonly body: string | undefined };

/** How a plain server's reply finds its message. */
export type ReplyRule =
  /** The message itself comes back, byte by byte. */
  | { readonly kind: "echo" }
  /** Replies come in the order of the messages. */
  | { readonly kind: "order" }
  /** The first group of this expression is the message's id. */
  | { readonly kind: "match"; readonly expression: string };

/** How connections are opened: a batch every `intervalMs`, at most `maxActiveBatches` of them unfinished. */
export interface RampPlan {
  readonly batch: number;
  readonly intervalMs: number;
  readonly maxActiveBatches: number;
  readonly connectTimeoutMs: number;
  /** Further attempts of one connection after a failed one. */
  readonly retries: number;
}

/** The rate moves in a straight line to `perSec` within `durationMs`. */
export interface Stage {
  readonly durationMs: number;
  readonly perSec: number;
}

/** Closed loop of `GET /health`, per instance; whichever bound is met first ends it. */
export interface HttpPart {
  /** Requests under way at any time. */
  readonly concurrency: number;
  readonly maxRequests: number;
  readonly maxMs: number;
}

/** Publications from each instance to subscribers on all instances, totals over all publishers. */
export interface CrossPart {
  readonly messages: number;
  readonly perSec: number;
}

/** One scenario, complete. */
export interface Scenario {
  readonly name: string;
  /** Open: messages leave by a plan, whatever the server does. Closed: each connection keeps `window` unanswered. */
  readonly model: "open" | "closed";
  readonly pattern: Pattern;
  readonly speech: Speech;
  /** Connections over all instances. */
  readonly connections: number;
  /** Measured messages over all connections; warm-up comes on top. A closed loop sends until its time is over. */
  readonly messages: number;
  /** Rate of the plan, and where the first stage starts from. */
  readonly perSec: number;
  /** Empty for a constant rate. */
  readonly stages: readonly Stage[];
  /** Length of the measured phase of a closed loop; of a plan what its messages take, milliseconds. */
  readonly durationMs: number;
  readonly payload: PayloadSpec;
  /** Unanswered messages a connection may have before it holds the next ones back; 0 for no bound (open only). */
  readonly window: number;
  readonly warmupMs: number;
  readonly ramp: RampPlan;
  /** Share of the connections closed and opened anew each second, 0 to 1. */
  readonly churnPerSec: number;
  /** Whether a connection that the server ended is opened anew, with backoff. */
  readonly reconnects: boolean;
  readonly http: HttpPart;
  readonly cross: CrossPart;
}
