import type { NodeId } from "../../core/ids.ts";
import { Control, type ControlWatcher } from "./control.ts";
import type { ControlTraffic } from "./control_traffic.ts";
import type { LinkTraffic } from "./link_traffic.ts";
import { Line, type LineWatcher } from "./line.ts";
import type { Locator } from "./locator.ts";
import type { RedisKeys } from "./redis_keys.ts";

/** What every shard of a backend has to know. */
export interface ShardSettings {
  readonly keys: RedisKeys;
  readonly node: NodeId;
  /** Sharded pub/sub, as a Redis Cluster needs it. */
  readonly isSharded: boolean;
  readonly publishTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly traffic: ShardTraffic;
}

/** What all shards of a backend have carried, those that have gone included. */
export interface ShardTraffic {
  readonly lines: LinkTraffic;
  readonly controls: ControlTraffic;
}

/** Who hears of all shards. */
export interface ShardWatcher extends LineWatcher, Pick<ControlWatcher, "onControlChange"> {}

/** One Redis as a node uses it: a line for messages, and a control connection for all else. */
export class Shard {
  readonly line: Line;
  readonly control: Control;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void> | undefined;

  constructor(locator: Locator, layout: string, settings: ShardSettings, watcher: ShardWatcher) {
    this.line = new Line({ ...settings, locator }, watcher);
    this.control = new Control({ ...settings, locator, layout }, {
      onControlChange: (control) => watcher.onControlChange(control),
      onDemoted: (reason) => this.#renew(reason),
    });
    const onMove = (address: string) => this.#renew(new Error(`the master is at ${address} now`), address);
    this.#watching = locator.watch?.(onMove, this.#closing.signal);
  }

  get isReady(): boolean {
    return this.line.isReady && this.control.isReady;
  }

  /** What is wrong, with the place, in one line; undefined when nothing is. */
  get trouble(): string | undefined {
    if (this.isReady) return undefined;
    const reason = this.control.trouble ?? this.line.trouble ?? "not ready";
    return `Redis at ${this.line.where}: ${oneLine(reason)}; trying again`;
  }

  /** Ends all connections for good. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.line.close(), this.control.close(), this.#watching]);
  }

  #renew(reason: Error, address?: string): void {
    this.line.renew(reason, address);
    this.control.renew(reason, address);
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 300);
}
