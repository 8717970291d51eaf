import type {
  Backend,
  BackendListener,
  BackendState,
  BackendTraffic,
  Bus,
  Counters,
  History,
  Presence,
  Registry,
} from "../backend.ts";
import { type BusWatcher, RedisBus, type RedisBusOptions } from "./bus.ts";
import { Control, type ControlOptions, type ControlWatcher } from "./control.ts";
import { RedisCounters } from "./counters.ts";
import { sumOf } from "./link_traffic.ts";
import { RedisHistory } from "./history.ts";
import { RedisPresence } from "./presence.ts";
import { RedisRegistry } from "./registry.ts";

/** What one node's backend is made of: {@linkcode RedisBackendOptions} of the door, parsed. */
export interface RedisBackendConfig extends RedisBusOptions, ControlOptions {}

/** One node's way to the others through Redis: ready when both of its connections are. */
export class RedisBackend implements Backend, BusWatcher, ControlWatcher {
  readonly kind = "redis";
  readonly registry: Registry;
  readonly counters: Counters;
  readonly history: History;
  readonly presence: Presence;
  readonly #listener: BackendListener;
  readonly #control: Control;
  readonly #bus: RedisBus;
  readonly #where: string;
  #state: BackendState = "connecting";
  #closing: Promise<void> | undefined;

  constructor(config: RedisBackendConfig, listener: BackendListener) {
    this.#where = config.address.text;
    this.#listener = listener;
    this.#control = new Control(config, this);
    this.#bus = new RedisBus(config, listener, this);
    this.registry = new RedisRegistry(this.#control, config.keys, config.node, config.partitions);
    this.counters = new RedisCounters(this.#control, config.keys);
    this.history = new RedisHistory(this.#bus, this.#control, config.keys);
    this.presence = new RedisPresence(this.#control, config.keys, config.node);
  }

  get bus(): Bus {
    return this.#bus;
  }

  get state(): BackendState {
    return this.#state;
  }

  get trouble(): string | undefined {
    if (this.#state === "ready") return undefined;
    if (this.#state === "closed") return `Redis at ${this.#where}: the backend is closed`;
    const reason = this.#control.trouble ?? this.#bus.trouble ?? "not ready";
    return `Redis at ${this.#where}: ${oneLine(reason)}; trying again`;
  }

  get traffic(): BackendTraffic {
    return sumOf(this.#bus.traffic, this.#control.traffic);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  onBusChange(): void {
    this.#update();
  }

  onControlChange(): void {
    this.#bus.block(this.#control.mismatch);
    this.#update();
  }

  async #close(): Promise<void> {
    this.#become("closed");
    await Promise.all([this.#bus.close(), this.#control.close()]);
  }

  #update(): void {
    if (this.#bus.isReady && this.#control.isReady) this.#become("ready");
    else if (this.#state === "ready") this.#become("lost");
  }

  #become(state: BackendState): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#listener.onState(state);
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 300);
}
