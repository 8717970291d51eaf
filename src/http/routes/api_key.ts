import type { ServerApi } from "../../server/mod.ts";
import type { RequestFacts } from "../access.ts";

const AUTHORIZATION = /^apikey (\S+)$/i;

/** The API key of a request: header `X-API-Key`, or `Authorization: apikey <key>`. */
export function presentedKey({ headers }: Pick<RequestFacts, "headers">): string | undefined {
  return headers.get("x-api-key") ?? AUTHORIZATION.exec(headers.get("authorization") ?? "")?.[1];
}

/** Whether the request carries a key that has `right`. */
export function hasRight(api: ServerApi, request: Pick<RequestFacts, "headers">, right: string): boolean {
  const key = presentedKey(request);
  return key !== undefined && api.keys.find(key)?.mayCall(right) === true;
}
