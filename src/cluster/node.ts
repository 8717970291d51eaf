/** One supervised node: carries out what `lifecycle.ts` decides, and watches the process that it has now. */
import {
  begin,
  decide,
  type DecisionContext,
  type DrainPurpose,
  type LifecyclePolicy,
  type NodeDecision,
  type NodeEffect,
  type NodeEvent,
  type NodeState,
} from "./lifecycle.ts";
import { MISCONFIGURED_EXIT_CODE } from "../core/supervision.ts";
import { reasonOf } from "../core/reason.ts";
import { calmMemory, lookAtMemory, type MemoryWatch } from "./memory_guard.ts";
import type { NodeCommand } from "./node_command.ts";
import { type NodeExit, type NodeProcess, startProcess } from "./node_process.ts";
import { isPortFree } from "./ports.ts";
import { type NodeProbe, probeOwn } from "./probe.ts";
import type { NodeView } from "./table.ts";
import { changeLine } from "./words.ts";

/** What a node needs to know. */
export interface ManagedNodeOptions {
  readonly host: string;
  readonly port: number;
  /** URL under which the supervisor reaches it. */
  readonly base: string;
  readonly command: NodeCommand;
  readonly policy: LifecyclePolicy;
  /** 0 for none. */
  readonly memoryLimitMb: number;
}

/** Whom a node tells. */
export interface NodeOwner {
  say(text: string): void;
  log(port: number, line: string): void;
  /** Its state changed. */
  onChange(node: ManagedNode): void;
  /** It outgrew its memory; told again with every look. The owner says when it may be replaced. */
  onOverMemory(node: ManagedNode): void;
  /** The other node that has a process on the same port: while it is replaced, there are two. */
  siblingOf(node: ManagedNode): ManagedNode | undefined;
}

const STARTING_LOOK_EVERY_MS = 100;
const LOOK_EVERY_MS = 1_000;
/** Every node waits a moment for its backend; only a longer wait is news. */
const TELL_WAITING_AFTER_MS = 3_000;
const SILENT: NodeProbe = { isAnswering: false, isReady: false };

/** A node that is kept running until it is told to end. */
export class ManagedNode {
  readonly port: number;
  /** While true it is given up at its first crash. */
  isOnTrial = false;
  /** Told when the state has changed. */
  readonly #waiting = new Set<() => void>();
  readonly #options: ManagedNodeOptions;
  readonly #owner: NodeOwner;
  #state: NodeState | undefined;
  #process: NodeProcess | undefined;
  #probe = SILENT;
  #memory: MemoryWatch = calmMemory;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;
  #starts = 0;
  /** What its process calls itself, once it has answered. */
  #id: string | undefined;
  #toldCause: string | undefined;
  #toldStatsRefused = false;

  constructor(options: ManagedNodeOptions, owner: NodeOwner) {
    this.port = options.port;
    this.#options = options;
    this.#owner = owner;
  }

  /** Starts it for the first time. */
  start(): void {
    this.#carryOut(begin(this.#context()));
  }

  /** Ends it in order, or replaces its process by a new one. */
  drain(purpose: DrainPurpose): void {
    this.#dispatch({ event: "drain", purpose });
  }

  /** Ends it at once. */
  kill(): void {
    this.#dispatch({ event: "kill" });
  }

  /** Waits until its state is one that `isWanted`, or `signal`. */
  reached(isWanted: (state: NodeState) => boolean, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (signal?.aborted || (this.#state !== undefined && isWanted(this.#state))) resolve();
    };
    this.#waiting.add(look);
    signal?.addEventListener("abort", look);
    look();
    return promise.finally(() => {
      this.#waiting.delete(look);
      signal?.removeEventListener("abort", look);
    });
  }

  /** True while it has a process. */
  get isAlive(): boolean {
    return this.#process !== undefined;
  }

  /** Why it is not ready, in its own words; undefined when it has not said so. */
  get cause(): string | undefined {
    return this.#probe.cause;
  }

  /** What its process calls itself; undefined until it has answered. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Where it stands; undefined before the start. */
  get state(): NodeState | undefined {
    return this.#state;
  }

  /** What operators see. */
  get view(): NodeView {
    const state = this.#state?.state ?? "starting";
    return {
      port: this.port,
      ...(this.#process === undefined ? {} : { pid: this.#process.pid }),
      state: state === "ready" && !this.#probe.isReady ? "unready" : state,
      restarts: Math.max(0, this.#starts - 1),
      numbers: this.#probe.numbers ?? {},
    };
  }

  get #policy(): LifecyclePolicy {
    const { policy } = this.#options;
    return this.isOnTrial ? { ...policy, loopCrashes: 1 } : policy;
  }

  #context(): DecisionContext {
    return { nowMs: performance.now(), random: Math.random(), policy: this.#policy };
  }

  #dispatch(event: NodeEvent, exit?: NodeExit): void {
    if (this.#state === undefined) return;
    this.#carryOut(decide(this.#state, event, this.#context()), exit);
  }

  #carryOut({ state, effects }: NodeDecision, exit?: NodeExit): void {
    const before = this.#state;
    const pid = this.#process?.pid;
    const isStep = before?.state !== state.state;
    this.#state = state;
    if (exit !== undefined) this.#process = undefined;
    if (isStep) this.#clearWake();
    const failure = this.#run(effects);
    if (isStep) this.#tellStep(before, state, this.#process?.pid ?? pid, exit);
    if (failure !== undefined) this.#dispatch({ event: "exited", willNeverRun: false }, failure);
  }

  #tellStep(
    before: NodeState | undefined,
    after: NodeState,
    pid: number | undefined,
    exit: NodeExit | undefined,
  ): void {
    const facts = { port: this.port, pid, policy: this.#policy, ...(exit === undefined ? {} : { exit }) };
    this.#owner.say(changeLine(before, after, facts));
    this.#owner.onChange(this);
    for (const look of [...this.#waiting]) look();
  }

  /** Carries out effects; answers how the process failed when it could not even be started. */
  #run(effects: readonly NodeEffect[]): NodeExit | undefined {
    let failure: NodeExit | undefined;
    for (const effect of effects) {
      switch (effect.effect) {
        case "spawn":
          failure = this.#spawn();
          break;
        case "signal":
          this.#process?.signal(effect.signal);
          break;
        case "wake":
          this.#wakeAfter(effect.afterMs);
          break;
      }
    }
    return failure;
  }

  #wakeAfter(ms: number): void {
    this.#clearWake();
    this.#wakeTimer = setTimeout(() => {
      if (this.#state?.state === "starting" && this.#probe.isAnswering) {
        this.#owner.say(`node ${this.port} is still not ready: ${this.#probe.cause ?? "no cause given"}`);
      }
      this.#dispatch({ event: "woke", isAnswering: this.#probe.isAnswering });
    }, ms);
  }

  #clearWake(): void {
    clearTimeout(this.#wakeTimer);
    this.#wakeTimer = undefined;
  }

  #spawn(): NodeExit | undefined {
    this.#probe = SILENT;
    this.#memory = calmMemory;
    this.#toldCause = undefined;
    this.#starts++;
    this.#id = undefined;
    const { host, port } = this.#options;
    // Two nodes of ours may share the port; with a stranger there the kernel would give it a share of our clients.
    if (this.#owner.siblingOf(this) === undefined && !isPortFree(host, port)) {
      return {
        code: 1,
        signal: null,
        lastLines: [`Cannot listen on ${host} port ${port}: another program has it`],
      };
    }
    try {
      const process = startProcess(this.#options.command, (line) => this.#owner.log(this.port, line));
      this.#process = process;
      void this.#watch(process);
      return undefined;
    } catch (error) {
      const message = reasonOf(error);
      return { code: 127, signal: null, lastLines: [message] };
    }
  }

  /** Looks at `process` until it ends, and then tells its end. */
  async #watch(process: NodeProcess): Promise<void> {
    const ended = new AbortController();
    void this.#look(ended.signal);
    const exit = await process.exited;
    ended.abort();
    this.#probe = SILENT;
    const willNeverRun = exit.code === MISCONFIGURED_EXIT_CODE;
    this.#dispatch({ event: "exited", willNeverRun }, exit);
  }

  /** There is no event for "ready" and for numbers: it asks, often while the node starts, later once a second. */
  async #look(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      const isStarting = this.#state?.state === "starting";
      const probe = await probeOwn(this.#options.base, !isStarting, (node) => this.#isOwn(node));
      if (ended.aborted) return;
      if (probe !== undefined) this.#take(probe);
      await pause(isStarting ? STARTING_LOOK_EVERY_MS : LOOK_EVERY_MS, ended);
    }
  }

  #isOwn(node: string | undefined): boolean {
    const sibling = this.#owner.siblingOf(this);
    return sibling === undefined || (this.#id === undefined ? node !== sibling.id : node === this.#id);
  }

  #take(probe: NodeProbe): void {
    this.#id = probe.node ?? this.#id;
    const before = this.#probe;
    // A look that failed leaves the last numbers standing rather than a row that flickers.
    this.#probe = { ...(before.numbers === undefined ? {} : { numbers: before.numbers }), ...probe };
    if (this.#state?.state === "starting") return this.#takeWhileStarting(probe);
    if (this.#state?.state !== "ready") return;
    this.#tellReadiness(before, probe);
    this.#tellRefusedStats(probe);
    this.#memory = lookAtMemory(this.#memory, probe.numbers?.rssBytes, this.#options.memoryLimitMb);
    if (this.#memory.isOver) this.#owner.onOverMemory(this);
  }

  #takeWhileStarting(probe: NodeProbe): void {
    if (probe.isReady) return this.#dispatch({ event: "readied" });
    if (this.#state?.state !== "starting" || !probe.isAnswering || probe.cause === this.#toldCause) return;
    if (performance.now() - this.#state.sinceMs < TELL_WAITING_AFTER_MS) return;
    this.#toldCause = probe.cause;
    this.#owner.say(`node ${this.port} waits: ${probe.cause ?? "no cause given"}`);
  }

  #tellReadiness(before: NodeProbe, probe: NodeProbe): void {
    if (before.isReady === probe.isReady) return;
    const cause = probe.isAnswering ? probe.cause ?? "no cause given" : "no answer to HTTP within 3 s";
    this.#owner.say(
      probe.isReady ? `node ${this.port} ready again` : `node ${this.port} not ready: ${cause}`,
    );
    this.#owner.onChange(this);
  }

  #tellRefusedStats({ statsRefused }: NodeProbe): void {
    if (statsRefused === undefined || this.#toldStatsRefused) return;
    this.#toldStatsRefused = true;
    this.#owner.say(
      `node ${this.port} answers /stats with HTTP ${statsRefused}: no numbers for the table, ` +
        "and --memory-limit limits its heap only",
    );
  }
}

/** Waits `ms`, or until `ended`. */
function pause(ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      // A node may live for months: its signal must not collect a listener a second.
      ended.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    ended.addEventListener("abort", finish);
  });
}
