import { ClientError } from "../../../core/errors.ts";

/** About 20 ms on a slow core: what one client wrote must not hold up the others of its node. */
const STEPS = 200_000;
/** Of values and of references that lead in a circle. */
const MAX_DEPTH = 128;

/** What one check may cost: a schema of a few lines can ask for more steps than there is time. */
export class Budget {
  #left = STEPS;
  #depth = 0;

  /** Takes `steps`. Throws 413 when there are none left. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw tooMuch("they take too many steps to check against the function's schema");
  }

  /** Runs `inner` one level deeper. Throws 413 past the deepest. */
  deeper<T>(inner: () => T): T {
    this.spend(1);
    if (this.#depth >= MAX_DEPTH) throw tooMuch("they, or the references of the schema, lead too deep");
    this.#depth++;
    try {
      return inner();
    } finally {
      this.#depth--;
    }
  }
}

function tooMuch(reason: string): ClientError {
  return new ClientError("tooLarge", { detail: `args: ${reason}` });
}
