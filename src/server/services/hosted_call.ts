import type { NodeId } from "../../core/ids.ts";
import type { ClientError } from "../../core/errors.ts";
import type { Span } from "../../tracing/mod.ts";
import type { Client } from "../context.ts";
import type { LocalOffer } from "./local_offer.ts";

/** A client of this node that offers services. */
export interface LocalProvider {
  readonly connection: Client;
  readonly offers: Map<string, LocalOffer>;
  /** By the ids that the provider knows. */
  readonly calls: Map<string, HostedCall>;
}

/** A call that runs at a provider of this node. */
export interface HostedCall {
  /** What the provider calls it; no other host's call has the same. */
  readonly id: string;
  /** Counts the calls of the host. */
  readonly number: number;
  /** The node of the caller, and what that calls it. */
  readonly origin: NodeId;
  readonly key: number;
  readonly provider: LocalProvider;
  readonly offer: LocalOffer;
  readonly timeoutMs: number;
  /** When something moved last, on the monotonic clock. */
  movedMs: number;
  /** Undefined for a call that wants one value. */
  readonly stream: HostedStream | undefined;
  /** Ends with the call; undefined where nobody traces. */
  readonly span: Span | undefined;
  /** Tells the caller's node how a call that wants one value came out; does nothing for a stream. */
  settle(value: string | undefined, error: ClientError | undefined): void;
}

/** How far a stream is. */
export interface HostedStream {
  /** Items that may still come. */
  credit: number;
  /** Items that have come. */
  count: number;
}
