/**
 * What nodes send each other. The first character is the format number: a node reads its own and the one before, and
 * drops what it cannot read. Publications are text and stay cheap: `1p<fields>\n<data>`, where `fields` are the JSON
 * fields that go beside `data`, ready to be copied into a push, and `data` is the payload as it was written.
 */

import { FORMAT, isKind, KIND_CHARS } from "./format.ts";

/** Letters of what there is. */
const KINDS = { publication: "p", probe: "q", positioned: "h", join: "j", leave: "l" } as const;

const PUBLICATION = FORMAT + KINDS.publication;
const PROBE = FORMAT + KINDS.probe;

/** A publication on its way between nodes. */
export interface PublicationEnvelope {
  /** Raw JSON of the payload; one line. */
  readonly data: string;
  /** JSON fields that accompany it (`"info":{...}`), without braces, or "". */
  readonly fields: string;
}

/** Packs a publication. Neither part may hold a newline in `fields`; JSON text without pretty-printing never does. */
export function encodePublication(data: string, fields: string): string {
  return `${PUBLICATION}${fields}\n${data}`;
}

/** Unpacks a publication; undefined for anything else. */
export function decodePublication(message: string): PublicationEnvelope | undefined {
  if (!isKind(message, KINDS.publication)) return undefined;
  const newline = message.indexOf("\n");
  if (newline < 0) return undefined;
  return { fields: message.slice(KIND_CHARS, newline), data: message.slice(newline + 1) };
}

const POSITIONED = FORMAT + KINDS.positioned;
const JOIN = FORMAT + KINDS.join;
const LEAVE = FORMAT + KINDS.leave;

/** A message with its place in the channel's history. */
export interface PositionedEnvelope {
  readonly offset: number;
  readonly epoch: string;
  /** The message as it was stored, for instance a publication. */
  readonly message: string;
}

/** Packs a stored message with its place: `1h<epoch> <offset>\n<message>`. An epoch has neither space nor newline. */
export function encodePositioned(epoch: string, offset: number, message: string): string {
  return `${POSITIONED}${epoch} ${offset}\n${message}`;
}

/** Unpacks a positioned message; undefined for anything else. */
export function decodePositioned(envelope: string): PositionedEnvelope | undefined {
  if (!isKind(envelope, KINDS.positioned)) return undefined;
  const newline = envelope.indexOf("\n");
  const space = envelope.indexOf(" ");
  if (space < 0 || newline < space) return undefined;
  const epoch = envelope.slice(KIND_CHARS, space);
  return { epoch, offset: Number(envelope.slice(space + 1, newline)), message: envelope.slice(newline + 1) };
}

/** Somebody joined a channel; `info` is JSON. */
export function encodeJoin(info: string): string {
  return JOIN + info;
}

/** Somebody left a channel; `info` is JSON. */
export function encodeLeave(info: string): string {
  return LEAVE + info;
}

/** Reads a join or a leave; undefined for anything else. */
export function decodePresence(
  message: string,
): { readonly kind: "join" | "leave"; readonly info: string } | undefined {
  if (isKind(message, KINDS.join)) return { kind: "join", info: message.slice(KIND_CHARS) };
  if (isKind(message, KINDS.leave)) return { kind: "leave", info: message.slice(KIND_CHARS) };
  return undefined;
}

/** A message of a node to itself, to see that what it publishes comes back. */
export function encodeProbe(sequence: number): string {
  return `${PROBE}${sequence}`;
}

/** The number of a probe; undefined for anything else. */
export function decodeProbe(message: string): number | undefined {
  return isKind(message, KINDS.probe) ? Number(message.slice(KIND_CHARS)) : undefined;
}
