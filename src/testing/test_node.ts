/** A node in memory, for tests that need no network. */
import type { BackendFactory } from "../backend/backend.ts";
import { memoryBackend, MemoryHub } from "../backend/memory/mod.ts";
import { type Config, configOf, type ConfigOptions } from "../config/mod.ts";
import type { Clock } from "../core/clock.ts";
import { systemClock } from "../core/clock.ts";
import { createLogger } from "../core/log.ts";
import { counter, echo, Node, type NodeOptions, sha256 } from "../server/mod.ts";
import { FakeClient } from "./fake_socket.ts";

/** What a test may want otherwise. */
export interface TestNodeOptions
  extends Partial<Pick<NodeOptions, "rpc" | "onMessage" | "apps" | "hooks" | "nodeHandlers">> {
  readonly config?: ConfigOptions;
  readonly hub?: MemoryHub;
  readonly backend?: BackendFactory;
  readonly clock?: Clock;
}

/** A node, what it logged, and clients on demand. Dispose of it at the end. */
export class TestNode {
  readonly logs: string[] = [];
  readonly config: Config;
  readonly node: Node;

  constructor(options: TestNodeOptions = {}) {
    this.config = configOf(options.config ?? {});
    const clock = options.clock ?? systemClock;
    this.node = new Node({
      settings: this.config,
      backend: options.backend ?? memoryBackend(options.hub ?? new MemoryHub()),
      log: createLogger({ level: "warn", format: "json", clock, write: (line) => this.logs.push(line) }),
      clock,
      version: "0.0.0",
      pid: 1,
      apps: options.apps ?? { echo, sha256, counter },
      rpc: options.rpc,
      onMessage: options.onMessage,
      hooks: options.hooks,
      nodeHandlers: options.nodeHandlers,
    });
  }

  /** A client at `path`, which has not said anything yet. */
  client(path = "/connection/websocket", query = ""): FakeClient {
    const acceptor = this.node.acceptor(path);
    if (acceptor === undefined) throw new Error(`Nobody takes sockets at ${path}`);
    return new FakeClient(acceptor, query);
  }

  /** A client that has connected. */
  async connected(path?: string): Promise<FakeClient> {
    const client = this.client(path);
    await client.send({ id: 1, connect: {} });
    client.take();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.close();
  }
}
