/** One line of Shoal's client protocol, read the slow and general way. */
import { objectOf, parseObject } from "../../targets/target.ts";

/** One line from the server, read. */
export type Incoming =
  | { readonly kind: "ping" }
  | { readonly kind: "result"; readonly id: number; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: "error"; readonly id: number; readonly code: number; readonly message: string }
  | { readonly kind: "publication"; readonly channel: string; readonly data: unknown }
  | { readonly kind: "push" }
  | { readonly kind: "garbage"; readonly text: string };

/** Reads one line. Never throws: what cannot be read is `garbage`. */
export function readLine(line: string): Incoming {
  if (line === "{}") return { kind: "ping" };
  const message = parseObject(line);
  if (typeof message["id"] === "number") return readReply(message["id"], message);
  if (message["push"] !== undefined) return readPush(objectOf(message["push"]));
  return { kind: "garbage", text: line.slice(0, 200) };
}

function readReply(id: number, message: Readonly<Record<string, unknown>>): Incoming {
  if (message["error"] === undefined) return { kind: "result", id, result: message };
  const error = objectOf(message["error"]);
  return { kind: "error", id, code: Number(error["code"]), message: String(error["message"]) };
}

function readPush(push: Readonly<Record<string, unknown>>): Incoming {
  if (typeof push["channel"] !== "string" || push["pub"] === undefined) return { kind: "push" };
  return { kind: "publication", channel: push["channel"], data: objectOf(push["pub"])["data"] };
}
