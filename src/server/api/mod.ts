/**
 * The server API: what an application's backend may ask of a cluster, by key.
 *
 * @module
 */
export type { ApiContext, ServiceCall } from "./api_call.ts";
export { ApiCaller, type ApiKeyOptions, ApiKeys } from "./keys.ts";
export { OutOfScopeError, ServerApi } from "./server_api.ts";
