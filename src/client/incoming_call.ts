/** Who calls. */
export interface ServiceCaller {
  /** "" or absent for anonymous callers, and for callers over HTTP with an API key. */
  readonly user?: string;
  /** Absent for callers over HTTP. */
  readonly client?: string;
  readonly conn_info?: unknown;
}

/** A call as a function with `handle` gets it. */
export interface IncomingCall {
  /** An array for positional arguments, else any JSON value. */
  readonly args: unknown;
  readonly caller: ServiceCaller;
  /** How long the caller waits, milliseconds from now; for a stream: how long it bears silence. */
  readonly deadlineMs: number;
  /** W3C Trace Context of the call, where the cluster traces: a provider's own spans go on from it. */
  readonly traceparent?: string;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}
