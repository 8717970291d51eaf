import { CloseError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { expiryFields, watchExpiry } from "../expiry.ts";
import { type Identified, identify, NO_KEY } from "../identify.ts";
import type { Identity } from "../identity.ts";
import { openServerSubs, serverChannels } from "../server_side_subs.ts";

/** What a client calls itself is for people; this much of it is kept. */
const MAX_NAME_LENGTH = 64;

/** Raw JSON for the result. */
interface ResultParts {
  readonly subs?: string | undefined;
  readonly data?: string | undefined;
}

/** Lets a client in: as whom its token or a hook says, or, in open mode, as nobody in particular. */
export function connect(connection: Client, command: CommandOf<"connect">): void | Promise<void> {
  if (connection.phase !== "fresh") throw new CloseError("badRequest");
  const { verifier, hooks, connectLimits } = connection.context;
  const isKnown = verifier !== undefined || hooks.has("onConnect");
  // Without a key nothing can be verified, and a name that nobody verified must not be believed.
  if (!isKnown && command.request.token) throw new CloseError("invalidToken", { detail: NO_KEY });
  if (isKnown) return check(connection, command, () => identify(connection, command.request));
  if (connectLimits.mustAsk) return check(connection, command, () => asIs(connection));
  connection.prepare(connection.identity);
  connectLimits.take(connection);
  welcome(connection, command, {});
}

/** A client whom nobody asked for its name. */
function asIs({ identity }: Client): Identified {
  return { identity, data: undefined };
}

async function check(
  connection: Client,
  command: CommandOf<"connect">,
  who: () => Identified | Promise<Identified>,
): Promise<void> {
  const { connectLimits } = connection.context;
  connection.startConnecting();
  try {
    const { identity, data } = await who();
    if (connection.phase !== "connecting") return;
    connection.prepare(identity);
    await connectLimits.take(connection);
    const subs = await serverSubs(connection, command, identity);
    if (connection.phase !== "connecting") return;
    checkStillWanted(connection);
    welcome(connection, command, { subs, data });
  } catch (error) {
    connectLimits.give(connection);
    connection.reject();
    throw error;
  }
  connection.releaseBacklog();
}

/** What was read before may have changed while the subscriptions were made. */
function checkStillWanted({ context, identity: { workspace, user } }: Client): void {
  if (context.revocations.wasRevokedLately(workspace, user)) throw new CloseError("permissionDenied");
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

function welcome(connection: Client, command: CommandOf<"connect">, parts: ResultParts): void {
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
  connection.succeed(command, withParts(result, parts));
}

function withParts(result: string, parts: ResultParts): string {
  const fields = Object.entries(parts).flatMap(([name, json]) =>
    json === undefined ? [] : [`,"${name}":${json}`]
  );
  return `${result.slice(0, -1)}${fields.join("")}}`;
}
