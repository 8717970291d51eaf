/**
 * Users who are not wanted any more. The list lies with the backend, so that no lost word can let one in: it is read at
 * every connect and refresh, and again for everybody present once the backend was away. A word to all nodes ends what
 * is connected now.
 */
import type { Revocations } from "../../backend/backend.ts";
import type { Clock } from "../../core/clock.ts";
import { closeTable } from "../../core/errors.ts";
import type { NodeId } from "../../core/ids.ts";
import type { Logger } from "../../core/log.ts";
import type { RevokedUsers } from "../context.ts";
import type { NodeCalls } from "../node_calls/mod.ts";
import type { Users } from "../users.ts";
import { RevocationReader } from "./revocation_reader.ts";

const METHOD = "users.revoked";
/** Longer than any connect takes between reading the list and being open. */
const LATELY_MS = 60_000;
/** Words that are kept for so long; past it the oldest go. */
const MAX_LATELY = 100_000;

/** What it needs of its node. */
export interface RevokedUsersParts {
  readonly revocations: Revocations;
  readonly users: Users;
  readonly calls: NodeCalls;
  readonly liveNodes: () => Promise<readonly NodeId[]>;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Logger;
  /** How long another node may take to say that it acted, milliseconds. */
  readonly timeoutMs: number;
}

/** What nodes tell each other. */
interface Word {
  readonly workspace: string;
  readonly user: string;
  readonly isRestored?: boolean;
}

/** What came of a revocation. */
export interface RevokeResult {
  /** Connections that were closed. */
  readonly connections: number;
  /** Nodes that did not say so in time; they act when they hear of it, or when they are back. */
  readonly missing: number;
}

/** One generation's view of who is revoked. Safe to call concurrently. */
export class RevokedUsersBook implements RevokedUsers {
  readonly #parts: RevokedUsersParts;
  readonly #reader: RevocationReader;
  readonly #lately = new Map<string, number>();

  constructor(parts: RevokedUsersParts) {
    this.#parts = parts;
    this.#reader = new RevocationReader(parts.revocations);
    parts.calls.serve(METHOD, ({ payload }) => String(this.#hear(payload)));
  }

  /** Reads the list. Rejects with 100 when the backend cannot be asked. */
  isRevoked(workspace: string, user: string): Promise<boolean> {
    return this.#reader.isRevoked(workspace, user);
  }

  wasRevokedLately(workspace: string, user: string): boolean {
    const saidMs = this.#lately.get(keyOf(workspace, user));
    return saidMs !== undefined && this.#parts.clock.monotonicMs() - saidMs < LATELY_MS;
  }

  /** Refuses `user` for `forMs` and closes its connections everywhere. Rejects with 100 when the backend is away. */
  async revoke(workspace: string, user: string, forMs: number): Promise<RevokeResult> {
    const { revocations, calls, liveNodes, timeoutMs } = this.#parts;
    await revocations.revoke(workspace, user, forMs);
    const payload = JSON.stringify({ workspace, user });
    const { answers, missing } = await calls.survey(await liveNodes(), METHOD, payload, timeoutMs);
    const connections = answers.reduce((sum, answer) => sum + (Number(answer.payload) || 0), 0);
    return { connections, missing: missing.length };
  }

  /** Lets `user` come back. */
  async restore(workspace: string, user: string): Promise<void> {
    await this.#parts.revocations.restore(workspace, user);
    const payload = JSON.stringify({ workspace, user, isRestored: true });
    // Until they hear it, or for a minute, nodes that heard the revocation refuse the user.
    await this.#parts.calls.survey(await this.#parts.liveNodes(), METHOD, payload, this.#parts.timeoutMs);
  }

  /** Closes whoever was revoked while nobody could tell. */
  async checkAll(): Promise<void> {
    const { users, revocations, log } = this.#parts;
    try {
      for (const [workspace, present] of users.byWorkspace()) {
        for (const user of await revocations.among(workspace, present)) this.#close(workspace, user);
      }
    } catch (error) {
      // The backend went away again; the next time it is back this is done anew.
      log.warn("Could not read who was revoked", { error });
    }
  }

  #hear(payload: string): number {
    // The sender is a node of this cluster, and of this version or a later one.
    const { workspace, user, isRestored = false } = JSON.parse(payload) as Word;
    const key = keyOf(workspace, user);
    this.#lately.delete(key);
    if (isRestored) return 0;
    this.#remember(key);
    return this.#close(workspace, user);
  }

  #remember(key: string): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#lately.set(key, nowMs);
    for (const [oldest, saidMs] of this.#lately) {
      if (this.#lately.size <= MAX_LATELY && nowMs - saidMs < LATELY_MS) break;
      this.#lately.delete(oldest);
    }
  }

  #close(workspace: string, user: string): number {
    const clients = this.#parts.users.of(workspace, user);
    for (const client of clients) client.close(closeTable.forceDisconnect);
    return clients.length;
  }
}

/** A workspace has no slash. */
function keyOf(workspace: string, user: string): string {
  return `${workspace}/${user}`;
}
