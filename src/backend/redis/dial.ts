import type { RedisAddress } from "./redis_url.ts";

/** Connects to Redis. Rejects when that takes longer than `timeoutMs` or `signal` aborts. */
export async function dial(
  address: RedisAddress,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  const conn = await connect(address, timeoutMs, signal);
  conn.setNoDelay(true);
  if (!address.isTls) return conn;
  // The handshake runs with the first write, and so within the deadline of the first command.
  return await Deno.startTls(conn, { hostname: address.hostname, caCerts: [...address.caCerts] });
}

async function connect(
  { hostname, port }: RedisAddress,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const deadline = new AbortController();
  const abort = () => deadline.abort(new Error("closed"));
  const timer = setTimeout(
    () => deadline.abort(new Error(`no connection within ${timeoutMs} ms`)),
    timeoutMs,
  );
  signal.addEventListener("abort", abort);
  try {
    return await Deno.connect({ hostname, port, signal: deadline.signal });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** The first command of a connection: speak RESP3, log in, and be seen under `name` in CLIENT LIST. */
export function helloCommand(login: RedisAddress["login"], name: string | undefined): readonly string[] {
  const auth = login ? ["AUTH", login.user, login.password] : [];
  return ["HELLO", "3", ...auth, ...(name === undefined ? [] : ["SETNAME", name])];
}
