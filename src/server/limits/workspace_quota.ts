import type { Quotas } from "../../backend/backend.ts";
import type { Clock } from "../../core/clock.ts";
import { CloseError } from "../../core/errors.ts";
import type { Logger } from "../../core/log.ts";

/** A share is told again after so long without a change, long before the backend forgets it. */
const RETELL_AFTER_MS = 600_000;
const RETRY_AFTER_MS = 1_000;
/** What was told is not known. */
const UNTOLD = -1;

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

interface Share {
  held: number;
  told: number;
  readonly waiting: Waiter[];
  isAsking: boolean;
  toldMs: number;
}

/** What a quota is made of. */
export interface WorkspaceQuotaOptions {
  readonly quotas: Quotas;
  /** Connections of one workspace on all nodes. */
  readonly limit: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * This node's share of the connections that each workspace may have in the cluster. One question a workspace is under
 * way at a time, and asks for all who came meanwhile: a storm of connects costs few round trips.
 */
export class WorkspaceQuota {
  readonly #options: WorkspaceQuotaOptions;
  readonly #shares = new Map<string, Share>();

  constructor(options: WorkspaceQuotaOptions) {
    this.#options = options;
  }

  /** Takes a place. Rejects with {@linkcode CloseError} 3504 when there is none, or as the backend does. */
  take(workspace: string): Promise<void> {
    const share = this.#shareOf(workspace);
    return new Promise((resolve, reject) => {
      share.waiting.push({ resolve, reject });
      void this.#ask(workspace, share);
    });
  }

  /** Gives a place back; the others are told with the next tick. */
  give(workspace: string): void {
    const share = this.#shares.get(workspace);
    if (share !== undefined) share.held--;
  }

  /** Tells what has changed, and now and then what has not. */
  tick(nowMs: number): void {
    for (const [workspace, share] of this.#shares) {
      const silentMs = nowMs - share.toldMs;
      const isDue = share.held === share.told ? silentMs > RETELL_AFTER_MS : isChangeDue(share, silentMs);
      if (isDue) void this.#ask(workspace, share);
    }
  }

  /** The backend may have lost what it was told: tells it again with the next tick. */
  tellAgain(): void {
    for (const share of this.#shares.values()) share.told = UNTOLD;
  }

  #shareOf(workspace: string): Share {
    const known = this.#shares.get(workspace);
    if (known !== undefined) return known;
    const toldMs = this.#options.clock.monotonicMs();
    const share: Share = { held: 0, told: UNTOLD, waiting: [], isAsking: false, toldMs };
    this.#shares.set(workspace, share);
    return share;
  }

  async #ask(workspace: string, share: Share): Promise<void> {
    if (share.isAsking) return;
    share.isAsking = true;
    const asking = share.waiting.splice(0);
    try {
      await this.#claim(workspace, share, asking);
    } catch (error) {
      share.told = UNTOLD;
      this.#options.log.debug("A share of a quota could not be told", { workspace, error });
      for (const waiter of asking) waiter.reject(error);
    }
    share.toldMs = this.#options.clock.monotonicMs();
    share.isAsking = false;
    if (share.waiting.length > 0) void this.#ask(workspace, share);
    else if (share.held === 0 && share.told === 0) this.#shares.delete(workspace);
  }

  async #claim(workspace: string, share: Share, asking: readonly Waiter[]): Promise<void> {
    const { quotas, limit } = this.#options;
    const { held } = share;
    const granted = await quotas.claim(workspace, { held, more: asking.length, limit });
    share.told = held + granted;
    share.held += granted;
    for (const [at, waiter] of asking.entries()) {
      if (at < granted) waiter.resolve();
      else waiter.reject(new CloseError("connectionLimit"));
    }
  }
}

/** What could not be told is told again, at a pace. */
function isChangeDue({ told }: Share, silentMs: number): boolean {
  return told !== UNTOLD || silentMs > RETRY_AFTER_MS;
}
