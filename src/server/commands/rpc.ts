import { ClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { payloadOf } from "../../protocol/payload.ts";
import type { Client } from "../context.ts";
import { type ClientMethod, clientMethods } from "./client_methods.ts";

/** Calls a procedure that the application registered, else one of the node's own. */
export function rpc(connection: Client, command: CommandOf<"rpc">): void | Promise<void> {
  const { context, identity, client = "" } = connection;
  const method = command.request.method ?? "";
  const handler = context.rpc.get(method);
  if (handler === undefined) return callOwn(connection, command, clientMethods.get(method));
  const { user, workspace } = identity;
  const value = handler(command.request.data, { client, user, workspace });
  if (value instanceof Promise) return value.then((value) => answer(connection, command, value));
  answer(connection, command, value);
}

async function callOwn(
  connection: Client,
  command: CommandOf<"rpc">,
  method: ClientMethod | undefined,
): Promise<void> {
  if (method === undefined) throw new ClientError("methodNotFound");
  answer(connection, command, await method(connection, command.request.data));
}

function answer(connection: Client, command: CommandOf<"rpc">, value: unknown): void {
  connection.succeed(command, `{"data":${payloadOf(value ?? null)}}`);
}
