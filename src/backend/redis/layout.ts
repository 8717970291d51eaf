import { createHash } from "node:crypto";

/** Where a node looks for what: kept in every Redis of a cluster, and the same on all of its nodes, for ever. */
export type Layout =
  /** One Redis has all; how it is reached does not matter. */
  | { readonly kind: "one"; readonly partitions: number }
  /** A Redis Cluster. */
  | { readonly kind: "cluster"; readonly partitions: number }
  /** Number `index` (from 0) of several servers; `addresses` are those of all of them. */
  | {
    readonly kind: "shards";
    readonly partitions: number;
    readonly addresses: readonly string[];
    readonly index: number;
  };

/** A layout as Redis stores it. */
export function layoutText(layout: Layout): string {
  const { kind, partitions } = layout;
  switch (kind) {
    case "one":
      return String(partitions);
    case "cluster":
      return `${partitions} cluster`;
    case "shards": {
      const { addresses, index } = layout;
      return `${partitions} shards ${fingerprintOf(addresses)} ${index + 1}/${addresses.length}`;
    }
    default:
      return kind satisfies never;
  }
}

/** Why a node of layout `own` cannot work where `found` is stored under `key`; undefined when it can. */
export function layoutTrouble(found: string, own: string, key: string): string | undefined {
  if (found === own) return undefined;
  return `this cluster has ${words(found)} and this node ${words(own)}; ` +
    `give every node the same ${isNumberAlone(found, own) ? "number" : "settings"}, ` +
    `or stop all nodes and delete the key ${key}`;
}

function isNumberAlone(found: string, own: string): boolean {
  return !found.includes(" ") && !own.includes(" ");
}

function words(text: string): string {
  const [partitions, kind, fingerprint, place] = text.split(" ");
  if (kind === "cluster") return `${partitions} partitions on a Redis Cluster`;
  if (kind !== "shards") return `${partitions} partitions`;
  return `${partitions} partitions on the list ${fingerprint} of servers, of which this is ${place}`;
}

/** Tells lists of servers apart; the order counts. */
function fingerprintOf(addresses: readonly string[]): string {
  return createHash("sha256").update(addresses.join("\n")).digest("hex").slice(0, 8);
}
