import { ClientError, CloseError } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import type { Client } from "../context.ts";
import { expiryFields, watchExpiry } from "../expiry.ts";

/** Replaces the token of a connection that expires. The new one must be of the same user and workspace. */
export async function refresh(connection: Client, command: CommandOf<"refresh">): Promise<void> {
  const { verifier, version, revocations } = connection.context;
  if (verifier === undefined) throw new ClientError("notAvailable", { detail: "no token key is configured" });
  const identity = await verifier.verifyConnection(command.request.token ?? "", connection.pathWorkspace);
  const { user, workspace } = connection.identity;
  if (identity.user !== user || identity.workspace !== workspace) throw new CloseError("invalidToken");
  if (user !== "" && await revocations.isRevoked(workspace, user)) throw new CloseError("permissionDenied");
  if (connection.phase !== "open") return;
  connection.identity = identity;
  watchExpiry(connection);
  const result = { client: connection.client, version: `shoal ${version}`, ...expiryFields(connection) };
  connection.succeed(command, JSON.stringify(result));
}
