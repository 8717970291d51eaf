/** Services for those who are no connection: HTTP callers, and the application's backend. */
import { ClientError, CloseError } from "../core/errors.ts";
import type { ApiRequest } from "../protocol/api/methods.ts";
import { clientInfoJson } from "../protocol/client_info.ts";
import { payloadOf } from "../protocol/payload.ts";
import { DEFAULT_TIMEOUT_MS } from "../protocol/service_limits.ts";
import type { FunctionShape } from "../protocol/service_requests.ts";
import type { ApiKeys } from "./api/mod.ts";
import { anonymous, type Identity } from "./identity.ts";
import { refusalOfFunction, refusalOfServices } from "./permissions.ts";
import type { RevokedUsers } from "./context.ts";
import {
  Leash,
  type OpenStream,
  type ServiceCall,
  type ServiceDescriptor,
  type ServiceDetails,
  type ServiceExchange,
  shownTo,
  type StreamSink,
} from "./services/mod.ts";
import type { TokenVerifier } from "./tokens/verify.ts";

/** Right of an API key to call services. */
const KEY_RIGHT = "rpc";

/** What somebody shows to be let in. */
export interface Credentials {
  /** A connection token. */
  readonly token: string | undefined;
  readonly apiKey: string | undefined;
}

/** Somebody who was let in to the services of a workspace. */
export interface ServiceVisitor {
  readonly workspace: string;
  /** Of another workspace: sees and calls only what is public. */
  readonly isGuest: boolean;
  readonly identity: Identity;
  /** An API key, which is for all services of its workspaces. */
  readonly hasKey: boolean;
}

/** A call of a visitor. */
export interface VisitorCall {
  readonly service: string;
  readonly function: string;
  /** Raw JSON in one line. */
  readonly args: string;
  readonly timeoutMs: number;
  /** Only a function that changes nothing. */
  readonly isSafe: boolean;
  readonly leash: Leash;
}

/** What the gate needs of its node; the session is another one after the node was declared dead. */
export interface ServiceGateParts {
  readonly node: {
    readonly session: { readonly services: ServiceExchange; readonly revocations: RevokedUsers };
    /** Nobody is asked who it is. */
    readonly isOpen: boolean;
    readonly verifier: TokenVerifier | undefined;
  };
  readonly keys: ApiKeys;
}

/** What HTTP needs of the gate. */
export type ServiceDoor = Pick<ServiceGate, "admit" | "list" | "get" | "describe" | "call" | "open">;

/** Lets callers in and hands their calls on. Safe to call concurrently. */
export class ServiceGate {
  readonly #parts: ServiceGateParts;

  constructor(parts: ServiceGateParts) {
    this.#parts = parts;
  }

  /** Whom `credentials` speak for. Rejects with 101 without any that are known, 103 when they are not for services or
   * not for the workspace, 109 for a token that has expired. */
  async admit(workspace: string, { token, apiKey }: Credentials): Promise<ServiceVisitor> {
    const { isOpen, verifier, session } = this.#parts.node;
    const open = { workspace, isGuest: false, identity: anonymous(workspace, isOpen), hasKey: false };
    if (isOpen) return open;
    if (apiKey !== undefined) return { ...open, ...this.#admitKey(workspace, apiKey) };
    if (token === undefined || verifier === undefined) {
      throw unauthorized("want a connection token as a bearer, or an API key");
    }
    const identity = await verified(verifier, token);
    const { user } = identity;
    if (user !== "" && await session.revocations.isRevoked(identity.workspace, user)) {
      throw denied("the user was revoked");
    }
    const refusal = refusalOfServices(identity);
    if (refusal !== undefined) throw denied(refusal);
    return { ...open, identity, isGuest: identity.workspace !== workspace };
  }

  /** See {@linkcode ServiceExchange.list}. */
  async list(visitor: ServiceVisitor): Promise<readonly ServiceDescriptor[]> {
    const all = await this.#services.list(visitor.workspace, visitor.isGuest);
    return all.map((each) => seenBy(visitor, each)).filter((each) => each !== undefined);
  }

  /** See {@linkcode ServiceExchange.get}. */
  async get(visitor: ServiceVisitor, service: string): Promise<ServiceDetails> {
    const found = seenBy(visitor, await this.#services.get(visitor.workspace, service, visitor.isGuest));
    if (found === undefined) throw new ClientError("notFound");
    return found;
  }

  /** See {@linkcode ServiceExchange.describe}. */
  describe({ workspace, isGuest }: ServiceVisitor, service: string, name: string): Promise<FunctionShape> {
    return this.#services.describe(workspace, service, name, isGuest);
  }

  /** Answers the value as raw JSON; rejects as {@linkcode ServiceExchange.call}, and with 103. */
  async call(visitor: ServiceVisitor, call: VisitorCall): Promise<string> {
    return await this.#services.call(this.#checked(visitor, call));
  }

  /** See {@linkcode ServiceExchange.open}; rejects with 103 too. */
  async open(visitor: ServiceVisitor, call: VisitorCall, sink: StreamSink): Promise<OpenStream> {
    return await this.#services.open(this.#checked(visitor, call), sink);
  }

  /** Calls for the application's backend, which was let in already. */
  async callForBackend(workspace: string, request: ApiRequest<"rpc">): Promise<unknown> {
    const { service, args = null, timeout_ms: timeoutMs = DEFAULT_TIMEOUT_MS } = request;
    const base = { workspace, isGuest: false, caller: "{}", leash: new Leash() };
    const call = { ...base, service, function: request.function, args: payloadOf(args), timeoutMs };
    return JSON.parse(await this.#services.call(call));
  }

  get #services(): ServiceExchange {
    return this.#parts.node.session.services;
  }

  #admitKey(workspace: string, apiKey: string): { readonly hasKey: true } {
    const caller = this.#parts.keys.find(apiKey);
    if (caller === undefined) throw unauthorized("the API key is not known");
    if (caller.mayCall(KEY_RIGHT) && caller.mayEnter(workspace)) return { hasKey: true };
    throw new ClientError("permissionDenied", {
      detail: `key "${caller.name}" is not for services of this workspace`,
    });
  }

  #checked(visitor: ServiceVisitor, call: VisitorCall): ServiceCall {
    const { identity, hasKey, workspace, isGuest } = visitor;
    const refusal = hasKey ? undefined : refusalOfFunction(identity, call.service, call.function);
    if (refusal !== undefined) throw denied(refusal);
    const { user, connInfo } = identity;
    return { ...call, workspace, isGuest, caller: clientInfoJson({ user, client: "", connInfo }) };
  }
}

async function verified(verifier: TokenVerifier, token: string): Promise<Identity> {
  try {
    return await verifier.verifyConnection(token, undefined);
  } catch (error) {
    if (error instanceof CloseError) throw unauthorized("the token does not verify");
    throw error;
  }
}

function unauthorized(detail: string): ClientError {
  return new ClientError("unauthorized", { detail });
}

function denied(detail: string): ClientError {
  return new ClientError("permissionDenied", { detail });
}

function seenBy<Shown extends ServiceDescriptor>(
  { identity, hasKey }: ServiceVisitor,
  descriptor: Shown,
): Shown | undefined {
  return hasKey ? descriptor : shownTo(identity, descriptor);
}
