/** The ring by which nginx's `hash ... consistent` chooses, written anew, so that a test can say what it must choose. */
import { crc32 } from "node:zlib";

const POINTS_PER_WEIGHT = 160;

/** Servers at their points of the ring. */
export class ConsistentHash {
  readonly #points: readonly { readonly at: number; readonly server: string }[];

  /** `servers` as `host:port`, all of one weight. */
  constructor(servers: readonly string[], weight: number) {
    const points = servers.flatMap((server) => pointsOf(server, weight * POINTS_PER_WEIGHT));
    this.#points = points.sort((a, b) => a.at - b.at);
  }

  /** The server that has `key`. */
  serverOf(key: string): string {
    const at = crc32(key);
    const found = this.#points.find((point) => point.at >= at) ?? this.#points[0];
    if (found === undefined) throw new RangeError("Cannot choose: there is no server");
    return found.server;
  }

  /** How many of `keys` each server has. */
  sharesOf(keys: readonly string[]): ReadonlyMap<string, number> {
    const shares = new Map(this.#points.map(({ server }) => [server, 0]));
    for (const key of keys) {
      const server = this.serverOf(key);
      shares.set(server, (shares.get(server) ?? 0) + 1);
    }
    return shares;
  }
}

function pointsOf(server: string, count: number) {
  const split = server.lastIndexOf(":");
  const base = crc32(`${server.slice(0, split)}\0${server.slice(split + 1)}`);
  const previous = new DataView(new ArrayBuffer(4));
  return Array.from({ length: count }, () => {
    const at = crc32(new Uint8Array(previous.buffer), base);
    previous.setUint32(0, at, true);
    return { at, server };
  });
}

/** `count` different keys of 32 hexadecimal digits, as nginx gives them out; the same for the same seed. */
export function stickyKeys(count: number, seed: number): readonly string[] {
  let state = seed;
  const word = () => {
    // A Weyl sequence through a 32-bit mixer: even enough for keys, and the same everywhere.
    state = (state + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    return ((mixed ^ (mixed >>> 13)) >>> 0).toString(16).padStart(8, "0");
  };
  return Array.from({ length: count }, () => word() + word() + word() + word());
}
