import type { NodeId } from "../../core/ids.ts";
import { readFormats } from "../../protocol/format.ts";
import type { ClientRecord, NodeRecord, NodeStats } from "../backend.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A node's record as its JSON in Redis; the id is in the key. */
export function writeNodeRecord({ node: _, ...rest }: NodeRecord): string {
  return JSON.stringify(rest);
}

/** Reads what {@linkcode writeNodeRecord} wrote, here or in another version; what that left out is empty. */
export function readNodeRecord(node: NodeId, text: string): NodeRecord {
  const fields = parse(text);
  return {
    node,
    address: textOf(fields, "address"),
    version: textOf(fields, "version"),
    pid: numberOf(fields, "pid"),
    startedMs: numberOf(fields, "startedMs"),
    isDraining: fields.isDraining === true,
    ...(fields.formats === undefined ? {} : { formats: readFormats(fields.formats) }),
    stats: readStats(isFields(fields.stats) ? fields.stats : {}),
  };
}

/** A client's record as its JSON in Redis; the id is the field's name. */
export function writeClientRecord({ client: _, ...rest }: ClientRecord): string {
  return JSON.stringify(rest);
}

/** Reads what {@linkcode writeClientRecord} wrote. */
export function readClientRecord(client: string, text: string): ClientRecord {
  const fields = parse(text);
  return {
    client,
    workspace: textOf(fields, "workspace"),
    user: textOf(fields, "user"),
    name: textOf(fields, "name"),
    connectedMs: numberOf(fields, "connectedMs"),
  };
}

function readStats(fields: Fields): NodeStats {
  return {
    connections: numberOf(fields, "connections"),
    channels: numberOf(fields, "channels"),
    messagesInPerSec: numberOf(fields, "messagesInPerSec"),
    messagesOutPerSec: numberOf(fields, "messagesOutPerSec"),
    lagMs: numberOf(fields, "lagMs"),
    rssBytes: numberOf(fields, "rssBytes"),
    cpuPercent: numberOf(fields, "cpuPercent"),
  };
}

/** Throws `SyntaxError` or `TypeError` when the text is no JSON object. */
function parse(text: string): Fields {
  const value: unknown = JSON.parse(text);
  if (isFields(value)) return value;
  throw new TypeError("Cannot read record in Redis: want a JSON object");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === "number" ? value : 0;
}
