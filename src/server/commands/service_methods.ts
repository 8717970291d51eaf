/** Procedures `services.*`, and `<service>.<function>` as a short form of a call. */
import { ClientError } from "../../core/errors.ts";
import { clientInfoJson } from "../../protocol/client_info.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { parseRequest } from "../../protocol/direct.ts";
import { payloadOf } from "../../protocol/payload.ts";
import { DEFAULT_IDLE_MS, DEFAULT_TIMEOUT_MS } from "../../protocol/service_limits.ts";
import {
  registerRequest,
  type ServiceCallRequest,
  serviceCallRequest,
  serviceListRequest,
  serviceRequest,
} from "../../protocol/service_requests.ts";
import type { Client } from "../context.ts";
import { type Refusal, refusalOfFunction, refusalOfServices } from "../permissions.ts";
import { type ServiceCall, shownTo } from "../services/mod.ts";
import type { ClientMethod } from "./client_methods.ts";

/** By name, all but `services.call`. */
export const serviceMethods: ReadonlyMap<string, ClientMethod> = new Map<string, ClientMethod>([
  ["services.register", register],
  ["services.unregister", unregister],
  ["services.list", list],
  ["services.get", get],
]);

/** `services.call`. */
export async function callService(connection: Client, command: CommandOf<"rpc">): Promise<void> {
  const request = parseRequest(serviceCallRequest, command.request.data);
  if (request.stream) return await openStream(connection, command, request);
  const value = await connection.context.services.callFor(connection, callOf(connection, request));
  connection.succeed(command, `{"data":{"value":${value}}}`);
}

/** `<service>.<function>`. */
export async function callShort(
  connection: Client,
  command: CommandOf<"rpc">,
  { service, name }: { readonly service: string; readonly name: string },
): Promise<void> {
  const call = callOf(connection, { service, function: name, args: command.request.data });
  const value = await connection.context.services.callFor(connection, call);
  connection.succeed(command, `{"data":${value}}`);
}

async function openStream(
  connection: Client,
  command: CommandOf<"rpc">,
  request: ServiceCallRequest,
): Promise<void> {
  const { timeout_ms: timeoutMs = DEFAULT_IDLE_MS } = request;
  const call = { ...callOf(connection, request), timeoutMs };
  const { id, start } = await connection.context.services.openFor(connection, call);
  connection.succeed(command, `{"data":{"call":"${id}"}}`);
  start();
}

function callOf(connection: Client, request: ServiceCallRequest): ServiceCall {
  const { service, function: name, args = null, client } = request;
  demand(refusalOfFunction(connection.identity, service, name));
  const workspace = request.workspace ?? connection.identity.workspace;
  return {
    workspace,
    isGuest: isGuestOf(connection, workspace),
    service,
    function: name,
    args: payloadOf(args),
    caller: infoOf(connection),
    timeoutMs: request.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    client,
  };
}

async function register(connection: Client, data: unknown): Promise<unknown> {
  const shape = parseRequest(registerRequest, data);
  demand(refusalOfServices(connection.identity));
  await connection.context.services.register(connection, shape);
  return { id: shape.id, workspace: connection.identity.workspace, client: connection.client };
}

function unregister(connection: Client, data: unknown): Promise<unknown> {
  const { id } = parseRequest(serviceRequest, data);
  if (connection.context.services.unregister(connection, id)) return Promise.resolve({});
  throw new ClientError("notFound", { detail: `this client does not offer service ${JSON.stringify(id)}` });
}

async function list(connection: Client, data: unknown): Promise<unknown> {
  const { context, identity } = connection;
  demand(refusalOfServices(identity));
  const { workspace = identity.workspace } = parseRequest(serviceListRequest, data ?? {});
  const all = await context.services.list(workspace, isGuestOf(connection, workspace));
  return all.map((each) => shownTo(identity, each)).filter((each) => each !== undefined);
}

async function get(connection: Client, data: unknown): Promise<unknown> {
  const { context, identity } = connection;
  demand(refusalOfServices(identity));
  const { id, workspace = identity.workspace } = parseRequest(serviceRequest, data);
  const found = shownTo(
    identity,
    await context.services.get(workspace, id, isGuestOf(connection, workspace)),
  );
  if (found === undefined) throw new ClientError("notFound");
  return found;
}

function isGuestOf({ identity }: Client, workspace: string): boolean {
  return identity.workspace !== workspace;
}

function demand(refusal: Refusal): void {
  if (refusal !== undefined) throw new ClientError("permissionDenied", { detail: refusal });
}

function infoOf({ identity: { user, connInfo }, client }: Client): string {
  return clientInfoJson({ user, client: client ?? "", connInfo });
}
