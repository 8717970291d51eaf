/** Asks the backend who is revoked, once for all who connect in one tick: a storm of connects is few questions. */
import type { Revocations } from "../../backend/backend.ts";

/** Users of one question. */
const MAX_BATCH = 500;

interface Batch {
  readonly users: Set<string>;
  readonly answer: Promise<ReadonlySet<string>>;
}

/** Shares questions. Safe to call concurrently. */
export class RevocationReader {
  readonly #revocations: Pick<Revocations, "among">;
  /** Questions that have not been sent, by workspace. */
  readonly #open = new Map<string, Batch>();

  constructor(revocations: Pick<Revocations, "among">) {
    this.#revocations = revocations;
  }

  /** Rejects with 100 when the backend cannot be asked. */
  async isRevoked(workspace: string, user: string): Promise<boolean> {
    const batch = this.#open.get(workspace) ?? this.#begin(workspace);
    batch.users.add(user);
    if (batch.users.size >= MAX_BATCH) this.#open.delete(workspace);
    return (await batch.answer).has(user);
  }

  #begin(workspace: string): Batch {
    const users = new Set<string>();
    const batch = { users, answer: this.#ask(workspace, users) };
    this.#open.set(workspace, batch);
    return batch;
  }

  async #ask(workspace: string, users: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    // What else arrived in this turn of the event loop comes along.
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    if (this.#open.get(workspace)?.users === users) this.#open.delete(workspace);
    return new Set(await this.#revocations.among(workspace, [...users]));
  }
}
