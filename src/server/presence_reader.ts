import type { Presence, PresenceMember } from "../backend/backend.ts";
import { SharedCalls } from "./shared_calls.ts";

/** How many are present. */
export interface PresenceStats {
  readonly clients: number;
  readonly users: number;
}

/** Reads presence for many: those who ask for one channel at the same time share one answer. */
export class PresenceReader {
  readonly #presence: Pick<Presence, "members" | "stats">;
  readonly #members = new SharedCalls<readonly PresenceMember[]>();
  readonly #stats = new SharedCalls<PresenceStats>();

  constructor(presence: Pick<Presence, "members" | "stats">) {
    this.#presence = presence;
  }

  members(key: string): Promise<readonly PresenceMember[]> {
    return this.#members.ask(key, () => this.#presence.members(key));
  }

  stats(key: string): Promise<PresenceStats> {
    return this.#stats.ask(key, () => this.#presence.stats(key));
  }
}
