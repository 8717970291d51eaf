/** What a server really needs of a WebSocket; `http/tcp/` offers it. */

/** Bytes that many sockets share: `text` is built once, `bytes` only where a transport wants them. */
export interface Frame {
  readonly text: string;
  /** True when it goes out as a binary message: then there are only `bytes`. */
  readonly isBinary: boolean;
  /** UTF-8 of `text`, made at the first call and kept. */
  bytes(): Uint8Array<ArrayBuffer>;
  /** The WebSocket frame around `text`, made at the first call and kept; not to be changed. */
  wire(): Uint8Array<ArrayBuffer>;
  /** Length of `text` in UTF-8 bytes. */
  readonly size: number;
}

/** One accepted WebSocket. No method throws; after the end all of them do nothing. */
export interface Socket {
  /** Queues one frame, text or binary. The queue has no bound of its own: look at `bufferedAmount` first. */
  send(frame: Frame): void;
  /** Queues one binary frame. */
  sendBinary(bytes: Uint8Array<ArrayBuffer>): void;
  /** Starts the closing handshake; 5 s later the socket is terminated. */
  close(code: number, reason: string): void;
  /** Frees the descriptor at once. */
  terminate(): void;
  /** Bytes queued and not yet taken by the kernel. */
  readonly bufferedAmount: number;
}

/** What a socket tells its owner. Called one after the other; none may throw. */
export interface SocketListener {
  onMessage(data: string | Uint8Array<ArrayBuffer>): void;
  /** Called exactly once, whoever ended it. */
  onClose(code: number, reason: string): void;
}

/** What is known of a client before its first message. */
export interface Handshake {
  /** Address of the client, without port: behind the proxies that are trusted. */
  readonly remoteAddress: string;
  /** Path without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Reads a request header, case-insensitive. */
  header(name: string): string | undefined;
}

/** Takes an open socket and answers who listens to it. */
export type Acceptor = (socket: Socket, handshake: Handshake) => SocketListener;
