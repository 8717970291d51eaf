/** Ports of the loopback address for servers of tests. */

/** Below the range that the system takes for outgoing connections: a port stays free while its node is down. */
const FIRST_PORT = 28_000;
const PORTS = 4_000;
/** The first port of a block is listened on for as long as this process lives: the others are nobody else's. */
const BLOCK = 50;

let nextPort = 0;
let blockEnd = 0;
/** The first ports of this process's blocks. */
const claims: Deno.Listener[] = [];
let nextBlock = Math.floor(Math.random() * PORTS / BLOCK);

/**
 * Ports of the loopback address that nobody listens on now. Two calls never give the same, nor do two processes at the
 * same time.
 */
export function unusedPorts(count: number): readonly number[] {
  return Array.from({ length: count }, () => unusedPort());
}

/** One port of {@linkcode unusedPorts}. */
export function unusedPort(): number {
  for (;;) {
    if (nextPort === blockEnd) claimBlock();
    const port = nextPort++;
    const listener = listenAt(port);
    listener?.close();
    if (listener !== undefined) return port;
  }
}

/** `count` free ports in a row. */
export function neighbours(count: number): readonly number[] {
  if (count >= BLOCK) throw new RangeError(`Cannot give ${count} ports in a row: a block has ${BLOCK - 1}`);
  for (;;) {
    const ports = unusedPorts(count);
    const first = ports[0] ?? 0;
    if (ports.every((port, at) => port === first + at)) return ports;
  }
}

/** Throws when every block is taken. */
function claimBlock(): void {
  for (let tries = 0; tries < PORTS / BLOCK; tries++) {
    const first = FIRST_PORT + (nextBlock++ * BLOCK) % PORTS;
    const claim = listenAt(first);
    if (claim === undefined) continue;
    claims.push(claim);
    nextPort = first + 1;
    blockEnd = first + BLOCK;
    return;
  }
  throw new Error(`Cannot find a free block of ports from ${FIRST_PORT} on: too many tests run at once`);
}

/** Listens on `port`; undefined when somebody else does. */
function listenAt(port: number): Deno.Listener | undefined {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}
