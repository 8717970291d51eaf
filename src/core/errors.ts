/**
 * The one table of codes a client can meet. Errors answer a command; close codes end a connection and, by their
 * range, tell an SDK whether to come back (3000-3499 and 4000-4499) or not (3500-3999 and 4500-4999).
 */

/** One row of {@linkcode errorTable}: the number on the wire, its text, the HTTP status that means the same. */
export interface ErrorRow {
  readonly code: number;
  readonly message: string;
  readonly isTemporary: boolean;
  readonly status: number;
}

function row(code: number, message: string, status: number, isTemporary = false): ErrorRow {
  return { code, message, isTemporary, status };
}

/** Errors that answer a command, by name. From 404 on: what comes of reaching another client, its code as in HTTP. */
export const errorTable = {
  internal: row(100, "internal server error", 500, true),
  unauthorized: row(101, "unauthorized", 401),
  unknownChannel: row(102, "unknown channel", 404),
  permissionDenied: row(103, "permission denied", 403),
  methodNotFound: row(104, "method not found", 404),
  alreadySubscribed: row(105, "already subscribed", 409),
  limitExceeded: row(106, "limit exceeded", 429),
  badRequest: row(107, "bad request", 400),
  notAvailable: row(108, "not available", 404),
  tokenExpired: row(109, "token expired", 401),
  expired: row(110, "expired", 410),
  tooManyRequests: row(111, "too many requests", 429, true),
  unrecoverablePosition: row(112, "unrecoverable position", 416),
  concurrentPagination: row(113, "concurrent pagination", 409, true),
  notFound: row(404, "not found", 404),
  deadlineExceeded: row(408, "deadline exceeded", 408),
  gone: row(410, "gone", 410),
  tooLarge: row(413, "too large", 413),
  busy: row(429, "busy", 429, true),
  badAnswer: row(502, "bad answer", 502),
} as const satisfies Record<string, ErrorRow>;

/** The name of an error in {@linkcode errorTable}. */
export type ErrorName = keyof typeof errorTable;

/** Why a connection ends: the WebSocket close code and its short reason (at most 123 bytes). */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** Close codes by name; an SDK reconnects after 3000-3499 and stays away after 3500-3999. */
export const closeTable = {
  connectionClosed: { code: 3000, reason: "connection closed" },
  shutdown: { code: 3001, reason: "shutdown" },
  serverError: { code: 3004, reason: "internal server error" },
  connectionExpired: { code: 3005, reason: "connection expired" },
  subscriptionExpired: { code: 3006, reason: "subscription expired" },
  slow: { code: 3008, reason: "slow" },
  writeError: { code: 3009, reason: "write error" },
  insufficientState: { code: 3010, reason: "insufficient state" },
  forceReconnect: { code: 3011, reason: "force reconnect" },
  noPong: { code: 3012, reason: "no pong" },
  tooManyRequests: { code: 3013, reason: "too many requests" },
  stateInvalidated: { code: 3014, reason: "state invalidated" },
  invalidToken: { code: 3500, reason: "invalid token" },
  badRequest: { code: 3501, reason: "bad request" },
  stale: { code: 3502, reason: "stale" },
  forceDisconnect: { code: 3503, reason: "force disconnect" },
  connectionLimit: { code: 3504, reason: "connection limit" },
  channelLimit: { code: 3505, reason: "channel limit" },
  inappropriateProtocol: { code: 3506, reason: "inappropriate protocol" },
  permissionDenied: { code: 3507, reason: "permission denied" },
  notAvailable: { code: 3508, reason: "not available" },
  tooManyErrors: { code: 3509, reason: "too many errors" },
} as const satisfies Record<string, Close>;

/** Why the server ended one subscription; an SDK subscribes again after 2500 and above. */
export const unsubscribeTable = {
  server: { code: 2000, reason: "server unsubscribe" },
  insufficientState: { code: 2500, reason: "insufficient state" },
  subscriptionExpired: { code: 2501, reason: "subscription expired" },
  stateInvalidated: { code: 2502, reason: "state invalidated" },
} as const satisfies Record<string, Close>;

/** The name of a code in {@linkcode unsubscribeTable}. */
export type UnsubscribeName = keyof typeof unsubscribeTable;

/** The name of a close code in {@linkcode closeTable}. */
export type CloseName = keyof typeof closeTable;

/** An error that may be shown to a client: it carries a row of the table, or an application's own 400-1999. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: number;
  readonly isTemporary: boolean;
  readonly status: number;

  constructor(error: ErrorName | ErrorRow, options?: ErrorOptions & { readonly detail?: string }) {
    const row = typeof error === "string" ? errorTable[error] : error;
    super(options?.detail ? `${row.message}: ${options.detail}` : row.message, options);
    this.code = row.code;
    this.isTemporary = row.isTemporary;
    this.status = row.status;
  }
}

/** Thrown by a handler to end the connection with `close` in place of an answer. `detail` is for logs: no client sees it. */
export class CloseError extends Error {
  override readonly name = "CloseError";
  readonly close: Close;

  constructor(close: CloseName | Close, options?: ErrorOptions & { readonly detail?: string }) {
    const row = typeof close === "string" ? closeTable[close] : close;
    super(options?.detail ? `${row.reason}: ${options.detail}` : row.reason, options);
    this.close = row;
  }
}

/** Makes what was thrown presentable: a {@linkcode ClientError} as it is, all else as 100 with its cause kept. */
export function toClientError(thrown: unknown): ClientError {
  return thrown instanceof ClientError ? thrown : new ClientError("internal", { cause: thrown });
}
