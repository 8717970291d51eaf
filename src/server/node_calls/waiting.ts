/** The two kinds of waiting: for the answer of one node, and for those of all who have one. */
import type { Receivers } from "../../backend/backend.ts";
import { ClientError } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { CallTable, Waiting } from "./call_table.ts";
import type { Carried } from "./packets.ts";

/** What a node answered. */
export interface NodeAnswer {
  readonly node: NodeId;
  readonly payload: string;
}

/** What the nodes said that hold something. */
export interface Gathered {
  readonly answers: readonly NodeAnswer[];
  /** All that the backend counted have answered; else somebody may have been missed. */
  readonly isComplete: boolean;
}

/** Waits for one node; rejects 408 at the deadline and 410 once it is sure that nobody got the request. */
export class OneAnswer implements Waiting, Carried {
  readonly node: NodeId;
  readonly size: number;
  readonly answer: Promise<string>;
  /** Set by the caller once the table gave one. */
  id = 0;
  readonly #table: CallTable;
  #resolve: (payload: string) => void = () => {};
  #reject: (error: ClientError) => void = () => {};

  constructor(table: CallTable, node: NodeId, size: number) {
    this.#table = table;
    this.node = node;
    this.size = size;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onAnswer(_from: NodeId, payload: string): boolean {
    this.#resolve(payload);
    return true;
  }

  onFailure(_from: NodeId, error: ClientError): boolean {
    this.#reject(error);
    return true;
  }

  onEnd(error = noAcknowledgement()): void {
    this.#reject(error);
  }

  onSent(receivers: Receivers): void {
    if (receivers === 0) this.#table.end(this.id, new NotDeliveredError());
  }

  onUnsent(error: unknown): void {
    this.#table.end(this.id, notSent(error));
  }
}

/** Waits for as many answers as nodes got the request; at the deadline it makes do with those that came. */
export class ManyAnswers implements Waiting, Carried {
  readonly node = undefined;
  readonly size: number;
  readonly gathered: Promise<Gathered>;
  id = 0;
  readonly #table: CallTable;
  readonly #got: NodeAnswer[] = [];
  #failures = 0;
  #wanted: Receivers;
  #resolve: (gathered: Gathered) => void = () => {};
  #reject: (error: ClientError) => void = () => {};

  constructor(table: CallTable, size: number) {
    this.#table = table;
    this.size = size;
    this.gathered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onAnswer(from: NodeId, payload: string): boolean {
    this.#got.push({ node: from, payload });
    return this.#isComplete();
  }

  onFailure(_from: NodeId, _error: ClientError): boolean {
    this.#failures++;
    return this.#isComplete();
  }

  onEnd(error?: ClientError): void {
    if (error === undefined) {
      this.#resolve({ answers: this.#got, isComplete: this.#got.length === this.#wanted });
    } else this.#reject(error);
  }

  onSent(receivers: Receivers): void {
    this.#wanted = receivers;
    if (this.#isComplete()) this.#table.end(this.id);
  }

  onUnsent(error: unknown): void {
    this.#table.end(this.id, notSent(error));
  }

  /** Answers may overtake the word of how many there will be. */
  #isComplete(): boolean {
    if (this.#wanted === undefined || this.#got.length + this.#failures < this.#wanted) return false;
    this.#resolve({ answers: this.#got, isComplete: this.#failures === 0 });
    return true;
  }
}

function noAcknowledgement(): ClientError {
  return new ClientError("deadlineExceeded", {
    detail: "the node did not answer in time; the outcome is unknown",
  });
}

const GONE = { detail: "its node has left the cluster or has lost its backend" };

/** 410: nobody has that node's id any more; whether it acted before is unknown. */
export function goneError(): ClientError {
  return new ClientError("gone", GONE);
}

/** 410: nobody has that node's id, and certainly nobody acted: another may be asked in its place. */
export class NotDeliveredError extends ClientError {
  constructor() {
    super("gone", GONE);
  }
}

function notSent(error: unknown): ClientError {
  return error instanceof ClientError ? error : new ClientError("internal", { cause: error });
}
