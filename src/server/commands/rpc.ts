import { ClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { payloadOf } from "../../protocol/payload.ts";
import type { Client } from "../context.ts";

/** Calls a procedure that the application registered. */
export function rpc(connection: Client, command: CommandOf<"rpc">): void | Promise<void> {
  const { context, identity, client = "" } = connection;
  const handler = context.rpc.get(command.request.method ?? "");
  if (handler === undefined) throw new ClientError("methodNotFound");
  const { user, workspace } = identity;
  const value = handler(command.request.data, { client, user, workspace });
  if (value instanceof Promise) return value.then((value) => answer(connection, command, value));
  answer(connection, command, value);
}

function answer(connection: Client, command: CommandOf<"rpc">, value: unknown): void {
  connection.succeed(command, `{"data":${payloadOf(value ?? null)}}`);
}
