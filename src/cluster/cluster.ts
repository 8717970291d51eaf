/** All nodes of a cluster together: started, shown, and ended as one. */
import type { StopCause } from "./lifecycle.ts";
import { ManagedNode, type ManagedNodeOptions } from "./node.ts";
import type { Screen } from "./screen.ts";
import type { NodeView } from "./table.ts";
import { tableTitle } from "./words.ts";

/** What a cluster is made of. */
export interface ClusterParts {
  readonly nodes: readonly ManagedNodeOptions[];
  readonly screen: Screen;
  /** Printed once, when all nodes are ready for the first time. */
  readonly banner: string;
  /** Told how many nodes are left each time one has ended for good. */
  readonly onLeft: (left: number) => void;
}

const SHOW_EVERY_MS = 1_000;

/** Runs nodes until it is told to end, or one of them cannot be kept running. */
export class Cluster {
  readonly #parts: ClusterParts;
  readonly #nodes: readonly ManagedNode[];
  readonly #ended = Promise.withResolvers<number>();
  #showTimer: ReturnType<typeof setInterval> | undefined;
  #isUp = false;
  #isEnding = false;
  #code = 0;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#nodes = parts.nodes.map((options) =>
      new ManagedNode(options, {
        say: (text) => parts.screen.say(text),
        log: (port, line) => parts.screen.log(port, line),
        onChange: (node) => this.#onChange(node),
        onOverMemory: (node) => this.#replace(node),
      })
    );
  }

  /** Starts all nodes. Resolves with the exit code when all have ended: 0 in good order, 1 otherwise. */
  run(): Promise<number> {
    // A signal may have come before there was anything to end.
    if (this.#isEnding) return Promise.resolve(this.#code);
    this.#showTimer = setInterval(() => this.#show(), SHOW_EVERY_MS);
    for (const node of this.#nodes) node.start();
    return this.#ended.promise;
  }

  /** Drains all nodes. Does nothing when that is under way. */
  end(why: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#parts.screen.say(`${why}: ending all nodes`);
    for (const node of this.#nodes) node.drain("end");
  }

  /** Ends all nodes at once. */
  kill(why: string): void {
    this.#isEnding = true;
    this.#code = 1;
    this.#parts.screen.say(`${why}: killing all nodes`);
    for (const node of this.#nodes) node.kill();
  }

  /** What operators see, in the order of ports. */
  views(): readonly NodeView[] {
    return this.#nodes.map((node) => node.view);
  }

  #onChange(node: ManagedNode): void {
    if (node.state?.state === "ready") this.#tellUp();
    if (node.state?.state === "stopped") this.#onStopped(node, node.state.cause);
    this.#show();
  }

  #tellUp(): void {
    if (this.#isUp || this.#nodes.some((node) => node.state?.state !== "ready")) return;
    this.#isUp = true;
    this.#parts.screen.print(this.#parts.banner);
  }

  #onStopped(node: ManagedNode, cause: StopCause): void {
    if (cause !== "ended") {
      this.#code = 1;
      this.end(`node ${node.port} cannot be kept running`);
    }
    const left = this.#nodes.filter((other) => other.state?.state !== "stopped").length;
    this.#parts.onLeft(left);
    if (left > 0) return;
    clearInterval(this.#showTimer);
    this.#ended.resolve(this.#code);
  }

  /** One at a time, and only while all others serve: the clients that leave need somewhere to go. */
  #replace(node: ManagedNode): void {
    if (this.#nodes.some((other) => other.state?.state !== "ready")) return;
    const { port, numbers } = node.view;
    const usedMb = Math.round((numbers.rssBytes ?? 0) / 1_048_576);
    this.#parts.screen.say(`node ${port} uses ${usedMb} MB, which is over --memory-limit`);
    node.drain("replace");
  }

  #show(): void {
    const views = this.views();
    const ready = views.filter((view) => view.state === "ready").length;
    const connections = views.reduce((sum, view) => sum + (view.numbers.connections ?? 0), 0);
    this.#parts.screen.showTable(tableTitle(ready, views.length, connections), views);
  }
}
