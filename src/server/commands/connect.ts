import { ClientError, CloseError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { EXPIRY_GRACE_MS, type Identity } from "../identity.ts";

/** What a client calls itself is for people; this much of it is kept. */
const MAX_NAME_LENGTH = 64;

/** Lets a client in: with a token that verifies, or, in open mode, without one. */
export function connect(connection: Client, command: CommandOf<"connect">): void | Promise<void> {
  if (connection.phase !== "fresh") throw new CloseError("badRequest");
  const token = command.request.token ?? "";
  const { verifier } = connection.context;
  if (verifier === undefined) {
    // Without a key nothing can be verified, and a name that nobody verified must not be believed.
    if (token !== "") throw new CloseError("invalidToken");
    return welcome(connection, command, connection.identity);
  }
  if (token === "") throw new ClientError("unauthorized");
  return check(connection, command, token);
}

async function check(connection: Client, command: CommandOf<"connect">, token: string): Promise<void> {
  const identity = await verify(connection, token);
  if (identity === undefined || connection.phase !== "connecting") return;
  welcome(connection, command, identity);
  connection.releaseBacklog();
}

async function verify(connection: Client, token: string): Promise<Identity | undefined> {
  connection.startConnecting();
  try {
    return await connection.context.verifier?.verify(token, connection.pathWorkspace);
  } catch (error) {
    connection.reject();
    throw error;
  }
}

function welcome(connection: Client, command: CommandOf<"connect">, identity: Identity): void {
  connection.clientName = (command.request.name ?? "").slice(0, MAX_NAME_LENGTH);
  connection.accept(identity);
  const { context } = connection;
  watchExpiry(connection);
  const result = {
    client: connection.client,
    version: `shoal ${context.version}`,
    ...expiryFields(connection),
    // Whole seconds; 0 would tell the client that no pings come, and it would answer none.
    ping: Math.ceil(context.settings.pingIntervalMs / 1000),
    pong: true,
    node: context.node,
    time: context.clock.wallMs(),
  };
  connection.succeed(command, JSON.stringify(result));
}

/** `expires` and `ttl` (seconds) of a connection that ends unless it is refreshed. */
export function expiryFields(connection: Client): { expires?: true; ttl?: number } {
  const { expiresAtMs } = connection.identity;
  if (expiresAtMs === undefined) return {};
  const leftMs = expiresAtMs - connection.context.clock.wallMs();
  return { expires: true, ttl: Math.max(1, Math.ceil(leftMs / 1000)) };
}

/** Has the connection looked at when its token and the grace after it have run out. */
export function watchExpiry(connection: Client): void {
  const { expiresAtMs } = connection.identity;
  if (expiresAtMs === undefined) return;
  const { clock } = connection.context;
  const leftMs = expiresAtMs - clock.wallMs() + EXPIRY_GRACE_MS;
  connection.lookAgainAt(clock.monotonicMs() + leftMs);
}
