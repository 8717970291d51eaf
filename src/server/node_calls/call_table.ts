import { Deadlines } from "../../core/deadlines.ts";
import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";

/** Somebody who waits for answers. */
export interface Waiting {
  /** The one node that may answer; undefined when any may. */
  readonly node: NodeId | undefined;
  /** What it counts against the bound, in characters. */
  readonly size: number;
  /** An answer came. True: no more is wanted. */
  onAnswer(from: NodeId, payload: string): boolean;
  /** A node said why it has no answer. True: no more is wanted. */
  onFailure(from: NodeId, error: ClientError): boolean;
  /** Nothing more will come; without an error because the deadline has passed. */
  onEnd(error?: ClientError): void;
}

/** Bounds of what may be under way at once. */
export interface CallLimits {
  readonly maxCalls: number;
  /** Payloads together, in characters. */
  readonly maxChars: number;
}

/** Requests that wait for their answers: bounded, on one deadline wheel, ended together when their node is gone. */
export class CallTable {
  readonly #limits: CallLimits;
  readonly #waiting = new Map<number, Waiting>();
  /** Ids: of one that was answered only its number waits for its slot. */
  readonly #deadlines: Deadlines<number>;
  #chars = 0;
  #lastId = 0;

  /** `slotMs`: how often {@linkcode expire} is called, in milliseconds. `nowMs`: the monotonic clock. */
  constructor(limits: CallLimits, slotMs: number, nowMs: number) {
    this.#limits = limits;
    this.#deadlines = new Deadlines(slotMs, nowMs);
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Enters a request; answers its id. Throws 111 when the table is full. */
  enter(waiting: Waiting, deadlineMs: number): number {
    const { maxCalls, maxChars } = this.#limits;
    if (this.#waiting.size >= maxCalls || this.#chars + waiting.size > maxChars) {
      throw new ClientError("tooManyRequests", { detail: "too many calls to other nodes are under way" });
    }
    const id = ++this.#lastId;
    this.#deadlines.addPlain(id, deadlineMs);
    this.#waiting.set(id, waiting);
    this.#chars += waiting.size;
    return id;
  }

  /** An answer came; one that nobody waits for any more is dropped. */
  answer(id: number, from: NodeId, payload: string): void {
    if (this.#askedOf(id, from)?.onAnswer(from, payload)) this.#forget(id);
  }

  /** A node says why it has no answer. */
  fail(id: number, from: NodeId, error: ClientError): void {
    if (this.#askedOf(id, from)?.onFailure(from, error)) this.#forget(id);
  }

  /** The request `id` has no more to wait for. */
  end(id: number, error?: ClientError): void {
    this.#forget(id)?.onEnd(error);
  }

  /** Every request to `node` alone ends. */
  endNode(node: NodeId, error: ClientError): void {
    for (const [id, waiting] of [...this.#waiting]) if (waiting.node === node) this.end(id, error);
  }

  /** Every request ends. */
  endAll(error: ClientError): void {
    for (const id of [...this.#waiting.keys()]) this.end(id, error);
  }

  /** Ends those whose deadline has passed. */
  expire(nowMs: number): void {
    for (const id of this.#deadlines.due(nowMs)) this.end(id);
  }

  /** The request, if it was `from` that was asked. */
  #askedOf(id: number, from: NodeId): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    return waiting?.node === undefined || waiting.node === from ? waiting : undefined;
  }

  #forget(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#chars -= waiting.size;
    return waiting;
  }
}
