/** Where to listen. */
export interface ListenAt {
  readonly hostname: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** True on the port that several nodes share. */
  readonly isShared: boolean;
  /** True on an own port beside which the successor of this node may listen for a while. */
  readonly mayOverlap: boolean;
}

/** An open listener. */
export interface Listener {
  readonly hostname: string;
  /** The real port, never 0. */
  readonly port: number;
  /** Refuses new connections at once. Those it has accepted live on until {@linkcode Transport.close}. */
  close(): void;
}

/** A way to speak HTTP and WebSocket; `tcp/` is it. */
export interface Transport {
  /**
   * Listens. Rejects when the address cannot be bound. `onLost` is called, at most once, when the listener stops
   * accepting without having been closed; connections taken before live on.
   */
  listen(at: ListenAt, onLost: (cause: unknown) => void): Promise<Listener>;
  /** WebSockets that are open or closing. */
  readonly socketCount: number;
  /**
   * Terminates every WebSocket, stops all timers, and resolves when the requests under way are answered; what is left
   * after `graceMs` is cut. Close its listeners before. May be called again meanwhile: each call resolves then.
   */
  close(graceMs: number): Promise<void>;
}
