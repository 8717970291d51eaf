import { ClientError, toClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { Logger } from "../../core/log.ts";
import { checkMethod } from "../../protocol/node_packet.ts";
import type { CallLimits } from "./call_table.ts";

/** A request of another node, or of this one. */
export interface NodeRequest {
  readonly from: NodeId;
  readonly payload: string;
  /** How long the asking node still waits, milliseconds. */
  readonly leftMs: number;
}

/**
 * Answers a request, or throws a `ClientError` for the asking node; anything else it throws is logged and answered
 * with 100. Many run side by side. The payload comes from another node and is to be read with care.
 */
export type NodeMethod = (request: NodeRequest) => string | Promise<string>;

/** Takes a notice. Must not throw. */
export type NoticeListener = (payload: string, from: NodeId) => void;

/** Tells the asking node how its request ended. Called exactly once. */
export type Settle = (payload: string | undefined, error: ClientError | undefined) => void;

/** What this node does for others, by method, bounded. */
export class Serving {
  readonly #limits: CallLimits;
  readonly #log: Logger;
  readonly #methods = new Map<string, NodeMethod>();
  readonly #listeners = new Map<string, NoticeListener>();
  #count = 0;
  #chars = 0;

  constructor(limits: CallLimits, log: Logger) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Serves `method`. Throws `TypeError` for a name that is taken or cannot be one. */
  add(method: string, handler: NodeMethod): void {
    addOnce(this.#methods, method, handler);
  }

  /** Takes the notices `method`. Throws like {@linkcode add}. */
  listen(method: string, listener: NoticeListener): void {
    addOnce(this.#listeners, method, listener);
  }

  /** A notice of a method that this version does not know is dropped: the sender may be newer. */
  notice(method: string, payload: string, from: NodeId): void {
    this.#listeners.get(method)?.(payload, from);
  }

  /** Starts a request; `settle` may be called before this returns. */
  start(method: string, request: NodeRequest, settle: Settle): void {
    const handler = this.#methods.get(method);
    if (handler === undefined) return settle(undefined, new ClientError("methodNotFound"));
    const { maxCalls, maxChars } = this.#limits;
    if (this.#count >= maxCalls || this.#chars + request.payload.length > maxChars) {
      return settle(undefined, new ClientError("busy", { detail: "the node serves too many calls" }));
    }
    this.#run(method, handler, request, settle);
  }

  #run(method: string, handler: NodeMethod, request: NodeRequest, settle: Settle): void {
    try {
      const answer = handler(request);
      if (typeof answer === "string") return settle(answer, undefined);
      this.#await(method, answer, request.payload.length, settle);
    } catch (thrown) {
      settle(undefined, this.#errorOf(method, thrown));
    }
  }

  #await(method: string, answer: Promise<string>, chars: number, settle: Settle): void {
    this.#count++;
    this.#chars += chars;
    const leave = () => {
      this.#count--;
      this.#chars -= chars;
    };
    answer.then((payload) => {
      leave();
      settle(payload, undefined);
    }, (thrown) => {
      leave();
      settle(undefined, this.#errorOf(method, thrown));
    });
  }

  #errorOf(method: string, thrown: unknown): ClientError {
    if (!(thrown instanceof ClientError)) this.#log.error("A node method failed", { method, error: thrown });
    return toClientError(thrown);
  }
}

function addOnce<T>(table: Map<string, T>, method: string, value: T): void {
  checkMethod(method);
  if (table.has(method)) throw new TypeError(`Cannot serve node method "${method}": it is served already`);
  table.set(method, value);
}
