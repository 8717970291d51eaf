/** Ports of the loopback address for servers of tests. */

/** Below the range that the system takes for outgoing connections: a port stays free while its node is down. */
const FIRST_PORT = 28_000;
const PORTS = 4_000;

let nextPort = FIRST_PORT + Math.floor(Math.random() * PORTS);

/** Ports of the loopback address that nobody listens on now; two calls never give the same. */
export function unusedPorts(count: number): readonly number[] {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count && tries < PORTS; tries++) {
    const port = FIRST_PORT + (nextPort++ - FIRST_PORT) % PORTS;
    if (isUnused(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`Cannot find ${count} free ports from ${FIRST_PORT} on`);
  return ports;
}

/** One port of {@linkcode unusedPorts}. */
export function unusedPort(): number {
  return unusedPorts(1)[0] ?? 0;
}

function isUnused(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/** `count` free ports in a row. */
export function neighbours(count: number): readonly number[] {
  for (let tries = 0; tries < PORTS; tries++) {
    const ports = unusedPorts(count);
    const first = ports[0] ?? 0;
    if (ports.every((port, at) => port === first + at)) return ports;
  }
  throw new Error(`Cannot find ${count} free ports in a row from ${FIRST_PORT} on`);
}
