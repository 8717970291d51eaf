import { slotCount } from "./hash_slot.ts";
import { asList, asNumber } from "./reply.ts";

/** A server as a Cluster names it. */
export interface SlotOwner {
  readonly hostname: string;
  readonly port: number;
}

/** The owner of each slot; undefined where nobody is known to serve it. */
export type SlotMap = readonly (SlotOwner | undefined)[];

/** Reads an answer to CLUSTER SLOTS; a server that does not know its own name has the one it was `asked` under. */
export function readSlotMap(answer: unknown, asked: SlotOwner): SlotMap {
  const map: (SlotOwner | undefined)[] = new Array(slotCount).fill(undefined);
  for (const range of asList(answer)) {
    const [from, to, master] = asList(range);
    const [host, port] = asList(master);
    const hostname = typeof host === "string" && host !== "" && host !== "?" ? host : asked.hostname;
    map.fill({ hostname, port: asNumber(port) }, asNumber(from), asNumber(to) + 1);
  }
  return map;
}

/** `host:port`, by which two owners are told apart. */
export function ownerText({ hostname, port }: SlotOwner): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Reads `host:port` as a redirection writes it; without a host it is that of the server that said so. */
export function readOwner(text: string, asked: SlotOwner): SlotOwner | undefined {
  const [, host = "", port] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) return undefined;
  return { hostname: host.replace(/^\[(.*)\]$/, "$1") || asked.hostname, port: Number(port) };
}
