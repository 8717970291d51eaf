import { createHash } from "node:crypto";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** What a server has to answer as `Sec-WebSocket-Accept` to `key` (RFC 6455, 4.2.2): base64. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(key + GUID).digest("base64");
}
