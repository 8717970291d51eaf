import { ClientError } from "../../core/errors.ts";

/** Users of all workspaces together; past this, revoking one more fails with 111. */
const MAX_REVOKED = 1_000_000;

/** Who is not wanted, and until when. Whoever's time is over is forgotten at the next write. */
export class RevocationTable {
  readonly #untilMs = new Map<string, Map<string, number>>();
  readonly #now: () => number;
  readonly #maxRevoked: number;

  /** `now` tells milliseconds on a clock that never steps back. */
  constructor(now: () => number, maxRevoked = MAX_REVOKED) {
    this.#now = now;
    this.#maxRevoked = maxRevoked;
  }

  /** Throws {@linkcode ClientError} 111 when the table is full. */
  revoke(workspace: string, user: string, forMs: number): void {
    this.#sweep();
    const users = this.#untilMs.get(workspace) ?? new Map<string, number>();
    if (!users.has(user) && this.#count() >= this.#maxRevoked) {
      throw new ClientError("tooManyRequests", { detail: `${this.#maxRevoked} users are revoked already` });
    }
    users.set(user, this.#now() + forMs);
    this.#untilMs.set(workspace, users);
  }

  restore(workspace: string, user: string): void {
    this.#untilMs.get(workspace)?.delete(user);
  }

  /** Those of `users` who are revoked. */
  among(workspace: string, users: readonly string[]): readonly string[] {
    const revoked = this.#untilMs.get(workspace);
    if (revoked === undefined) return [];
    const nowMs = this.#now();
    return users.filter((user) => (revoked.get(user) ?? 0) > nowMs);
  }

  #count(): number {
    let count = 0;
    for (const users of this.#untilMs.values()) count += users.size;
    return count;
  }

  #sweep(): void {
    const nowMs = this.#now();
    for (const [workspace, users] of this.#untilMs) {
      for (const [user, untilMs] of users) if (untilMs <= nowMs) users.delete(user);
      if (users.size === 0) this.#untilMs.delete(workspace);
    }
  }
}
