import { ClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { endSubscription } from "../subscribing.ts";

/** Ends a subscription; fine when there is none, so that a client can be sure by asking. */
export function unsubscribe(connection: Client, command: CommandOf<"unsubscribe">): void {
  const name = command.request.channel;
  if (name === "") throw new ClientError("badRequest", { detail: "the channel name is empty" });
  endSubscription(connection, name);
  connection.succeed(command, "{}");
}
