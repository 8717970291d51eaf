/** Plain WebSocket apps: one handler per message, no protocol. Served at `/apps/<name>`. */
import type { Counters } from "../../backend/backend.ts";

/** One client of an app. */
export interface AppSession {
  /** Random id of this connection. */
  readonly id: string;
  /** Query of the URL. */
  readonly query: URLSearchParams;
  /** Counters that all nodes share. */
  readonly counters: Counters;
  /** Free for the app: what it wants to remember of this client. */
  state: unknown;
  /** Sends text or bytes as they are, anything else as JSON. */
  send(message: unknown): void;
  /** Hands every publication of `channel` (default workspace) to `take` as a parsed value, until the client leaves. */
  subscribe(channel: string, take: (data: unknown) => void): Promise<void>;
  /** Publishes any JSON value to `channel` (default workspace). Rejects with 100 when the backend did not take it. */
  publish(channel: string, data: unknown): Promise<void>;
  /** Ends the connection; use 4000-4499 (the client may return) or 4500-4999 (it should not). */
  close(code: number, reason: string): void;
}

/**
 * An app. Handlers of one client run one after the other, asynchronous ones included; clients do not wait for each
 * other. What a handler throws is logged and ends that client's connection with 3004.
 */
export interface App {
  open?(client: AppSession): void | Promise<void>;
  /** Text as a string, binary as bytes. */
  message(client: AppSession, message: string | Uint8Array<ArrayBuffer>): void | Promise<void>;
  close?(client: AppSession): void;
}

/** Declares an app; it only gives the handlers their types. */
export function defineApp(app: App): App {
  return app;
}
