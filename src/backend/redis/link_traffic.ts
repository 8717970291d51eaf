import type { BackendTraffic } from "../backend.ts";

/** What links have carried, added up over reconnects. */
export class LinkTraffic implements BackendTraffic {
  connections = 0;
  commands = 0;
  sentBytes = 0;
  receivedBytes = 0;
  countedPublications = 0;
  nodesTouched = 0;

  /** A publication reached so many nodes. */
  countReach(nodes: number): void {
    this.countedPublications++;
    this.nodesTouched += nodes;
  }
}

/** Both together. */
export function sumOf(a: BackendTraffic, b: BackendTraffic): BackendTraffic {
  return {
    connections: a.connections + b.connections,
    commands: a.commands + b.commands,
    sentBytes: a.sentBytes + b.sentBytes,
    receivedBytes: a.receivedBytes + b.receivedBytes,
    countedPublications: a.countedPublications + b.countedPublications,
    nodesTouched: a.nodesTouched + b.nodesTouched,
  };
}
