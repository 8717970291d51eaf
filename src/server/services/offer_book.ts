/**
 * The offers that this node vouches for. The book is the authority: the backend gets what it lost back from here, and
 * what could not be taken out of it is taken out later.
 */
import type { ServiceOffer, Services } from "../../backend/backend.ts";
import { ClientError } from "../../core/errors.ts";
import type { Logger } from "../../core/log.ts";

/** Changes that are written side by side. */
const BATCH = 200;
/** Removals that wait for the backend; past it the oldest is forgotten, and its record stays until the node ends. */
const MAX_DEBTS = 100_000;

/** An offer and its workspace. */
export interface BookedOffer extends ServiceOffer {
  readonly workspace: string;
}

/** What the book needs of its node. */
export interface OfferBookParts {
  readonly services: Pick<Services, "put" | "remove">;
  /** False while this generation may have been declared dead: then it writes nothing. */
  readonly mayWrite: () => boolean;
  readonly log: Logger;
}

/** The offers of one node generation. Safe to call concurrently. */
export class OfferBook {
  readonly #parts: OfferBookParts;
  readonly #offers = new Map<string, BookedOffer>();
  readonly #debts = new Map<string, Omit<BookedOffer, "descriptor">>();
  /** The last write of each offer, so that two never cross. */
  readonly #writes = new Map<string, Promise<void>>();
  #isPaying = false;

  constructor(parts: OfferBookParts) {
    this.#parts = parts;
  }

  /** Offers that this node vouches for. */
  get size(): number {
    return this.#offers.size;
  }

  /** Offers it to the cluster. Rejects with 106 when the workspace is full, with 100 when the backend does not take it;
   * then it is not offered. */
  async put(offer: BookedOffer): Promise<void> {
    const name = nameOf(offer);
    this.#offers.set(name, offer);
    this.#debts.delete(name);
    try {
      await this.#after(name, () => this.#write(offer));
    } catch (error) {
      // It may have been written all the same.
      if (this.#offers.get(name) === offer) this.remove(offer);
      throw error;
    }
  }

  /** Takes an offer back, now or when the backend can be reached. */
  remove(offer: Omit<BookedOffer, "descriptor">): void {
    const name = nameOf(offer);
    if (this.#offers.delete(name)) void this.#after(name, () => this.#take(offer));
  }

  /** Takes back what could not be taken back before. Call it now and then. */
  async payDebts(): Promise<void> {
    if (this.#isPaying || this.#debts.size === 0 || !this.#parts.mayWrite()) return;
    this.#isPaying = true;
    try {
      const batch = [...this.#debts].slice(0, BATCH);
      await Promise.all(batch.map(([name, debt]) => this.#after(name, () => this.#take(debt))));
    } finally {
      this.#isPaying = false;
    }
  }

  /** Writes every offer again: the backend lost its records. Rejects with 100. */
  async rewrite(): Promise<void> {
    const names = [...this.#offers.keys()];
    for (let start = 0; start < names.length; start += BATCH) {
      await Promise.all(
        names.slice(start, start + BATCH).map((name) => this.#after(name, () => this.#again(name))),
      );
    }
  }

  async #again(name: string): Promise<void> {
    const offer = this.#offers.get(name);
    if (offer !== undefined) await this.#write(offer);
  }

  async #write(offer: BookedOffer): Promise<void> {
    const { services, mayWrite } = this.#parts;
    if (!mayWrite()) throw new ClientError("internal", { detail: "no beat was acknowledged: try again" });
    const outcome = await services.put(offer.workspace, offer);
    if (outcome === "full") {
      throw new ClientError("limitExceeded", { detail: "the workspace is full of services" });
    }
    if (outcome === "buried") throw new ClientError("internal", { detail: "this node was declared dead" });
  }

  async #take(debt: Omit<BookedOffer, "descriptor">): Promise<void> {
    const name = nameOf(debt);
    if (this.#offers.has(name)) return;
    const { services, mayWrite, log } = this.#parts;
    try {
      if (!mayWrite()) throw new ClientError("internal", { detail: "no beat was acknowledged" });
      await services.remove(debt.workspace, debt.service, debt.client);
      this.#debts.delete(name);
    } catch (error) {
      log.debug("An offer waits to be taken out", {
        workspace: debt.workspace,
        service: debt.service,
        error,
      });
      if (!this.#offers.has(name)) this.#owe(name, debt);
    }
  }

  #owe(name: string, debt: Omit<BookedOffer, "descriptor">): void {
    const [oldest] = this.#debts.keys();
    if (this.#debts.size >= MAX_DEBTS && oldest !== undefined) this.#debts.delete(oldest);
    this.#debts.set(name, debt);
  }

  #after(name: string, write: () => Promise<void>): Promise<void> {
    const before = this.#writes.get(name);
    const writing = before === undefined ? write() : before.then(write, write);
    this.#writes.set(name, writing);
    const settled = () => {
      if (this.#writes.get(name) === writing) this.#writes.delete(name);
    };
    writing.then(settled, settled);
    return writing;
  }
}

function nameOf({ workspace, service, client }: Omit<BookedOffer, "descriptor">): string {
  return `${workspace} ${service}/${client}`;
}
