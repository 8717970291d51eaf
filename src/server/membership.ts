/** One generation's place in the cluster: beats, judges the others, cleans up after the dead, keeps its records there. */
import type { BeatAnswer, NodeRecord, Registry } from "../backend/backend.ts";
import type { Clock } from "../core/clock.ts";
import type { NodeId } from "../core/ids.ts";
import type { Logger } from "../core/log.ts";
import {
  fenceAfterMs,
  initialMembership,
  judge,
  membershipOptions,
  type Verdict,
} from "../core/membership.ts";
import type { Traffic } from "./traffic.ts";

/** How long a cleaner may take for the records of one dead node before another takes over. */
const CLAIM_MS = 30_000;

/** What a membership needs of its node. */
export interface MembershipOwner {
  /** What the next beat says. */
  record(): NodeRecord;
  /** Client records the registry should hold, and how many changes are still on their way there. */
  expectedClients(): { readonly count: number; readonly pending: number };
  /** Writes all records of clients and presence again: the registry lost them. */
  rewriteRecords(): Promise<void>;
  /** This generation was declared dead. */
  onBuried(): void;
  /** This generation declared `node` dead and will clean up after it. */
  onDeath(node: NodeId): void;
}

/** Limits, in milliseconds. */
export interface MembershipLimits {
  readonly nodeSuspectMs: number;
  readonly nodeDeadMs: number;
}

/** Call {@linkcode beat} on a timer; a beat that is still under way makes the next call do nothing. */
export class Membership {
  readonly #registry: Registry;
  readonly #owner: MembershipOwner;
  readonly #limits: MembershipLimits;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #traffic: Traffic;
  #state = initialMembership;
  #isBeating = false;
  #isWorking = false;
  #hasBeaten = false;
  #acknowledgedMs = -Infinity;
  #mismatches = 0;
  #generation: string | undefined;
  #isRewriteDue = false;

  constructor(
    registry: Registry,
    owner: MembershipOwner,
    parts: { limits: MembershipLimits; clock: Clock; log: Logger; traffic: Traffic },
  ) {
    this.#registry = registry;
    this.#owner = owner;
    this.#limits = parts.limits;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#traffic = parts.traffic;
  }

  /** Without an acknowledged beat for this long, in milliseconds, it writes no state: it may have been declared dead. */
  get fenceMs(): number {
    return fenceAfterMs(this.#limits.nodeDeadMs);
  }

  /** True when this generation may write state: its last acknowledged beat is recent. */
  get mayWrite(): boolean {
    return this.#clock.monotonicMs() - this.#acknowledgedMs < this.fenceMs;
  }

  /** Renews this node in the registry and acts on what it learns. Never rejects. */
  async beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    try {
      const answer = await this.#beatOnce();
      if (answer !== undefined) this.#act(answer);
    } catch (error) {
      this.#log.debug("A beat failed", { error });
    } finally {
      this.#isBeating = false;
    }
  }

  async #beatOnce(): Promise<BeatAnswer | undefined> {
    const startedMs = this.#clock.monotonicMs();
    const answer = await this.#registry.beat(this.#owner.record(), this.#limits.nodeSuspectMs);
    this.#traffic.backendLatency.observe((this.#clock.monotonicMs() - startedMs) / 1000);
    if (answer.standing === "member") {
      this.#acknowledgedMs = startedMs;
      return answer;
    }
    this.#owner.onBuried();
  }

  /** Acts beside the beats, which must not wait for a long clean-up: this node would look dead itself. */
  #act(answer: BeatAnswer): void {
    const dead = [...this.#condemned(answer), ...answer.unfinished.map((node) => ({ node, beatMs: 0 }))];
    if (this.#haveRecordsGone(answer)) this.#isRewriteDue = true;
    if (this.#isWorking || (dead.length === 0 && !this.#isRewriteDue)) return;
    this.#isWorking = true;
    this.#work(dead)
      .catch((error) => this.#log.warn("Clean-up waits for the backend", { error }))
      .finally(() => this.#isWorking = false);
  }

  async #work(dead: readonly Verdict[]): Promise<void> {
    if (this.#isRewriteDue) await this.#rewrite();
    for (const verdict of dead) await this.#bury(verdict);
  }

  /** Stays due until it was done: the backend may be lost again meanwhile. */
  async #rewrite(): Promise<void> {
    await this.#owner.rewriteRecords();
    this.#isRewriteDue = false;
  }

  /** Two beats in a row with another count than ours: one may have crossed a change that was under way. */
  #haveRecordsGone(answer: BeatAnswer): boolean {
    const expected = this.#owner.expectedClients();
    // Another generation may have lost the last that was written, whatever the counts say.
    const isOther = answer.generation !== (this.#generation ??= answer.generation);
    this.#generation = answer.generation;
    const isForgotten = (answer.isNew && this.#hasBeaten) || isOther;
    this.#hasBeaten = true;
    const differs = expected.pending === 0 && answer.clientCount !== expected.count;
    this.#mismatches = differs ? this.#mismatches + 1 : 0;
    if (!isForgotten && this.#mismatches < 2) return false;
    this.#mismatches = 0;
    this.#log.info("The registry may have lost records: writing them again", { clients: expected.count });
    return true;
  }

  #condemned(answer: BeatAnswer): readonly Verdict[] {
    const { nodeSuspectMs, nodeDeadMs } = this.#limits;
    const { generation, nodeCount, suspects } = answer;
    const look = {
      monotonicMs: this.#acknowledgedMs,
      backendMs: answer.nowMs,
      generation,
      nodeCount,
      suspects,
    };
    const { state, dead } = judge(this.#state, look, membershipOptions(nodeSuspectMs, nodeDeadMs));
    this.#state = state;
    return dead;
  }

  async #bury(verdict: Verdict): Promise<void> {
    if (!await this.#registry.bury(verdict.node, verdict.beatMs, CLAIM_MS)) return;
    this.#log.warn("A node is dead: cleaning up after it", { dead: verdict.node });
    this.#owner.onDeath(verdict.node);
    await this.#clean(verdict.node);
    this.#traffic.reaps++;
  }

  async #clean(node: NodeId): Promise<void> {
    while (!await this.#registry.clean(node));
  }
}
