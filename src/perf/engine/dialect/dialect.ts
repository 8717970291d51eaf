/** What is spoken on a connection, as an engine needs it. */
import type { VirtualClient } from "../virtual_client.ts";
import type { MessageTemplate } from "../template.ts";

/** What one message does. */
export type Operation = "request" | "publish";

/** One way to speak: stateless but for `Client.notes`, shared by all clients of a process. */
export interface Dialect {
  readonly framing: "ws" | "http";
  /** False when answers never have a body (HEAD). */
  readonly hasBodies: boolean;
  /** The connection is open: say hello, and call `client.greeted()` when messages may be sent. */
  greet(client: VirtualClient): void;
  /** A message came, in `bytes` from `from` to `to`. */
  onMessage(client: VirtualClient, bytes: Uint8Array, from: number, to: number): void;
  /** An HTTP response is complete. */
  onStatus(client: VirtualClient, status: number): void;
  /** The template of a message of payload size `size`. */
  template(operation: Operation, size: number): MessageTemplate;
  /** Message `index` has left on `client`. */
  noteSent(client: VirtualClient, index: number): void;
}
