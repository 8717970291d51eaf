import { ClientError, CloseError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { expiryFields, watchExpiry } from "../expiry.ts";
import type { Identity } from "../identity.ts";
import { openServerSubs, serverChannels } from "../server_side_subs.ts";
import type { TokenVerifier } from "../tokens/verify.ts";

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
    connection.prepare(connection.identity);
    return welcome(connection, command, undefined);
  }
  if (token === "") throw new ClientError("unauthorized");
  return check(connection, command, token, verifier);
}

async function check(
  connection: Client,
  command: CommandOf<"connect">,
  token: string,
  verifier: TokenVerifier,
): Promise<void> {
  connection.startConnecting();
  try {
    const identity = await verifier.verify(token, connection.pathWorkspace);
    connection.prepare(identity);
    const subs = await serverSubs(connection, command, identity);
    if (connection.phase !== "connecting") return;
    welcome(connection, command, subs);
  } catch (error) {
    connection.reject();
    throw error;
  }
  connection.releaseBacklog();
}

/** The result's `subs`; undefined without server-side subscriptions. */
async function serverSubs(
  connection: Client,
  command: CommandOf<"connect">,
  identity: Identity,
): Promise<string | undefined> {
  const channels = serverChannels(connection, identity);
  if (channels.length === 0) return undefined;
  return await openServerSubs(connection, channels, command.request.subs);
}

function welcome(connection: Client, command: CommandOf<"connect">, subsJson: string | undefined): void {
  connection.clientName = (command.request.name ?? "").slice(0, MAX_NAME_LENGTH);
  connection.accept();
  const { context } = connection;
  watchExpiry(connection);
  const result = JSON.stringify({
    client: connection.client,
    version: `shoal ${context.version}`,
    ...expiryFields(connection),
    // Whole seconds; 0 would tell the client that no pings come, and it would answer none.
    ping: Math.ceil(context.settings.pingIntervalMs / 1000),
    pong: true,
    session: connection.session,
    node: context.node,
    time: context.clock.wallMs(),
  });
  connection.succeed(command, subsJson === undefined ? result : `${result.slice(0, -1)},"subs":${subsJson}}`);
}
