import { ClientError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { payloadOf } from "../../protocol/payload.ts";
import { splitMethod } from "../../protocol/service_requests.ts";
import { inSpan, isTracing, servingSpan } from "../../tracing/mod.ts";
import type { Client } from "../context.ts";
import { refusalOfRpc } from "../permissions.ts";
import { type ClientMethod, clientMethods } from "./client_methods.ts";
import { callService, callShort, serviceMethods } from "./service_methods.ts";

const CALL = "services.call";
/** So much of a method that nobody answers is said back. */
const MAX_SHOWN_CHARS = 64;

/** Calls a procedure that the application registered, else one of the node's own, else the application's hook. */
export function rpc(connection: Client, command: CommandOf<"rpc">): void | Promise<void> {
  return isTracing ? traced(connection, command) : untraced(connection, command);
}

function traced(connection: Client, command: CommandOf<"rpc">): void | Promise<void> {
  const { identity: { workspace }, context } = connection;
  const attributes = {
    "rpc.system": "shoal",
    "rpc.method": command.request.method ?? "",
    "shoal.workspace": workspace,
    "shoal.node": context.node,
  };
  return inSpan(servingSpan("rpc", attributes), () => untraced(connection, command));
}

function untraced(connection: Client, command: CommandOf<"rpc">): void | Promise<void> {
  const { context, identity, client = "" } = connection;
  const method = command.request.method ?? "";
  const handler = context.rpc.get(method);
  if (handler === undefined) return callOwn(connection, command, method);
  checkPermission(connection);
  const { user, workspace } = identity;
  const value = handler(command.request.data, { client, user, workspace });
  if (value instanceof Promise) return value.then((value) => answer(connection, command, value));
  answer(connection, command, value);
}

/** Procedures of the node, then functions that other clients offer. */
function callOwn(connection: Client, command: CommandOf<"rpc">, name: string): Promise<void> {
  if (name === CALL) return callService(connection, command);
  const method = clientMethods.get(name) ?? serviceMethods.get(name);
  if (method !== undefined) return callMethod(connection, command, method);
  return callOther(connection, command);
}

/** A function of a service, unless the application's hook is the only one that may know the method. */
async function callOther(connection: Client, command: CommandOf<"rpc">): Promise<void> {
  const { context, identity } = connection;
  const named = splitMethod(command.request.method ?? "");
  if (named === undefined) return await askHook(connection, command);
  if (context.hooks.has("onRpc")) {
    const isOffered = await context.services.offers(identity.workspace, named.service, named.name);
    if (!isOffered) return await askHook(connection, command);
  }
  await callShort(connection, command, named);
}

async function callMethod(
  connection: Client,
  command: CommandOf<"rpc">,
  method: ClientMethod,
): Promise<void> {
  answer(connection, command, await method(connection, command.request.data));
}

async function askHook(connection: Client, command: CommandOf<"rpc">): Promise<void> {
  const { context, identity: { user, workspace }, client = "" } = connection;
  const { method = "", data } = command.request;
  const unknown = { detail: `nobody answers "${method.slice(0, MAX_SHOWN_CHARS)}"` };
  if (!context.hooks.has("onRpc")) throw new ClientError("methodNotFound", unknown);
  checkPermission(connection);
  const result = await context.hooks.ask("onRpc", { client, user, workspace, method, data });
  if (result === undefined) throw new ClientError("methodNotFound", unknown);
  answer(connection, command, result.data);
}

function checkPermission({ context, identity }: Client): void {
  const refusal = refusalOfRpc(identity, context.settings.allowRpcForClient);
  if (refusal !== undefined) throw new ClientError("permissionDenied", { detail: refusal });
}

function answer(connection: Client, command: CommandOf<"rpc">, value: unknown): void {
  connection.succeed(command, `{"data":${payloadOf(value ?? null)}}`);
}
