/**
 * How nodes learn that an offer of a service came or went: one message to every node, told by the step that changed it.
 * `1s<workspace> <epoch> <number> <sign><service>/<client>\n<descriptor>`; names hold no space and no slash.
 */
import { FORMAT, isKind, KIND_CHARS } from "./format.ts";

const KIND = "s";
const CHANGE = FORMAT + KIND;
const HEAD = /^(\S+) (\S+) (\d{1,15}) ([+-])([^/\s]+)\/(\S+)$/;

/** A state of a workspace's offers: `number` counts changes within one `epoch`. */
export interface OffersVersion {
  readonly epoch: string;
  readonly number: number;
}

/** One offer came, changed or went. */
export interface ServiceChange {
  readonly workspace: string;
  /** The state after the change. */
  readonly version: OffersVersion;
  readonly service: string;
  readonly client: string;
  /** JSON; undefined when the offer went. */
  readonly descriptor: string | undefined;
}

/** What a change begins with; Lua appends the rest. */
export const SERVICE_CHANGE_HEAD = CHANGE;

/** Writes a change. */
export function encodeServiceChange(change: ServiceChange): string {
  const { workspace, version: { epoch, number }, service, client, descriptor } = change;
  const sign = descriptor === undefined ? "-" : "+";
  return `${CHANGE}${workspace} ${epoch} ${number} ${sign}${service}/${client}\n${descriptor ?? ""}`;
}

/** Whether `message` is a change. */
export function isServiceChange(message: string): boolean {
  return isKind(message, KIND);
}

/** Reads a change; undefined for anything that is none. */
export function decodeServiceChange(message: string): ServiceChange | undefined {
  const newline = message.indexOf("\n");
  if (newline < 0 || !isServiceChange(message)) return undefined;
  const match = HEAD.exec(message.slice(KIND_CHARS, newline));
  if (match === null) return undefined;
  const [, workspace = "", epoch = "", number = "", sign, service = "", client = ""] = match;
  const descriptor = sign === "+" ? message.slice(newline + 1) : undefined;
  return { workspace, version: { epoch, number: Number(number) }, service, client, descriptor };
}
