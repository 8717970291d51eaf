/** Who reads a {@linkcode ByteStream}. Called one after the other; none may throw. */
export interface ByteReader {
  /** `bytes` may be changed, and are overwritten after the call: keep a copy. */
  onBytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** The peer will send no more; it may still read. */
  onEnd(): void;
  /** What was queued has gone to the kernel. */
  onDrain(): void;
  /** The connection is gone. Called exactly once, never within a call to the stream. */
  onClose(): void;
}

/** One accepted TCP connection. No method throws; after the end all of them do nothing. */
export interface ByteStream {
  /** Address of the peer, without port. */
  readonly remoteAddress: string;
  /** Bytes written and not yet taken by the kernel; the one being taken counts whole. */
  readonly pendingBytes: number;
  /** Names who reads from now on; the first call starts the reading. */
  read(reader: ByteReader): void;
  /** Stops reading, so that the peer must wait; {@linkcode resume} goes on. */
  pause(): void;
  resume(): void;
  /** Queues `bytes`, which nobody may change any more. The queue has no bound of its own. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Ends our half behind what is queued. */
  end(): void;
  /** Frees the descriptor at once. */
  destroy(): void;
}
