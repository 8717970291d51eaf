import { acceptUntilEnded } from "../../core/accept_loop.ts";
import { MemoryHub } from "../memory/mod.ts";
import { Session } from "./session.ts";

/** Connections that have not yet said hello; more are hung up on. */
const MAX_STRANGERS = 64;
const ACCEPT_AGAIN_AFTER_MS = 100;

/** Where a hub listens and who may come in. */
export interface HubOptions {
  /** Loopback by default; nothing on this wire is encrypted. */
  readonly hostname?: string;
  /** 0, the default, picks a free port. */
  readonly port?: number;
  /** What a node must present; compared in constant time. At least 16 characters. */
  readonly secret: string;
  /** Shared with nodes inside this process, where there are any. */
  readonly hub?: MemoryHub;
  /** Takes a line for each connection that ended, with the reason, and for each that could not be accepted. */
  readonly log?: (line: string) => void;
}

/** A hub that is listening. */
export interface HubServer {
  readonly port: number;
  /** Ends the listener and every connection; its nodes see the hub's end. Idempotent. */
  close(): Promise<void>;
}

/** Serves a {@linkcode MemoryHub} to nodes over TCP. Throws when the port is taken or the secret is too short. */
export function serveHub(options: HubOptions): HubServer {
  if (options.secret.length < 16) {
    throw new RangeError("Cannot serve a hub: the secret wants 16 characters or more");
  }
  const listener = Deno.listen({ hostname: options.hostname ?? "127.0.0.1", port: options.port ?? 0 });
  const log = options.log ?? (() => {});
  const sessions = new Map<Session, Promise<void>>();
  const hub = options.hub ?? new MemoryHub();
  const onEnd = (session: Session, reason: string) => {
    sessions.delete(session);
    log(`Connection of ${session.node ?? "a stranger"} ended: ${reason}`);
  };
  const accept = (conn: Deno.TcpConn) => {
    if (countStrangers(sessions.keys()) >= MAX_STRANGERS) return conn.close();
    conn.setNoDelay();
    const session = new Session(conn, { hub, secret: options.secret, onEnd });
    sessions.set(session, session.run());
  };
  const accepting = new AbortController();
  const done = acceptUntilEnded(listener, {
    accept,
    onFailure: (cause) => log(`Cannot accept a node, trying again in ${ACCEPT_AGAIN_AFTER_MS} ms: ${cause}`),
    againMs: ACCEPT_AGAIN_AFTER_MS,
    ended: accepting.signal,
  });
  return { port: listener.addr.port, close };

  async function close(): Promise<void> {
    if (!accepting.signal.aborted) listener.close();
    accepting.abort();
    const runs = [...sessions.values()];
    for (const session of [...sessions.keys()]) session.end("the hub is closing");
    await Promise.all([done, ...runs]);
  }
}

function countStrangers(sessions: Iterable<Session>): number {
  let count = 0;
  for (const session of sessions) if (!session.node) count++;
  return count;
}
