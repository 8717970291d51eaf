import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";

/** Takes a message that wants no answer: words about calls of services, and what the application makes of the rest. */
export function send(connection: Client, command: CommandOf<"send">): void {
  const { context, identity, client = "" } = connection;
  const { data } = command.request;
  const { user, workspace } = identity;
  if (!context.services.takeSend(connection, data)) context.onMessage?.(data, { client, user, workspace });
  connection.succeed(command, "{}");
}
