import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { openSubscription } from "../subscribing.ts";

/** Subscribes to a channel. Answered once the backend confirmed it, and before the channel's first push. */
export function subscribe(connection: Client, command: CommandOf<"subscribe">): void | Promise<void> {
  const answer = (result: string) => connection.succeed(command, result);
  return openSubscription(connection, command.request.channel, command.request, { answer });
}
