import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";

/** Answers at once: a client's way to see that the connection is alive. */
export function ping(connection: Client, command: CommandOf<"ping">): void {
  connection.succeed(command, "{}");
}
