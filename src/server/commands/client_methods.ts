/** Procedures that reach other clients: every node answers them unless the application put its own in their place. */
import { ClientError } from "../../core/errors.ts";
import { clientInfoJson } from "../../protocol/client_info.ts";
import { listRequest, parseRequest, sendRequest } from "../../protocol/direct.ts";
import { payloadOf } from "../../protocol/payload.ts";
import type { Client } from "../context.ts";
import { refusalOfMessages } from "../permissions.ts";

/** Answers a call of a connected client, or rejects with why not. */
export type ClientMethod = (connection: Client, data: unknown) => Promise<unknown>;

/** By name, `clients.send` and `clients.list`. */
export const clientMethods: ReadonlyMap<string, ClientMethod> = new Map([
  ["clients.send", send],
  ["clients.list", list],
]);

/** A direct message to one client, or to all connections of a user, in the sender's own workspace. */
async function send(connection: Client, data: unknown): Promise<unknown> {
  checkMayMessage(connection);
  const { client, user, data: message } = parseRequest(sendRequest, data);
  const { workspace } = connection.identity;
  const push = `{"from":${infoOf(connection)},"data":${payloadOf(message)}}`;
  const target = client === undefined ? { workspace, user } : { workspace, client };
  return { delivered: await connection.context.reach.give(target, { kind: "message" }, push) };
}

async function list(connection: Client, data: unknown): Promise<unknown> {
  checkMayMessage(connection);
  const { workspace, user, limit, cursor } = parseRequest(listRequest, data ?? {});
  const own = connection.identity.workspace;
  if (workspace !== undefined && workspace !== own) throw new ClientError("permissionDenied");
  return await connection.context.roster.page({ workspace: own, user, cursor, limit });
}

/** In open mode everybody may; else the token says so. */
function checkMayMessage({ identity }: Client): void {
  const refusal = refusalOfMessages(identity);
  if (refusal !== undefined) throw new ClientError("permissionDenied", { detail: refusal });
}

function infoOf({ identity: { user, connInfo }, client }: Client): string {
  return clientInfoJson({ user, client: client ?? "", connInfo });
}
