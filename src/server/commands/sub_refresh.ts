import { ClientError, errorTable } from "../../core/errors.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { grantOfToken } from "../admission.ts";
import type { Client } from "../context.ts";
import { expiryResult, type Grant } from "../grants.ts";

/** Replaces the token of a subscription that expires. The new one must be for the same channel and user. */
export async function subRefresh(connection: Client, command: CommandOf<"sub_refresh">): Promise<void> {
  const { channel, token = "" } = command.request;
  const { context } = connection;
  if (context.verifier === undefined) {
    throw new ClientError("notAvailable", { detail: "no token key is configured" });
  }
  if (connection.channels.get(channel) === undefined) {
    throw new ClientError("badRequest", { detail: "there is no subscription to refresh" });
  }
  const grant = await grantOfToken(connection, channel, token).catch(asExpired);
  // It may have ended meanwhile, and a new one has a grant of its own.
  if (connection.channels.get(channel) === undefined) throw new ClientError("badRequest");
  connection.keepGrant(channel, grant);
  const fields = expiryResult(grant.expiresAtMs, context.clock.wallMs());
  connection.succeed(command, `{${fields.join(",")}}`);
}

function asExpired(error: unknown): Grant {
  const isExpired = error instanceof ClientError && error.code === errorTable.tokenExpired.code;
  throw isExpired ? new ClientError("expired", { cause: error }) : error;
}
