import type {
  Backend,
  BackendListener,
  BackendState,
  BackendTraffic,
  Bus,
  Counters,
  History,
  Presence,
  Quotas,
  Registry,
  Revocations,
  Services,
} from "../backend.ts";
import { type BusWatcher, RedisBus, type RedisBusOptions } from "./bus.ts";
import { Controls } from "./controls.ts";
import { RedisCounters } from "./counters.ts";
import { sumOf } from "./link_traffic.ts";
import { RedisHistory } from "./history.ts";
import { RedisPresence } from "./presence.ts";
import { RedisQuotas } from "./quotas.ts";
import { RedisRegistry } from "./registry.ts";
import { RedisRevocations } from "./revocations.ts";
import type { OpenRoute } from "./route.ts";
import { RedisServices } from "./services.ts";
import type { ShardTraffic, ShardWatcher } from "./shard.ts";

/** What one node's backend is made of: {@linkcode RedisBackendOptions} of the door, parsed. */
export interface RedisBackendConfig extends RedisBusOptions {
  readonly commandTimeoutMs: number;
  readonly traffic: ShardTraffic;
  /** Opens the way to all shards, which tell `watcher` what happens to them. */
  openRoute(watcher: ShardWatcher): OpenRoute;
}

/** One node's way to the others through Redis: ready when each place has a shard, and each shard is ready. */
export class RedisBackend implements Backend, BusWatcher {
  readonly kind = "redis";
  readonly registry: Registry;
  readonly counters: Counters;
  readonly revocations: Revocations;
  readonly quotas: Quotas;
  readonly history: History;
  readonly presence: Presence;
  readonly services: Services;
  readonly #listener: BackendListener;
  readonly #traffic: ShardTraffic;
  readonly #controls: Controls;
  readonly #bus: RedisBus;
  #state: BackendState = "connecting";
  #closing: Promise<void> | undefined;

  constructor(config: RedisBackendConfig, listener: BackendListener) {
    const { keys, node } = config;
    this.#listener = listener;
    this.#traffic = config.traffic;
    this.#bus = new RedisBus(config, listener, this, (bus) => config.openRoute(this.#watcherFor(bus)));
    const controls = this.#controls = new Controls(this.#bus.route, config.commandTimeoutMs);
    this.registry = new RedisRegistry(controls, keys, node);
    this.counters = new RedisCounters(controls, keys);
    this.revocations = new RedisRevocations(controls, keys);
    this.quotas = new RedisQuotas(controls, keys, node);
    this.history = new RedisHistory(this.#bus, controls, keys);
    this.presence = new RedisPresence(controls, keys, node);
    this.services = new RedisServices(controls, keys, node);
  }

  get bus(): Bus {
    return this.#bus;
  }

  get state(): BackendState {
    return this.#state;
  }

  get trouble(): string | undefined {
    if (this.#state === "ready") return undefined;
    if (this.#state === "closed") return "Redis: the backend is closed";
    const { route } = this.#bus;
    for (const shard of route.shards) if (shard.trouble !== undefined) return shard.trouble;
    return route.trouble ?? "Redis: not ready";
  }

  get traffic(): BackendTraffic {
    return sumOf(this.#traffic.lines, this.#traffic.controls);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  onBusChange(): void {
    this.#update();
  }

  #watcherFor(bus: RedisBus): ShardWatcher {
    return {
      onMessage: (name, message) => bus.onMessage(name, message),
      onConfirm: (line, verb, name) => bus.onConfirm(line, verb, name),
      onLineChange: (line) => bus.onLineChange(line),
      onMoved: (line, refusal) => bus.onMoved(line, refusal),
      onRevoked: (line, name) => bus.onRevoked(line, name),
      onControlChange: () => this.#onControlChange(),
    };
  }

  #onControlChange(): void {
    const { route } = this.#bus;
    let mismatch: string | undefined;
    for (const { control } of route.shards) mismatch ??= control.mismatch;
    this.#bus.block(mismatch);
    this.#update();
  }

  async #close(): Promise<void> {
    this.#become("closed");
    this.#controls.close();
    await this.#bus.close();
  }

  #update(): void {
    if (this.#isReady()) this.#become("ready");
    else if (this.#state === "ready") this.#become("lost");
  }

  #isReady(): boolean {
    if (!this.#bus.isReady) return false;
    for (const shard of this.#bus.route.shards) if (!shard.isReady) return false;
    return true;
  }

  #become(state: BackendState): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#listener.onState(state);
  }
}
