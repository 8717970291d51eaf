/** What an error of Redis means beyond the command that met it. */
export type Refusal =
  /** Another server of the Cluster serves the slot; `address` is `host:port`, without a host when it is the same. */
  | { readonly kind: "moved"; readonly slot: number; readonly address: string }
  /** The slot is on its way to another server, or nobody serves it at the moment: the command was not run. */
  | { readonly kind: "unsettled" }
  /** This server is a replica now. */
  | { readonly kind: "demoted" }
  /** It takes no writes, for the reason that the error names; it may read and publish. */
  | { readonly kind: "readsOnly" };

/** Before Redis 7 an error inside a script is wrapped. */
const CODE = /^(?:ERR Error running script.*?-)?([A-Z]+) (?:(\d+) (\S+))?/;

/** Reads the text of an error; undefined when it concerns its command alone. */
export function refusalOf(message: string): Refusal | undefined {
  const [, code, slot, address = ""] = CODE.exec(message) ?? [];
  switch (code) {
    case "MOVED":
      return slot === undefined ? undefined : { kind: "moved", slot: Number(slot), address };
    case "ASK":
    case "TRYAGAIN":
    case "CLUSTERDOWN":
      return { kind: "unsettled" };
    case "READONLY":
      return { kind: "demoted" };
    case "OOM":
    case "MISCONF":
    case "NOREPLICAS":
      return { kind: "readsOnly" };
    default:
      return undefined;
  }
}
