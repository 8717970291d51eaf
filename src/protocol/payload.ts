import { ClientError } from "../core/errors.ts";

/** Raw JSON for a value that an application hands over. Throws `TypeError` for what JSON cannot say (undefined, a
 * function, a cycle, a BigInt). */
export function payloadOf(value: unknown): string {
  const json: string | undefined = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`Cannot send ${typeof value}: JSON has no such value`);
  return json;
}

/** The payload of a publish command: one line of raw JSON. Throws 107 when `data` was left out. */
export function requirePayload(raw: string | undefined): string {
  if (raw === undefined) throw new ClientError("badRequest", { detail: "data is missing" });
  // Within a string neither can stand as it is. Between tokens they are white space in JSON, and the end of a line to
  // whoever reads lines or an event stream.
  return raw.includes("\r") || raw.includes("\n") ? raw.replaceAll(/[\r\n]/g, " ") : raw;
}
