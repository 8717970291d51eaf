/** Plain counters of one node's traffic: cheap to add to on the hot path, read by statistics and metrics. */
export class Traffic {
  /** Messages that clients sent (commands, app messages). */
  messagesIn = 0;
  /** Lines that were sent to clients (replies, pushes, app messages). */
  messagesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Frames that were sent; `messagesOut / framesOut` is the coalescing ratio. */
  framesOut = 0;
  /** Publications that clients of this node made and the backend took. */
  publications = 0;
  connectionsOpened = 0;
  /** Clients that were turned away because the node was full. */
  connectionsRefused = 0;
  /** Dead nodes that this node cleaned up after. */
  reaps = 0;
  /** Publications that slow subscribers did not get: too many waited, or a later one of their key came. */
  publicationsDropped = 0;
  publicationsConflated = 0;
  /** Subscriptions that missed something and had to start over. */
  positionsLost = 0;
  /** Subscribers who asked for what they missed, by whether they got it all. */
  readonly recoveries = new Map<"recovered" | "unrecovered", number>();
  /** Closes by code, whoever asked for them. */
  readonly closes = new Map<number, number>();
  /** Error replies by code. */
  readonly errors = new Map<number, number>();

  /** `undefined` when nothing was asked for. */
  countRecovery(isRecovered: boolean | undefined): void {
    if (isRecovered === undefined) return;
    const result = isRecovered ? "recovered" : "unrecovered";
    this.recoveries.set(result, (this.recoveries.get(result) ?? 0) + 1);
  }

  countClose(code: number): void {
    this.closes.set(code, (this.closes.get(code) ?? 0) + 1);
  }

  countError(code: number): void {
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
  }
}
