import type { CommandOf } from "../../protocol/commands.ts";
import type { Connection } from "../connection.ts";

/** Takes a message that wants no answer. */
export function send(connection: Connection, command: CommandOf<"send">): void {
  const { context, identity, client = "" } = connection;
  const { user, workspace } = identity;
  context.onMessage?.(command.request.data, { client, user, workspace });
  connection.succeed(command, "{}");
}
