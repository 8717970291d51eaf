/** All nodes of a cluster together: started, shown, changed, and ended as one. */
import type { StopCause } from "./lifecycle.ts";
import { ManagedNode, type ManagedNodeOptions } from "./node.ts";
import type { Screen } from "./screen.ts";
import type { NodeView } from "./table.ts";
import { seconds, tableTitle } from "./words.ts";

/** What a cluster is made of. */
export interface ClusterParts {
  readonly nodes: readonly ManagedNodeOptions[];
  readonly screen: Screen;
  /** Printed once, when all nodes are ready for the first time. */
  readonly banner: string;
  /** Told who the members are whenever that changes: those who leave are none any more. */
  readonly onMembers?: (ports: readonly number[]) => void;
  /** Told how many nodes are left each time one has ended while the cluster ends. */
  readonly onLeft: (left: number) => void;
}

const SHOW_EVERY_MS = 1_000;

/**
 * Runs nodes until it is told to end, or one of them cannot be kept running. A node is a member, on trial (it becomes a
 * member when it is ready), or leaving.
 */
export class Cluster {
  readonly #parts: ClusterParts;
  readonly #ended = Promise.withResolvers<number>();
  readonly #ending = new AbortController();
  readonly #trials = new Set<ManagedNode>();
  readonly #leaving = new Set<ManagedNode>();
  #members: readonly ManagedNode[] = [];
  #showTimer: ReturnType<typeof setInterval> | undefined;
  #isUp = false;
  #code = 0;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#members = parts.nodes.map((options) => this.#make(options));
  }

  /** Starts all nodes. Resolves with the exit code when all have ended: 0 in good order, 1 otherwise. */
  run(): Promise<number> {
    // A signal may have come before there was anything to end.
    if (this.isEnding) return Promise.resolve(this.#code);
    this.#showTimer = setInterval(() => this.#show(), SHOW_EVERY_MS);
    for (const node of this.#members) node.start();
    return this.#ended.promise;
  }

  /** Drains all nodes, whatever change is under way. Does nothing when that is under way. */
  end(why: string): void {
    if (this.isEnding) return;
    this.#ending.abort();
    this.#parts.screen.say(`${why}: ending all nodes`);
    for (const node of this.#all) node.drain("end");
  }

  /** Ends all nodes at once. */
  kill(why: string): void {
    this.#ending.abort();
    this.#code = 1;
    this.#parts.screen.say(`${why}: killing all nodes`);
    for (const node of this.#all) node.kill();
  }

  /** True from the first step towards the end on. */
  get isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  /** True when all members serve. */
  get isReady(): boolean {
    return this.#members.every((node) => node.state?.state === "ready");
  }

  /** True when the member on `port` serves. */
  serves(port: number): boolean {
    return this.#members.some((node) => node.port === port && node.state?.state === "ready");
  }

  /** Ports of the members in the order of their places: further nodes come last, whatever their port. */
  get ports(): readonly number[] {
    return this.#members.map(({ port }) => port);
  }

  /** What operators see, in the order of ports; the one that leaves before the one that takes its place. */
  views(): readonly NodeView[] {
    return this.#all.map((node) => node.view).sort((a, b) => a.port - b.port);
  }

  /**
   * Starts a node, beside the ready one on its port or on a port of its own. When it is ready it is a member, and the
   * answer undefined; otherwise it is ended again, and the answer says why. The members that there are keep running.
   */
  async take(options: ManagedNodeOptions): Promise<string | undefined> {
    if (this.isEnding) return ENDING;
    const node = this.#make(options);
    node.isOnTrial = true;
    this.#trials.add(node);
    node.start();
    const why = await this.#whyNotReady(node, options);
    if (why === undefined) return this.#admit(node);
    node.drain("end");
    await node.reached(({ state }) => state === "stopped");
    this.#trials.delete(node);
    this.#finishWhenEmpty();
    return why;
  }

  /**
   * Ends the member on a port that does not serve anyway, and starts one of `options` in its place, which is a member at
   * once: it is started again as often as it takes. The answer as with {@linkcode take}.
   */
  async renew(options: ManagedNodeOptions): Promise<string | undefined> {
    const node = this.#make(options);
    await this.#join(node);
    if (this.isEnding) return ENDING;
    node.start();
    return await this.#whyNotReady(node, options);
  }

  /** Drains the node on `port`, which is a member no longer. Resolves when its process has ended. */
  async dismiss(port: number): Promise<void> {
    const node = this.#members.find((member) => member.port === port);
    if (node === undefined) return;
    this.#setMembers(this.#members.filter((member) => member !== node));
    await this.#leave(node);
  }

  async #leave(node: ManagedNode): Promise<void> {
    this.#leaving.add(node);
    node.drain("end");
    await node.reached(({ state }) => state === "stopped");
    this.#leaving.delete(node);
    this.#finishWhenEmpty();
  }

  async #whyNotReady(node: ManagedNode, { policy }: ManagedNodeOptions): Promise<string | undefined> {
    const late = AbortSignal.timeout(policy.readyWithinMs);
    await node.reached(({ state }) => state !== "starting", AbortSignal.any([late, this.#ending.signal]));
    if (this.isEnding) return ENDING;
    if (node.state?.state === "ready") return undefined;
    if (node.state?.state !== "starting") return "it ended before it was ready, see its last lines above";
    return `it was not ready within ${seconds(policy.readyWithinMs)}: ${
      node.cause ?? "it does not answer HTTP"
    }`;
  }

  /** Makes a node that was on trial a member. */
  async #admit(node: ManagedNode): Promise<undefined> {
    this.#trials.delete(node);
    node.isOnTrial = false;
    await this.#join(node);
  }

  /** Makes `node` a member: in the place of the one on its port, which drains until this resolves, or the last. */
  async #join(node: ManagedNode): Promise<void> {
    const at = this.#members.findIndex((member) => member.port === node.port);
    const old = this.#members[at];
    this.#setMembers(at < 0 ? [...this.#members, node] : this.#members.with(at, node));
    if (old !== undefined) await this.#leave(old);
  }

  #setMembers(members: readonly ManagedNode[]): void {
    this.#members = members;
    this.#parts.onMembers?.(this.ports);
  }

  get #all(): readonly ManagedNode[] {
    return [...this.#leaving, ...this.#members, ...this.#trials];
  }

  #make(options: ManagedNodeOptions): ManagedNode {
    const { screen } = this.#parts;
    return new ManagedNode(options, {
      say: (text) => screen.say(text),
      log: (port, line) => screen.log(port, line),
      onChange: (node) => this.#onChange(node),
      onOverMemory: (node) => this.#replace(node),
      siblingOf: (node) =>
        this.#all.find((other) => other !== node && other.port === node.port && other.isAlive),
    });
  }

  #onChange(node: ManagedNode): void {
    if (node.state?.state === "ready") this.#tellUp();
    if (node.state?.state === "stopped") this.#onStopped(node, node.state.cause);
    this.#show();
  }

  #tellUp(): void {
    if (this.#isUp || !this.isReady) return;
    this.#isUp = true;
    this.#parts.screen.print(this.#parts.banner);
  }

  #onStopped(node: ManagedNode, cause: StopCause): void {
    if (cause !== "ended" && this.#members.includes(node)) {
      this.#code = 1;
      this.end(`node ${node.port} cannot be kept running`);
    }
    if (this.isEnding) this.#parts.onLeft(this.#leftCount);
    this.#finishWhenEmpty();
  }

  /** One that was never started, because the end came first, has nothing to end. */
  get #leftCount(): number {
    return this.#all.filter(({ state }) => state !== undefined && state.state !== "stopped").length;
  }

  #finishWhenEmpty(): void {
    if (!this.isEnding || this.#leftCount > 0) return;
    clearInterval(this.#showTimer);
    this.#ended.resolve(this.#code);
  }

  /** One at a time, and only while all others serve: the clients that leave need somewhere to go. */
  #replace(node: ManagedNode): void {
    if (!this.isReady || this.#trials.size + this.#leaving.size > 0) return;
    const { port, numbers } = node.view;
    const usedMb = Math.round((numbers.rssBytes ?? 0) / 1_048_576);
    this.#parts.screen.say(`node ${port} uses ${usedMb} MB, which is over --memory-limit`);
    node.drain("replace");
  }

  #show(): void {
    const views = this.views();
    const ready = this.#members.filter((node) => node.view.state === "ready").length;
    const connections = views.reduce((sum, view) => sum + (view.numbers.connections ?? 0), 0);
    this.#parts.screen.showTable(tableTitle(ready, this.#members.length, connections), views);
  }
}

const ENDING = "the cluster is ending";
