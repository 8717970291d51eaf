import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";

/** Takes a message that wants no answer. */
export function send(connection: Client, command: CommandOf<"send">): void {
  const { context, identity, client = "" } = connection;
  const { user, workspace } = identity;
  context.onMessage?.(command.request.data, { client, user, workspace });
  connection.succeed(command, "{}");
}
