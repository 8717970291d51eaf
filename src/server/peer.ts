import type { CloseName } from "../core/errors.ts";

/** An open socket of any kind, as far as the node's own end is concerned. */
export interface Peer {
  /** What it is owed and its socket has not taken, in bytes. */
  readonly owedBytes: number;
  /** Ends it. Does nothing when it has ended. */
  end(close: CloseName): void;
}
