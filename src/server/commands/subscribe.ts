import type { CommandOf } from "../../protocol/commands.ts";
import { admit } from "../admission.ts";
import type { Client } from "../context.ts";
import type { Grant } from "../grants.ts";
import { checkVacancy, openSubscription } from "../subscribing.ts";

/** Subscribes to a channel. Answered once the backend confirmed it, and before the channel's first push. */
export function subscribe(connection: Client, command: CommandOf<"subscribe">): void | Promise<void> {
  const { request } = command;
  const options = connection.context.rules.of(request.channel);
  checkVacancy(connection, request.channel);
  const grant = admit(connection, request.channel, options, request);
  if (grant instanceof Promise) return grant.then((given) => open(connection, command, given));
  return open(connection, command, grant);
}

function open(connection: Client, command: CommandOf<"subscribe">, grant: Grant): void | Promise<void> {
  if (connection.phase === "closed") return;
  const { request } = command;
  const answer = (result: string) => connection.succeed(command, result);
  return openSubscription(connection, request.channel, request, { grant, answer });
}
