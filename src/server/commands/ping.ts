import type { CommandOf } from "../../protocol/commands.ts";
import type { Connection } from "../connection.ts";

/** Answers at once: a client's way to see that the connection is alive. */
export function ping(connection: Connection, command: CommandOf<"ping">): void {
  connection.succeed(command, "{}");
}
