// re2js: patterns in linear time; a client's pattern in the engine of the language could run for hours.
import { RE2JS } from "re2js";
import { ClientError } from "../../../core/errors.ts";
import type { Budget } from "./budget.ts";

const MAX_CHARS = 512;
/** Instructions of a compiled pattern; `(a{100}){100}` has ten thousand. */
const MAX_SIZE = 1_000;
/** Instructions times characters that cost one step. */
const WORK_PER_STEP = 16;

/** A pattern of a schema. */
export class Pattern {
  readonly #compiled: RE2JS;
  readonly #size: number;

  /** Throws 107 for a pattern that is too large or that a linear-time engine cannot run (a look-around, a back
   * reference). */
  constructor(source: unknown) {
    if (typeof source !== "string" || source.length > MAX_CHARS) {
      throw new ClientError("badRequest", {
        detail: `pattern: want a text of at most ${MAX_CHARS} characters`,
      });
    }
    this.#compiled = compile(source);
    this.#size = this.#compiled.programSize();
    if (this.#size <= MAX_SIZE) return;
    throw new ClientError("badRequest", { detail: `pattern ${JSON.stringify(source)}: it repeats too much` });
  }

  /** Whether it matches somewhere in `text`. */
  matches(text: string, budget: Budget): boolean {
    budget.spend(1 + (text.length * this.#size) / WORK_PER_STEP);
    return this.#compiled.test(text);
  }
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError("badRequest", {
      cause,
      detail: `pattern ${
        JSON.stringify(source)
      }: want one without look-around and back references (${reason})`,
    });
  }
}
