import { ClientError } from "../../core/errors.ts";
import type { ApiHandler } from "./api_call.ts";

/** Calls a service that a client offers. */
export const rpc: ApiHandler<"rpc"> = async ({ callService }, workspace, request) => {
  if (callService === undefined) {
    throw new ClientError("notFound", { detail: `nobody offers service ${JSON.stringify(request.service)}` });
  }
  return { value: await callService(workspace, request) };
};
