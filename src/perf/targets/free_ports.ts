import { StartError } from "./start_error.ts";

/** Below the range from which the system picks ports of outgoing connections. */
const FIRST_PORT = 18_080;
const LAST_PORT = 28_000;

/** The first of `count` neighbouring ports that nobody has. Throws {@linkcode StartError}. */
export function findFreePorts(count: number): number {
  for (let port = FIRST_PORT; port + count <= LAST_PORT; port += count) {
    if (Array.from({ length: count }, (_, at) => port + at).every(isFree)) return port;
  }
  throw new StartError(
    `No ${count} neighbouring ports are free between ${FIRST_PORT} and ${LAST_PORT}`,
  );
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
