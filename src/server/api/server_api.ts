/** The server API without HTTP: who may call what, whether the request is right, and what comes of it. */
import { ClientError, toClientError } from "../../core/errors.ts";
import {
  type ApiMethod,
  apiMethods,
  type ApiRequest,
  isApiMethod,
  isPlainMethod,
  type PlainMethod,
  plainMethods,
} from "../../protocol/api/methods.ts";
import { parseRequest } from "../../protocol/direct.ts";
import type { ApiContext, ApiHandler } from "./api_call.ts";
import { channels, history, historyRemove, presence, presenceStats } from "./channel_state.ts";
import { info } from "./info.ts";
import type { ApiCaller, ApiKeys } from "./keys.ts";
import { disconnect, refresh, send, subscribe, unsubscribe } from "./orders.ts";
import { broadcast, publish } from "./publish.ts";
import { restoreUser, revokeUser } from "./revocations.ts";
import { rpc } from "./rpc.ts";

const handlers: { readonly [M in PlainMethod]: ApiHandler<M> } = {
  publish,
  broadcast,
  subscribe,
  unsubscribe,
  disconnect,
  refresh,
  revoke_user: revokeUser,
  restore_user: restoreUser,
  presence,
  presence_stats: presenceStats,
  history,
  history_remove: historyRemove,
  channels,
  info,
  send,
  rpc,
};

/** Thrown for a call outside the scope of its key; 403 whatever the error mode. */
export class OutOfScopeError extends ClientError {
  constructor(detail: string) {
    super("permissionDenied", { detail });
  }
}

/** Answers calls of the application's backend. Safe to call concurrently. */
export class ServerApi {
  readonly keys: ApiKeys;
  readonly #context: ApiContext;

  constructor(keys: ApiKeys, context: ApiContext) {
    this.keys = keys;
    this.#context = context;
  }

  /**
   * Answers `method` with its result. Rejects with {@linkcode OutOfScopeError} when the key is not for the method or
   * the workspace, else with a `ClientError`: 104 for an unknown method, 107 for a wrong request, or the method's own.
   */
  async call(caller: ApiCaller, method: string, request: unknown): Promise<unknown> {
    if (!isApiMethod(method)) throw new ClientError("methodNotFound");
    checkMethod(caller, method);
    if (method !== "batch") return await this.#callPlain(caller, method, request);
    const { commands } = parseRequest(apiMethods.batch.request, request);
    const replies: unknown[] = [];
    // One after the other: a command may build on the one before it.
    for (const command of commands) replies.push(await this.#callOne(caller, command));
    return { replies };
  }

  async #callPlain(caller: ApiCaller, method: PlainMethod, request: unknown): Promise<unknown> {
    const parsed = parseRequest(plainMethods[method].request, request);
    const workspace = parsed.workspace ?? caller.defaultWorkspace;
    if (!caller.mayEnter(workspace)) {
      throw new OutOfScopeError(`key "${caller.name}" is not for workspace "${workspace}"`);
    }
    // The tables pair each method with its request and handler, which the compiler cannot follow through the name.
    const handler = handlers[method] as ApiHandler<PlainMethod>;
    return await handler(this.#context, workspace, parsed as ApiRequest<PlainMethod>);
  }

  /** `{method: result}`, or `{error}`. */
  async #callOne(caller: ApiCaller, command: Readonly<Record<string, unknown>>): Promise<unknown> {
    try {
      const [method, request] = onlyEntry(command);
      checkMethod(caller, method);
      return { [method]: await this.#callPlain(caller, method, request) };
    } catch (thrown) {
      const { code, message } = this.errorOf(thrown);
      return { error: { code, message } };
    }
  }

  /** Makes what a call rejected with presentable; what no caller should see is logged. */
  errorOf(thrown: unknown): ClientError {
    if (!(thrown instanceof ClientError)) {
      this.#context.node.log.error("A call of the server API failed", { error: thrown });
    }
    return toClientError(thrown);
  }
}

function checkMethod(caller: ApiCaller, method: ApiMethod): void {
  if (!caller.mayCall(method)) {
    throw new OutOfScopeError(`key "${caller.name}" is not for method "${method}"`);
  }
}

function onlyEntry(command: Readonly<Record<string, unknown>>): readonly [PlainMethod, unknown] {
  const [entry, ...more] = Object.entries(command);
  if (entry === undefined || more.length > 0) {
    throw new ClientError("badRequest", { detail: "want one method in each command" });
  }
  const [method, request] = entry;
  if (!isPlainMethod(method)) throw new ClientError("methodNotFound");
  return [method, request];
}
