import type { ApiRequest, ApiResult, PlainMethod } from "../../protocol/api/methods.ts";
import type { Node } from "../node.ts";

/** Calls a function of a service on behalf of the application's backend. */
export type ServiceCall = (
  workspace: string,
  request: ApiRequest<"rpc">,
) => Promise<unknown>;

/** What methods work on. */
export interface ApiContext {
  readonly node: Node;
  /** Undefined where no service can be offered. */
  readonly callService: ServiceCall | undefined;
}

/** Answers one checked request in `workspace`. Throws or rejects with a `ClientError` for the caller to see. */
export type ApiHandler<M extends PlainMethod> = (
  context: ApiContext,
  workspace: string,
  request: ApiRequest<M>,
) => ApiResult<M> | Promise<ApiResult<M>>;
