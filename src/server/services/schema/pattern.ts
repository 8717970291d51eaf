import { ClientError } from "../../../core/errors.ts";
import { type LinearSearch, linearSearch } from "../../../core/linear_pattern.ts";
import type { Budget } from "./budget.ts";

/** Instructions times characters that cost one step. */
const WORK_PER_STEP = 16;

/** A pattern of a schema. */
export class Pattern {
  readonly #search: LinearSearch;

  /** Throws 107 for a pattern that is too large or that a linear-time engine cannot run (a look-around, a back
   * reference). */
  constructor(source: unknown) {
    if (typeof source !== "string") throw new ClientError("badRequest", { detail: "pattern: want a text" });
    this.#search = searchOf(source);
  }

  /** Whether it matches somewhere in `text`. */
  matches(text: string, budget: Budget): boolean {
    budget.spend(1 + (text.length * this.#search.size) / WORK_PER_STEP);
    return this.#search.isIn(text);
  }
}

function searchOf(source: string): LinearSearch {
  try {
    return linearSearch(source);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const detail = `schema: ${cause.message}; look-around and back references are not known`;
    throw new ClientError("badRequest", { cause, detail });
  }
}
