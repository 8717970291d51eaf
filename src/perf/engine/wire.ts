/** The client protocol's text, as much of it as a load generator speaks: commands out, lines in. */
import { objectOf, parseObject } from "../targets/target.ts";

/** One line from the server, read. */
export type Incoming =
  | { readonly kind: "ping" }
  | { readonly kind: "result"; readonly id: number; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: "error"; readonly id: number; readonly code: number; readonly message: string }
  | { readonly kind: "publication"; readonly channel: string; readonly data: unknown }
  | { readonly kind: "push" }
  | { readonly kind: "garbage" };

/** Builds the commands of one payload; the constant part is made once. */
export class EchoCodec {
  readonly #commandTail: string;
  readonly #replyTail: string;
  readonly #payload: string;

  /** `payload`: text that goes out as the rpc's data and has to come back the same. */
  constructor(payload: string) {
    const data = JSON.stringify(payload);
    this.#payload = payload;
    this.#commandTail = `,"rpc":{"method":"echo","data":${data}}}`;
    this.#replyTail = `,"rpc":{"data":${data}}}`;
  }

  /** The command with `id`. */
  command(id: number): string {
    return `{"id":${id}${this.#commandTail}`;
  }

  /** The id of an untouched echo in its usual spelling, else 0; saves a JSON parse for nearly every line. */
  idOfEcho(line: string): number {
    if (!line.startsWith('{"id":') || !line.endsWith(this.#replyTail)) return 0;
    return readId(line, 6, line.length - this.#replyTail.length);
  }

  /** Whether a parsed rpc result is the echo of the payload. */
  isEcho(result: Readonly<Record<string, unknown>>): boolean {
    return objectOf(result["rpc"])["data"] === this.#payload;
  }
}

function readId(line: string, from: number, to: number): number {
  let id = 0;
  for (let at = from; at < to; at++) {
    const digit = line.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return 0;
    id = id * 10 + digit;
  }
  return id;
}

/** Reads one line. Never throws: what cannot be read is `garbage`. */
export function readLine(line: string): Incoming {
  if (line === "{}") return { kind: "ping" };
  const message = parseObject(line);
  if (typeof message["id"] === "number") return readReply(message["id"], message);
  if (message["push"] !== undefined) return readPush(objectOf(message["push"]));
  return { kind: "garbage" };
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

/** Calls `visit` for each line of a frame; allocates nothing for the usual frame of one line. */
export function forEachLine(frame: string, visit: (line: string) => void): void {
  let from = 0;
  for (let end = frame.indexOf("\n"); end >= 0; end = frame.indexOf("\n", from)) {
    if (end > from) visit(frame.slice(from, end));
    from = end + 1;
  }
  if (from < frame.length) visit(from === 0 ? frame : frame.slice(from));
}
